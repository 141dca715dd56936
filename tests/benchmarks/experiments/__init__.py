"""How fast experiments are assigned, placed, stored and reported, each beside its own limit."""
