"""Sufficient statistics of each arm: of all visitors, and by device, position and product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from django.db import connections, models
from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from shop_style.experiments.recount import COUNTS, IN_BANDS, kinds, worth
from shop_style.experiments.upsert import N, named, put
from shop_style.models import Event, Phase, SummaryTotals, VisitorTotals
from shop_style.models.totals import BANDS, Band

_KEYS: Final = ("phase", "arm", "slice", "day")
_SQUARES: Final = {
    "viewable_squared": ("viewable", "viewable"),
    "clicks_squared": ("clicks", "clicks"),
    "clicks_viewable": ("clicks", "viewable"),
    "conversions_squared": ("conversions", "conversions"),
    "clicks_conversions": ("clicks", "conversions"),
}
_VISITORS: Final = {
    "visitors": "rendered",
    "viewing_visitors": "viewable",
    "clicking_visitors": "clicks",
    "failing_visitors": "failed",
}
_WORTH: Final = ("value", "suspicious")


def summarise(alias: str, phases: Iterable[int]) -> None:
    """Each arm's sums over its visitors up to now: all, by device, and by band of positions.

    Not of purged experiments: their visitors are gone, and their sums are final.
    """
    for phase in open_phases(alias, phases):
        visitors = counted_visitors(alias, phase)
        found = [(SummaryTotals.ALL, item) for item in _summed(visitors, "arm_id")]
        by_device = _summed(visitors.exclude(device=""), "arm_id", "device")
        found += [(f"{SummaryTotals.DEVICE}{item.pop('device')}", item) for item in by_device]
        for band in BANDS:
            name = f"{SummaryTotals.POSITION}{band.name}"
            found += [(name, item) for item in _summed_in(band, visitors)]
        rows = [
            SummaryTotals(phase_id=phase, slice=name, day=_today(), **named(item))
            for name, item in found
        ]
        put(alias, rows, _KEYS)


def counted_visitors(alias: str, phase: int) -> models.QuerySet[VisitorTotals]:
    """Whose sums count for their arm."""
    return VisitorTotals.objects.using(alias).filter(phase=phase).order_by()


def summarise_products(alias: str, phases: Iterable[int]) -> None:
    """Each arm's sums over its visitors inside each product, for the newest day alone.

    From the events: a row for each visitor and product would be half as many as the events.
    """
    for phase in open_phases(alias, phases):
        rows = [
            SummaryTotals(
                phase_id=phase,
                slice=f"{SummaryTotals.PRODUCT}{item.pop('product')}",
                day=_today(),
                **item,
            )
            for item in _by_product(alias, phase)
        ]
        put(alias, rows, _KEYS)
        before = SummaryTotals.objects.using(alias).filter(phase=phase, day__lt=_today())
        before.filter(slice__startswith=SummaryTotals.PRODUCT).delete()


def open_phases(alias: str, phases: Iterable[int]) -> list[int]:
    """Those whose sums may change."""
    rows = Phase.objects.using(alias).filter(pk__in=list(phases), experiment__purged_at=None)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _today() -> date:
    # By the clock, not by the time zone that a member of staff looks with.
    return timezone.now().date()


_Found = list[dict[str, Any]]


def _summed(visitors: models.QuerySet[VisitorTotals], *keys: str) -> _Found:
    columns = {name: name for name in COUNTS}
    totals = {f"{N}{name}": Sum(name) for name in _WORTH}
    found = visitors.values(*keys).annotate(**_statistics(columns), **totals)
    return [dict(item) for item in found]


def _summed_in(band: Band, visitors: models.QuerySet[VisitorTotals]) -> _Found:
    columns = {name: band.column(name) for name in IN_BANDS}
    seen = Q(*((f"{column}__gt", 0) for column in columns.values()), _connector=Q.OR)
    found = visitors.filter(seen).values("arm_id").annotate(**_statistics(columns))
    return [dict(item) for item in found]


def _statistics(columns: Mapping[str, str]) -> dict[str, Any]:
    """Sums, squares and visitors of these columns, named as SummaryTotals is."""
    found: dict[str, Any] = {f"{N}{name}": Sum(column) for name, column in columns.items()}
    for name, (one, other) in _SQUARES.items():
        if {one, other} <= columns.keys():
            found[f"{N}{name}"] = Sum(F(columns[one]) * F(columns[other]))
    for name, seen in _VISITORS.items():
        if seen in columns:
            found[f"{N}{name}"] = Count("pk", filter=Q(**{f"{columns[seen]}__gt": 0}))
    return found


def _by_product(alias: str, phase: int) -> _Found:
    """A visitor's events inside a product, then the sums over visitors. One query."""
    connection = connections[alias]
    inner = (
        Event.objects.using(alias)
        .filter(phase=phase)
        .order_by()
        .values("arm_id", "product_id", "visitor")
        .annotate(**kinds(), **worth())
    )
    select, values = inner.query.get_compiler(using=alias).as_sql()
    sums = {name: f"SUM({N}{name})" for name in (*COUNTS, *_WORTH)}
    for name, (one, other) in _SQUARES.items():
        sums[name] = f"SUM({N}{one} * {N}{other})"
    for name, seen in _VISITORS.items():
        sums[name] = f"SUM(CASE WHEN {N}{seen} > 0 THEN 1 ELSE 0 END)"
    # The ORM groups once; this groups what it grouped.
    statement = (
        f"SELECT arm_id, product_id, {', '.join(sums.values())} "
        f"FROM ({select}) by_visitor GROUP BY arm_id, product_id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [
            dict(zip(("arm_id", "product", *sums), row, strict=True)) for row in cursor.fetchall()
        ]
