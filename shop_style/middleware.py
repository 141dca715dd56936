"""Hands the visitor back by cookie, and keeps pages that vary by visitor out of shared caches."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from shop_style.experiments.page import Page


class ShopStyleMiddleware:
    """Without it nobody is enrolled: each request would draw another arm."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; a page that no picture was placed on is left as it is."""
        page = Page.of(request)
        page.keeps_visitor = True
        response = self._get_response(request)
        page.finish(response)
        return response
