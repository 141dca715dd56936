"""What visitors did in the baseline, beside the sums of what they do in the test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from shop_style.experiments.reporting.sums import Row, Sums, clicks_over_viewable
from shop_style.models import BaselineTotals, Phase

if TYPE_CHECKING:
    from styleeval.inference import CupedSummary

MIN_RETURNING: Final = 100
"""Visitors with a past, in each arm, from which a phase is adjusted: by fewer, the past's own
error is no small part of the result's. It does not depend on what they do in the test."""

_PAST: Final = "past"
_SUMS: Final = (
    "before_clicks",
    "before_viewable",
    "before_clicks_squared",
    "before_viewable_squared",
    "before_clicks_viewable",
    "clicks_before_clicks",
    "clicks_before_viewable",
    "viewable_before_clicks",
    "viewable_before_viewable",
)

Past = Mapping[tuple[int, int, str, date], Row]
"""By phase, arm, slice and day."""


def past_of(alias: str, phases: Sequence[Phase]) -> Past:
    """Of each day. One query."""
    rows = BaselineTotals.objects.using(alias).filter(phase__in=phases).order_by()
    found = rows.values("phase_id", "arm_id", "slice", "day", "returning", *_SUMS)
    return {(row["phase_id"], row["arm_id"], row["slice"], row["day"]): row for row in found}


def with_past(sums: Sums, past: Past) -> Sums:
    """The sums, each with those of its visitors' past."""
    rows = {key: {**row, _PAST: past.get((*key, row["day"]))} for key, row in sums.rows.items()}
    return Sums(phases=sums.phases, rows=rows)


def returning_in(row: Row) -> int:
    """Of a row's visitors, those who were seen in the baseline."""
    past = row.get(_PAST)
    return past["returning"] if past else 0


def cuped_strata_of(
    pairs: Iterable[tuple[Row, Row]],
) -> list[tuple[CupedSummary, CupedSummary]]:
    """Control and treatment of each phase with their past; none of it where too few have one."""
    found = []
    for pair in pairs:
        has_past = min(map(returning_in, pair)) >= MIN_RETURNING
        control, treatment = (_cuped(row, row[_PAST] if has_past else None) for row in pair)
        found.append((control, treatment))
    return found


def _cuped(row: Row, past: Row | None) -> CupedSummary:
    from styleeval.inference import CupedSummary, Summary

    sums: Mapping[str, Any] = past or dict.fromkeys(_SUMS, 0)
    return CupedSummary(
        outcome=clicks_over_viewable([row]),
        covariate=Summary(
            n=row["visitors"],
            sum_m=sums["before_clicks"],
            sum_d=sums["before_viewable"],
            sum_mm=sums["before_clicks_squared"],
            sum_dd=sums["before_viewable_squared"],
            sum_md=sums["before_clicks_viewable"],
        ),
        sum_mm=sums["clicks_before_clicks"],
        sum_md=sums["clicks_before_viewable"],
        sum_dm=sums["viewable_before_clicks"],
        sum_dd=sums["viewable_before_viewable"],
    )
