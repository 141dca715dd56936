"""An engine, a segmenter and a dispatcher for django-shop-style, as a third party writes them."""
