"""Shoppers with a planted launch effect, the shop they come to, and faults planted in it."""
