"""The way through a board's page: where it is, what comes before, after and next to be decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page
from django.http import HttpRequest

from shop_style.admin.studio_links import AT, with_query
from shop_style.models import StyleVariant
from shop_style.models.variant import Review

VIEWER = "#ss-viewer"


def kept_query(request: HttpRequest, *, without: Sequence[str]) -> dict[str, str]:
    """The address's query without what would not hold on another page of it."""
    return {name: str(value) for name, value in request.GET.items() if name not in without}


def current_of(request: HttpRequest, rows: Sequence[StyleVariant]) -> StyleVariant | None:
    """The variant that the address names, else the first that nobody decided, else the first."""
    named = next((row for row in rows if str(row.pk) == request.GET.get(AT)), None)
    undecided = (row for row in rows if row.review == Review.UNREVIEWED)
    return named or next(undecided, None) or next(iter(rows), None)


def following(rows: Sequence[StyleVariant], current: StyleVariant | None) -> StyleVariant | None:
    """Where to go on to after a decision: the next that nobody decided, round the end."""
    at = rows.index(current) if current else 0
    others = [*rows[at + 1 :], *rows[:at]]
    return next((row for row in others if row.review == Review.UNREVIEWED), None)


def page_links(page: Page[Any], base: str) -> dict[str, str]:
    """Addresses of the pages before and after; empty where there is none."""
    links = {"previous_page": "", "next_page": ""}
    if page.has_previous():
        links["previous_page"] = with_query(base, {"page": page.previous_page_number()})
    if page.has_next():
        links["next_page"] = with_query(base, {"page": page.next_page_number()})
    return links


def neighbours(
    rows: Sequence[StyleVariant], current: StyleVariant | None, here: str
) -> dict[str, str]:
    """Addresses of the page with the one before and the one after; at an end, of itself."""
    at = rows.index(current) if current else 0
    ends = {"before_link": rows[max(at - 1, 0) :], "after_link": rows[at + 1 :] or rows[at:]}
    return {
        name: with_query(here, {AT: found[0].pk}) + VIEWER for name, found in ends.items() if found
    }
