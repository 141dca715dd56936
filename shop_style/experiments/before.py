"""What the visitors of a test did in the baseline before it: their past, summed up by arm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from django.db import connections
from django.db.models import QuerySet, Sum

from shop_style.experiments.upsert import N
from shop_style.models import Arm, BaselineTotals, Phase, SummaryTotals, VisitorTotals

_SUMS: Final = {
    "before_clicks": ("past.{n}clicks",),
    "before_viewable": ("past.{n}viewable",),
    "before_clicks_squared": ("past.{n}clicks", "past.{n}clicks"),
    "before_viewable_squared": ("past.{n}viewable", "past.{n}viewable"),
    "before_clicks_viewable": ("past.{n}clicks", "past.{n}viewable"),
    "clicks_before_clicks": ("test.clicks", "past.{n}clicks"),
    "clicks_before_viewable": ("test.clicks", "past.{n}viewable"),
    "viewable_before_clicks": ("test.viewable", "past.{n}clicks"),
    "viewable_before_viewable": ("test.viewable", "past.{n}viewable"),
}
"""Each sum over visitors of a product, by its column."""


def with_tests(alias: str, phases: Iterable[int]) -> set[int]:
    """These phases, and of a baseline those after it: a past that changes changes their sums."""
    found = set(phases)
    rows = Phase.objects.using(alias).filter(
        experiment__phases__in=found, experiment__phases__is_baseline=True
    )
    return found | set(rows.values_list("pk", flat=True))


def baseline_totals(
    alias: str, phase: Phase, rows: QuerySet[VisitorTotals], day: date
) -> list[BaselineTotals]:
    """Each arm's sums with the past of its visitors. Empty where no baseline went before.

    rows: the phase's visitors that count. Zeros for an arm whose visitors have no past, or none
    any more: the last sums must not stay the newest.
    """
    if phase.is_baseline:
        return []
    baselines = Phase.objects.using(alias).filter(experiment=phase.experiment_id, is_baseline=True)
    baseline = baselines.filter(number__lt=phase.number).first()
    if baseline is None:
        return []
    arms = list(Arm.objects.using(alias).filter(experiment=phase.experiment_id))
    unflagged = rows.filter(suspicion=0)
    return [
        *_totals(alias, phase, baseline, arms, rows, SummaryTotals.ALL, day),
        *_totals(alias, phase, baseline, arms, unflagged, SummaryTotals.UNSUSPICIOUS, day),
    ]


def _totals(
    alias: str,
    phase: Phase,
    baseline: Phase,
    arms: Sequence[Arm],
    rows: QuerySet[VisitorTotals],
    name: str,
    day: date,
) -> list[BaselineTotals]:
    found = _summed(alias, baseline, rows)
    return [
        BaselineTotals(phase=phase, arm=arm, slice=name, day=day, **found.get(arm.pk, {}))
        for arm in arms
    ]


def _summed(
    alias: str, baseline: Phase, rows: QuerySet[VisitorTotals]
) -> dict[int, dict[str, int]]:
    """By arm. One query, a join: visitors without a past would add zeros."""
    # Whoever has no rendered picture is not counted as a visitor, and has no past either.
    test = rows.filter(rendered__gt=0).order_by().values("arm_id", "visitor", "clicks", "viewable")
    before = (
        VisitorTotals.objects.using(alias)
        .filter(phase=baseline)
        .order_by()
        .values("visitor")
        .annotate(
            # A visitor whose cookie was lost may be in two arms of it.
            **{f"{N}{column}": Sum(column) for column in ("clicks", "viewable", "rendered")}
        )
    )
    sums = {"returning": f"SUM(CASE WHEN past.{N}rendered > 0 THEN 1 ELSE 0 END)"}
    for column, factors in _SUMS.items():
        sums[column] = f"SUM({' * '.join(factors).format(n=N)})"
    one, values = test.query.get_compiler(using=alias).as_sql()
    other, more = before.query.get_compiler(using=alias).as_sql()
    # The ORM joins no query to a query.
    statement = (
        f"SELECT test.arm_id, {', '.join(sums.values())} FROM ({one}) test "
        f"JOIN ({other}) past ON past.visitor = test.visitor GROUP BY test.arm_id"
    )
    with connections[alias].cursor() as cursor:
        cursor.execute(statement, (*values, *more))
        found: list[Any] = cursor.fetchall()
    return {
        arm: {name: int(value) for name, value in zip(sums, row, strict=True)}
        for arm, *row in found
    }
