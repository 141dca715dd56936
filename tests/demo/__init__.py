"""The demo shop: its storefront, its catalogue and its contact sheet."""
