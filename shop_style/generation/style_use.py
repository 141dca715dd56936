"""Who uses a style: the products, variants and experiments that have it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from shop_style.generation.retirement import experiments_with
from shop_style.models import Experiment, Status, Style, StyleVariant
from shop_style.models.variant import Review


@dataclass(frozen=True, kw_only=True)
class StyleUse:
    """Counts of the variants that are not retired, and the experiments of every state.

    products: host rows with such a variant. waiting: in the queue or with a worker.
    unreviewed: ready, and nobody has decided.
    """

    products: int
    variants: int
    published: int
    unreviewed: int
    waiting: int
    failed: int
    experiments: tuple[Experiment, ...]


def use_of(style: Style) -> StyleUse:
    """What uses it, in three queries."""
    rows = StyleVariant.objects.using(style._state.db).filter(style=style).live().order_by()
    ready = Q(status=Status.READY)
    counts = rows.aggregate(
        variants=Count("pk"),
        published=Count("pk", filter=ready & Q(review=Review.APPROVED, published_at__isnull=False)),
        unreviewed=Count("pk", filter=ready & Q(review=Review.UNREVIEWED)),
        waiting=Count("pk", filter=Q(status__in=(Status.PENDING, Status.RUNNING))),
        failed=Count("pk", filter=Q(status=Status.FAILED)),
    )
    return StyleUse(
        products=rows.values("content_type", "object_id").distinct().count(),
        experiments=tuple(experiments_with(style)),
        **counts,
    )
