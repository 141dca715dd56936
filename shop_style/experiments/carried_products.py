"""Counts of purged page events by visitor and product, from which sums by product are made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import models
from django.db.models import F, Value

from shop_style.experiments.upsert import N
from shop_style.models import CarriedProduct, Kind

PAGE_COUNTS: Final = {
    Kind.RENDERED.value: "rendered",
    Kind.VIEWABLE.value: "viewable",
    Kind.CLICK.value: "clicks",
    Kind.FAILED.value: "failed",
}
"""Columns that count what a page reports, by kind."""

_SUMS: Final = (*PAGE_COUNTS.values(), "suspicious")
_KEYS: Final = 400


def carry_products(
    alias: str, phase: int, events: Sequence[tuple[int, int, str, str, int]]
) -> None:
    """Add events that are about to go, each of arm, product, visitor, kind and suspicion."""
    rows = _carried(alias, phase, sorted({event[2] for event in events}))
    for arm, product, visitor, kind, suspicion in events:
        row = rows.setdefault(
            (arm, product, visitor),
            CarriedProduct(phase_id=phase, arm_id=arm, product_id=product, visitor=visitor),
        )
        name = PAGE_COUNTS[kind]
        setattr(row, name, getattr(row, name) + 1)
        row.suspicious += bool(suspicion)
    written = CarriedProduct.objects.using(alias)
    written.bulk_update([row for row in rows.values() if row.pk], _SUMS, batch_size=_KEYS // 4)
    written.bulk_create([row for row in rows.values() if not row.pk], batch_size=_KEYS)


def carried_by_product(alias: str, phase: int) -> models.QuerySet[CarriedProduct, Any]:
    """A phase's counts by arm, product and visitor, named as a rollup's counts are."""
    zero = {f"{N}conversions": Value(0, output_field=models.IntegerField())}
    nothing = {f"{N}value": Value(0, output_field=models.DecimalField(max_digits=14))}
    found = CarriedProduct.objects.using(alias).filter(phase=phase).order_by()
    return found.values("arm_id", "product_id", "visitor").annotate(
        **{f"{N}{name}": F(name) for name in PAGE_COUNTS.values()},
        **zero,
        **nothing,
        **{f"{N}suspicious": F("suspicious")},
    )


def _carried(
    alias: str, phase: int, visitors: Sequence[str]
) -> dict[tuple[int, int, str], CarriedProduct]:
    found: dict[tuple[int, int, str], CarriedProduct] = {}
    for start in range(0, len(visitors), _KEYS):
        rows = CarriedProduct.objects.using(alias).filter(
            phase=phase, visitor__in=visitors[start : start + _KEYS]
        )
        found |= {(item.arm_id, item.product_id, item.visitor): item for item in rows}
    return found
