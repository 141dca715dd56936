"""What an experiment found: read from rollups, judged, and put into words, pictures and tables."""
