"""Visitors whom no experiment takes, so that all of it together can be compared with nothing."""

from __future__ import annotations

from django.http import HttpRequest

from shop_style.experiments.edge import holds_bucket
from shop_style.experiments.snapshot import current_snapshot
from shop_style.experiments.visitor import identify, known_visitor


def is_held_out(visitor: HttpRequest | str) -> bool | None:
    """Is this visitor in the holdout, for the shop's own figures? None: one we do not know, or who
    takes no part.

    visitor: the request, or the signed visitor that a headless caller keeps.
    Raises DatabaseError where the database is away and nothing was ever read.
    """
    known = known_visitor(visitor) if isinstance(visitor, str) else identify(visitor)
    if known is None or known.is_new or known.excluded:
        return None
    if known.bucket is not None:
        return holds_bucket(current_snapshot().holdout, known.bucket)
    return current_snapshot().holdout.holds(known.id)
