"""Style variants for a shop's product pictures: rendered, scored, approved and served."""

__version__ = "0.1.0"
