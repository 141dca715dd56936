"""Measures for styled product pictures; usable without Django."""
