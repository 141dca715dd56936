"""Pages of lists."""

from __future__ import annotations

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """Fifty a page, up to a hundred at the caller's wish."""

    page_size = 50
    max_page_size = 100
    page_size_query_param = "page_size"
