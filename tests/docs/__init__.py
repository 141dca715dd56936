"""The docs' generated pages and figures, and what holds the rest of them to the code."""
