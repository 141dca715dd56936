"""A tiny shop with its own product model, to see the plugin at work."""
