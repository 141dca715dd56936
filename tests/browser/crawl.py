"""Every page that links lead to, once for each view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve

# A link of a drawing has no plain address.
_LINKS = """() => Array.from(document.querySelectorAll('a[href]'), (link) =>
  new URL(link.getAttribute('href'), document.baseURI).href)"""


def crawl(page: Any, server: str, starts: Sequence[str], *, inside: Sequence[str]) -> Iterator[str]:
    """Go to each page in turn; yields its path while it is open.

    starts: paths. inside: beginnings of the paths that are followed. A view is visited at one
    address, the first that is met; what is no HTML, and what asks to be posted to, is left out.
    """
    queue, seen = list(starts), set()
    while queue:
        path = queue.pop(0)
        view = _view(path)
        if view is None or view in seen:
            continue
        seen.add(view)
        if not _is_page(page.context.request.get(server + path).headers):
            continue
        page.goto(server + path)
        yield path
        for address in page.evaluate(_LINKS):
            parts = urlsplit(address)
            if address.startswith(server) and parts.path.startswith(tuple(inside)):
                queue.append(parts.path + (f"?{parts.query}" if parts.query else ""))


def _is_page(headers: Mapping[str, str]) -> bool:
    is_html = headers.get("content-type", "").startswith("text/html")
    return is_html and not headers.get("content-disposition", "").startswith("attachment")


def _view(path: str) -> tuple[str, str] | None:
    try:
        match = resolve(urlsplit(path).path)
    except Resolver404:
        return None
    name = match.view_name or getattr(match.func, "__name__", path)
    # The admin's own pages have one name for each model, ours one for each view.
    return (name, "popup" if "_popup" in path else "")
