"""Variants counted by style and by how far they are: one grouped query over one index."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields
from typing import Self

from django.db.models import Case, Count, Q, Value, When

from shop_style.models import Status, StyleVariant
from shop_style.models.variant import Review


@dataclass
class VariantCounts:
    """How many variants there are. All but `retired` count live ones only.

    to_review: rendered and undecided, of which `to_review_passed` passed their gate.
    approved: approved and not shown; published: what shoppers may see.
    """

    waiting: int = 0
    running: int = 0
    failed: int = 0
    to_review: int = 0
    to_review_passed: int = 0
    to_review_failed: int = 0
    approved: int = 0
    rejected: int = 0
    published: int = 0
    retired: int = 0

    def __add__(self, other: Self) -> VariantCounts:
        return VariantCounts(
            **{
                item.name: getattr(self, item.name) + getattr(other, item.name)
                for item in fields(self)
            }
        )


def count_variants(using: str) -> dict[int, VariantCounts]:
    """Counts by the style's row number. One query, which reads one index."""
    rows = StyleVariant.objects.using(using).order_by()
    grouped = (
        rows.annotate(
            is_shown=Case(When(published_at__isnull=False, then=Value(1)), default=Value(0)),
            is_retired=Case(When(retired_at__isnull=False, then=Value(1)), default=Value(0)),
        )
        .values_list("style_id", "status", "review", "passed", "is_shown", "is_retired")
        .annotate(number=Count("pk"))
    )
    found: dict[int, VariantCounts] = defaultdict(VariantCounts)
    for style, status, review, passed, shown, retired, number in grouped:
        counts = found[style]
        if retired:
            counts.retired += number
        elif status == Status.READY:
            _count_ready(counts, review, passed, bool(shown), number)
        else:
            name = {Status.PENDING: "waiting", Status.RUNNING: "running"}.get(status, "failed")
            setattr(counts, name, getattr(counts, name) + number)
    return dict(found)


def _count_ready(
    counts: VariantCounts, review: str, passed: bool | None, shown: bool, number: int
) -> None:
    if review == Review.UNREVIEWED:
        counts.to_review += number
        counts.to_review_passed += number if passed else 0
        counts.to_review_failed += number if passed is False else 0
    elif review == Review.REJECTED:
        counts.rejected += number
    elif shown:
        counts.published += number
    else:
        counts.approved += number


def waiting_for_review() -> Q:
    """Rendered, live, and nobody has decided."""
    return Q(status=Status.READY, retired_at=None, review=Review.UNREVIEWED)
