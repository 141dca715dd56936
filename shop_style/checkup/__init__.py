"""Is the plugin rightly plugged in? A walk through a host, with the next step for each fault."""
