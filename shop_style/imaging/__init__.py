"""Pixels in and out: safe decode, product mask, compositing, renditions, provenance marks."""
