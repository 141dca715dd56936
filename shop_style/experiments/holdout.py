"""Visitors whom no experiment takes, so that all of it together can be compared with nothing."""

from __future__ import annotations

from django.http import HttpRequest

from shop_style.conf import app_settings
from shop_style.experiments.snapshot import current_snapshot
from shop_style.experiments.visitor import Visitor, known_visitor


def is_held_out(visitor: HttpRequest | str) -> bool | None:
    """Is this visitor in the holdout, for the shop's own figures? None: a visitor we do not know.

    visitor: the request, or the signed visitor that a headless caller keeps.
    Raises DatabaseError where the database is away and nothing was ever read.
    """
    signed = (
        visitor if isinstance(visitor, str) else visitor.COOKIES.get(app_settings().COOKIE_NAME, "")
    )
    known: Visitor | None = known_visitor(signed)
    return None if known is None else current_snapshot().holdout.holds(known.id)
