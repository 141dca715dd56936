"""What guardrails look at: sums over an experiment's visitors, all of them or since a date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count, F, Max, Q, Sum

from shop_style.models import Experiment, MixedVisitor, SummaryTotals, VisitorTotals

if TYPE_CHECKING:
    from styleeval.inference import Summary

_COLUMNS: Final = (
    "visitors",
    "mixed",
    "failing_visitors",
    "clicking_visitors",
    "clicks",
    "conversions",
    "clicks_squared",
    "conversions_squared",
    "clicks_conversions",
)


@dataclass(frozen=True, kw_only=True)
class ArmSums:
    """An arm's visitors of one phase. Squares and products are summed over visitors."""

    visitors: int = 0
    mixed: int = 0
    failing_visitors: int = 0
    clicking_visitors: int = 0
    clicks: int = 0
    conversions: int = 0
    clicks_squared: int = 0
    conversions_squared: int = 0
    clicks_conversions: int = 0

    def orders_per_click(self) -> Summary:
        """Conversions over clicks, as a ratio clustered by visitor."""
        from styleeval.inference import Summary

        return Summary(
            n=self.visitors,
            sum_m=self.conversions,
            sum_d=self.clicks,
            sum_mm=self.conversions_squared,
            sum_dd=self.clicks_squared,
            sum_md=self.clicks_conversions,
        )


Sums = Mapping[tuple[int, int], ArmSums]
"""By phase and arm."""


def surplus(strata: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> float:
    """How many more of a thing a treatment's visitors have than if they were the control's.

    strata: the number of it and of visitors, of control and treatment in each phase. Compared
    inside a phase, for added up a good week that one arm saw more of would pass for more.
    """
    found = 0.0
    for (one, visitors), (other, others) in strata:
        if visitors and others:
            found += (other * visitors - one * others) / (visitors + others)
    return found


def sums_of(alias: str, phases: Sequence[int]) -> Sums:
    """All visitors so far of these phases, as of the last rollup. Two queries."""
    rows = SummaryTotals.objects.using(alias).filter(phase__in=phases, slice=SummaryTotals.ALL)
    newest = dict(rows.order_by().values_list("phase").annotate(Max("day")))
    last = Q(pk__in=[])
    for phase, day in newest.items():
        last |= Q(phase=phase, day=day)
    return {
        (row["phase_id"], row["arm_id"]): ArmSums(**{name: row[name] for name in _COLUMNS})
        for row in rows.filter(last).values("phase_id", "arm_id", *_COLUMNS)
    }


def sums_since(experiment: Experiment, since: datetime) -> Sums:
    """Visitors who came first at this time or later, counted as `sums_of` counts all. Two queries,
    over the visitors' rows."""
    rows = VisitorTotals.objects.using(experiment._state.db).filter(
        phase__experiment=experiment, first_at__gte=since
    )
    by_arm = rows.order_by().values("phase_id", "arm_id")
    marks = MixedVisitor.objects.using(experiment._state.db).filter(experiment=experiment)
    saw_two = Q(visitor__in=marks.values("visitor"))
    mixed = by_arm.filter(saw_two).annotate(n=Count("pk", filter=Q(rendered__gt=0)))
    found = by_arm.exclude(saw_two).annotate(
        n=Count("pk", filter=Q(rendered__gt=0)),
        failing=Count("pk", filter=Q(failed__gt=0)),
        clicking=Count("pk", filter=Q(clicks__gt=0)),
        m=Sum("clicks"),
        o=Sum("conversions"),
        mm=Sum(F("clicks") * F("clicks")),
        oo=Sum(F("conversions") * F("conversions")),
        mo=Sum(F("clicks") * F("conversions")),
    )
    sums = {(row["phase_id"], row["arm_id"]): _arm_sums(row) for row in found}
    for row in mixed:
        key = row["phase_id"], row["arm_id"]
        sums[key] = replace(sums.get(key, ArmSums()), mixed=row["n"])
    return sums


def _arm_sums(row: Mapping[str, Any]) -> ArmSums:
    return ArmSums(
        visitors=row["n"],
        failing_visitors=row["failing"],
        clicking_visitors=row["clicking"],
        clicks=row["m"],
        conversions=row["o"],
        clicks_squared=row["mm"],
        conversions_squared=row["oo"],
        clicks_conversions=row["mo"],
    )
