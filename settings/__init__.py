"""Settings of the demo project."""
