"""Variants counted by style and by how far they are: one grouped query over one index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields

from django.db.models import Count

from shop_style.models import Status, StyleVariant
from shop_style.models.variant import Review


@dataclass
class VariantCounts:
    """How many live variants there are.

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

    def __add__(self, other: VariantCounts) -> VariantCounts:
        return VariantCounts(
            **{
                item.name: getattr(self, item.name) + getattr(other, item.name)
                for item in fields(self)
            }
        )


def count_variants(using: str) -> dict[int, VariantCounts]:
    """Counts of live variants by the style's row number. One query, which reads one index."""
    # In the order of the index, which the rows then come in already grouped by.
    grouped = (
        StyleVariant.objects.using(using)
        .live()
        .order_by()
        .values_list("style_id", "status", "review", "passed")
        .annotate(number=Count("pk"), shown=Count("published_at"))
    )
    found: dict[int, VariantCounts] = defaultdict(VariantCounts)
    for style, status, review, passed, number, shown in grouped:
        counts = found[style]
        if status == Status.READY:
            _count_ready(counts, review, passed, number, shown)
        else:
            name = {Status.PENDING: "waiting", Status.RUNNING: "running"}.get(status, "failed")
            setattr(counts, name, getattr(counts, name) + number)
    return dict(found)


def summed(counts: Mapping[int, VariantCounts]) -> VariantCounts:
    """All styles together."""
    return sum(counts.values(), VariantCounts())


def _count_ready(
    counts: VariantCounts, review: str, passed: bool | None, number: int, shown: int
) -> None:
    if review == Review.UNREVIEWED:
        counts.to_review += number
        counts.to_review_passed += number if passed else 0
        counts.to_review_failed += number if passed is False else 0
    elif review == Review.REJECTED:
        counts.rejected += number
    else:
        counts.published += shown
        counts.approved += number - shown
