"""What `make bench` measures; docs/benchmarks.md holds the figures. Nothing here is a test."""
