"""What `make bench` measures; docs/benchmarks.md holds the figures. Its arithmetic is tested."""
