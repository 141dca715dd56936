"""A report's rows: the newest sums of each phase, arm and slice, and those of each day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Max, Q

from shop_style.models import Arm, Phase, SummaryTotals

if TYPE_CHECKING:
    from styleeval.inference import Summary

COLUMNS: Final = (
    "visitors",
    "viewing_visitors",
    "clicking_visitors",
    "failing_visitors",
    "rendered",
    "viewable",
    "clicks",
    "failed",
    "conversions",
    "suspicious",
    "flagged_visitors",
    "mixed",
    "tiles",
    "viewable_squared",
    "clicks_squared",
    "clicks_viewable",
    "conversions_squared",
    "clicks_conversions",
    "value",
)
_CLICKS_OVER_VIEWABLE: Final = (
    "clicks",
    "viewable",
    "clicks_squared",
    "viewable_squared",
    "clicks_viewable",
)
_ORDERS_OVER_CLICKS: Final = (
    "conversions",
    "clicks",
    "conversions_squared",
    "clicks_squared",
    "clicks_conversions",
)

Row = Mapping[str, Any]
Strata = list[tuple["Summary", "Summary"]]


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Rows by phase, arm and slice."""

    phases: Sequence[Phase]
    rows: Mapping[tuple[int, int, str], Row]

    def within(self, phases: Sequence[Phase]) -> Sums:
        """Those of some of the phases."""
        wanted = {phase.pk for phase in phases}
        rows = {key: row for key, row in self.rows.items() if key[0] in wanted}
        return Sums(phases=phases, rows=rows)

    def row(self, phase: Phase, arm: Arm, name: str = SummaryTotals.ALL) -> Row | None:
        """One of them, if it is there."""
        return self.rows.get((phase.pk, arm.pk, name))

    def of(self, arm: Arm, name: str = SummaryTotals.ALL) -> list[Row]:
        """An arm's rows over phases."""
        return [row for phase in self.phases if (row := self.row(phase, arm, name))]

    def total(self, arm: Arm, column: str, name: str = SummaryTotals.ALL) -> int:
        """A column added up over phases."""
        return sum(row[column] for row in self.of(arm, name))

    def slices(self, prefix: str) -> list[str]:
        """Names of the slices that begin so, in order."""
        return sorted({key[2] for key in self.rows if key[2].startswith(prefix)})

    def pairs(self, control: Arm, arm: Arm, name: str = SummaryTotals.ALL) -> list[tuple[Row, Row]]:
        """Both arms' rows of each phase that has both."""
        found = []
        for phase in self.phases:
            one, other = self.row(phase, control, name), self.row(phase, arm, name)
            if one and other:
                found.append((one, other))
        return found

    def sizes(self, control: Arm, arm: Arm, name: str = SummaryTotals.ALL) -> list[int]:
        """Visitors of all arms in each phase that has both: what phases are weighted by."""
        return [
            sum(
                row["visitors"]
                for (pk, _arm, one), row in self.rows.items()
                if pk == phase.pk and one == name
            )
            for phase in self.phases
            if self.row(phase, control, name) and self.row(phase, arm, name)
        ]


def newest_sums(alias: str, phases: Sequence[Phase]) -> Sums:
    """Each phase's last day, all slices. Two queries, whatever the number of days."""
    rows = SummaryTotals.objects.using(alias).filter(phase__in=phases)
    # Sums by product are made less often, and kept of their newest day alone.
    last = Q(slice__startswith=SummaryTotals.PRODUCT)
    whole = rows.filter(slice=SummaryTotals.ALL).order_by()
    for phase, day in whole.values_list("phase").annotate(Max("day")):
        last |= Q(phase=phase, day=day)
    found = rows.filter(last).order_by().values("phase_id", "arm_id", "slice", "day", *COLUMNS)
    return Sums(
        phases=phases,
        rows={(row["phase_id"], row["arm_id"], row["slice"]): row for row in found},
    )


def daily_sums(alias: str, phases: Sequence[Phase]) -> list[tuple[date, Sums]]:
    """All visitors' sums as they stood at the end of each day. One query."""
    rows = SummaryTotals.objects.using(alias).filter(phase__in=phases, slice=SummaryTotals.ALL)
    by_day: dict[date, list[Row]] = defaultdict(list)
    for row in rows.order_by("day").values("phase_id", "arm_id", "slice", "day", *COLUMNS):
        by_day[row["day"]].append(row)
    found, held = [], dict[tuple[int, int, str], Row]()
    for day, items in by_day.items():
        # A phase that nothing came to that day stands as it did before.
        held |= {(row["phase_id"], row["arm_id"], row["slice"]): row for row in items}
        found.append((day, Sums(phases=phases, rows=dict(held))))
    return found


def clicks_over_viewable(rows: Iterable[Row]) -> Summary:
    """The click-through rate's sufficient statistics, added up."""
    return _summary(rows, _CLICKS_OVER_VIEWABLE)


def orders_over_clicks(rows: Iterable[Row]) -> Summary:
    """Conversions over clicks, added up."""
    return _summary(rows, _ORDERS_OVER_CLICKS)


def strata_of(pairs: Iterable[tuple[Row, Row]], *, orders: bool = False) -> Strata:
    """Control and treatment of each phase; of conversions over clicks where `orders` says so."""
    summary = orders_over_clicks if orders else clicks_over_viewable
    return [(summary([one]), summary([other])) for one, other in pairs]


def _summary(rows: Iterable[Row], columns: Sequence[str]) -> Summary:
    from styleeval.inference import Summary

    names = ("sum_m", "sum_d", "sum_mm", "sum_dd", "sum_md")
    found = [
        Summary(
            n=row["visitors"],
            **{name: row[column] for name, column in zip(names, columns, strict=True)},
        )
        for row in rows
    ]
    if len(found) == 1:
        return found[0]  # most are: a sum would check each anew, and products are many
    return sum(found, start=Summary(n=0, sum_m=0, sum_d=0, sum_mm=0, sum_dd=0, sum_md=0))
