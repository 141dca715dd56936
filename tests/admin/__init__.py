"""The admin pages, through a client that posts what a browser posts."""
