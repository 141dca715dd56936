"""What an experiment's number is a number of: it depends on what was drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from shop_style.models import Experiment, PairTotals, Phase, SummaryTotals

if TYPE_CHECKING:
    from styleeval.inference import PairedSummary, Summary

PairRows = Mapping[tuple[int, int, str], PairTotals]
"""Newest sums of products with the control, by phase, arm and slice."""


def estimand(unit: str) -> str:
    """What the change of the CTR means, in words. unit: of `Experiment.Unit`."""
    if unit == Experiment.Unit.TILE:
        return _(
            "This is a tile's share, not the effect of a launch: each picture of a page was drawn "
            "by itself, so that clicks stolen from neighbours count as gains. Showing the style "
            "to everybody would earn less, or nothing."
        )
    return _(
        "This is the effect of a launch: all pictures of a page followed one arm, so that clicks "
        "which only move between neighbours count for nothing."
    )


def pair_rows(alias: str, experiment: Experiment, phases: Sequence[Phase]) -> PairRows:
    """What the variance of a tile-by-tile difference needs; nothing, and no query, otherwise."""
    if experiment.unit != Experiment.Unit.TILE:
        return {}
    rows = PairTotals.objects.using(alias).filter(phase__in=phases).order_by("day")
    return {(row.phase_id, row.arm_id, row.slice): row for row in rows}


def visitors_in_any_arm(pairs: PairRows) -> int:
    """Visitors of all phases, each once, where one visitor is in several arms."""
    by_phase = {key[0]: row.everybody for key, row in pairs.items() if key[2] == SummaryTotals.ALL}
    return sum(by_phase.values())


def paired(control: Summary, treatment: Summary, row: PairTotals | None) -> PairedSummary:
    """One phase's two arms with what their common visitors did in both."""
    from styleeval.inference import PairedSummary

    sums: dict[str, Any] = {"both": 0, "sum_mm": 0, "sum_md": 0, "sum_dm": 0, "sum_dd": 0}
    if row is not None:
        sums = {
            "both": row.visitors,
            "sum_mm": row.clicks_clicks,
            "sum_md": row.clicks_viewable,
            "sum_dm": row.viewable_clicks,
            "sum_dd": row.viewable_viewable,
        }
    return PairedSummary(control=control, treatment=treatment, **sums)
