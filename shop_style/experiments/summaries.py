"""Sufficient statistics of each arm: of all visitors, and by device, position and product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.db import connections, models
from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from shop_style.experiments.before import baseline_totals, with_tests
from shop_style.experiments.carried_products import carried_by_product
from shop_style.experiments.mixed import mixed_in
from shop_style.experiments.pairs import pair_totals
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
    """Each arm's sums over its visitors up to now: all, those above suspicion, by device, and by
    band of positions; and where tiles are drawn one by one, with the control's.

    Not of purged experiments: their visitors are gone, and their sums are final.
    """
    for phase in open_phases(alias, with_tests(alias, phases)):
        visitors = counted_visitors(alias, phase)
        found = [(SummaryTotals.ALL, item) for item in _summed(visitors, "arm_id")]
        unflagged = _summed(visitors.filter(suspicion=0), "arm_id")
        found += [(SummaryTotals.UNSUSPICIOUS, item) for item in unflagged]
        by_device = _summed(visitors.exclude(device=""), "arm_id", "device")
        found += [(f"{SummaryTotals.DEVICE}{item.pop('device')}", item) for item in by_device]
        for band in BANDS:
            name = f"{SummaryTotals.POSITION}{band.name}"
            found += [(name, item) for item in _summed_in(band, visitors)]
        rows = [
            SummaryTotals(phase=phase, slice=name, day=_today(), **named(item))
            for name, item in found
        ]
        rows += _emptied(alias, phase, rows)
        _count_mixed(alias, phase, rows)
        put(alias, rows, _KEYS)
        put(alias, pair_totals(alias, phase, visitors, _today()), _KEYS)
        put(alias, baseline_totals(alias, phase, visitors, _today()), _KEYS)


def counted_visitors(alias: str, phase: Phase) -> models.QuerySet[VisitorTotals]:
    """Whose sums count for their arm: not theirs who saw two."""
    rows = VisitorTotals.objects.using(alias).filter(phase=phase).order_by()
    return rows.exclude(visitor__in=mixed_in(alias, phase).values("visitor"))


def _emptied(alias: str, phase: Phase, rows: Iterable[SummaryTotals]) -> list[SummaryTotals]:
    """Zeros for an arm and slice that nobody is left in: the last sums must not stay the newest."""
    there = {(item.arm_id, item.slice) for item in rows}
    kept = SummaryTotals.objects.using(alias).filter(phase=phase).order_by()
    kept = kept.exclude(slice__startswith=SummaryTotals.PRODUCT)
    before = {*kept.values_list("arm", "slice").distinct()}
    before |= {(arm, SummaryTotals.ALL) for arm in _mixed_by_arm(alias, phase)}
    return [
        SummaryTotals(phase=phase, arm_id=arm, slice=name, day=_today())
        for arm, name in sorted(before - there)
    ]


def _count_mixed(alias: str, phase: Phase, rows: Iterable[SummaryTotals]) -> None:
    mixed = _mixed_by_arm(alias, phase)
    for row in rows:
        if row.slice == SummaryTotals.ALL:
            row.mixed = mixed.get(row.arm_id, 0)


def _mixed_by_arm(alias: str, phase: Phase) -> dict[int, int]:
    rows = VisitorTotals.objects.using(alias).filter(phase=phase, rendered__gt=0).order_by()
    mixed = rows.filter(visitor__in=mixed_in(alias, phase).values("visitor"))
    return dict(mixed.values_list("arm").annotate(Count("pk")))


def summarise_products(alias: str, phases: Iterable[int]) -> None:
    """Each arm's sums over its visitors inside each product, for the newest day alone.

    From the events that are kept: a row for each visitor and product would be half as many.
    """
    for phase in open_phases(alias, phases):
        rows = [
            SummaryTotals(
                phase=phase,
                slice=f"{SummaryTotals.PRODUCT}{item.pop('product')}",
                day=_today(),
                **item,
            )
            for item in _by_product(alias, phase)
        ]
        # What nobody is left in must go as well.
        before = SummaryTotals.objects.using(alias).filter(phase=phase)
        before.filter(slice__startswith=SummaryTotals.PRODUCT).delete()
        put(alias, rows, _KEYS)


def open_phases(alias: str, phases: Iterable[int]) -> list[Phase]:
    """Those whose sums may change."""
    rows = Phase.objects.using(alias).filter(pk__in=list(phases), experiment__purged_at=None)
    return list(rows.order_by("pk"))


def _today() -> date:
    # By the clock, not by the time zone that a member of staff looks with.
    return timezone.now().date()


_Found = list[dict[str, Any]]


def _summed(visitors: models.QuerySet[VisitorTotals], *keys: str) -> _Found:
    columns = {name: name for name in COUNTS}
    totals: dict[str, Any] = {f"{N}{name}": Sum(name) for name in (*_WORTH, "tiles")}
    totals[f"{N}flagged_visitors"] = Count("pk", filter=Q(rendered__gt=0) & ~Q(suspicion=0))
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


def _by_product(alias: str, phase: Phase) -> _Found:
    """A visitor's events inside a product, with what was carried of purged ones, then the sums over
    visitors. One query."""
    connection = connections[alias]
    inner = (
        Event.objects.using(alias)
        .filter(phase=phase)
        .exclude(visitor__in=mixed_in(alias, phase).values("visitor"))
        .order_by()
        .values("arm_id", "product_id", "visitor")
        .annotate(**kinds(), **worth())
    )
    select, values = inner.query.get_compiler(using=alias).as_sql()
    if phase.raw_from is not None:
        select, values = _with_carried(alias, phase, select, values)
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


def _with_carried(
    alias: str, phase: Phase, select: str, values: Sequence[Any]
) -> tuple[str, tuple[Any, ...]]:
    """A query of counts by arm, product and visitor, with those carried added."""
    rows = carried_by_product(alias, phase.pk)
    rows = rows.exclude(visitor__in=mixed_in(alias, phase).values("visitor"))
    carried, more = rows.query.get_compiler(using=alias).as_sql()
    keys = "arm_id, product_id, visitor"
    sums = ", ".join(f"SUM({N}{name}) AS {N}{name}" for name in (*COUNTS, *_WORTH))
    both = f"SELECT * FROM ({select}) kept UNION ALL SELECT * FROM ({carried}) gone"
    return f"SELECT {keys}, {sums} FROM ({both}) pieces GROUP BY {keys}", (*values, *more)
