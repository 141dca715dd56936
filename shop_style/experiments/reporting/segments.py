"""Each style against the control by device and by place on the page, corrected for being many."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from shop_style.experiments.reporting.effects import ALPHA, Rule
from shop_style.experiments.reporting.sums import Sums, strata_of
from shop_style.experiments.reporting.values import Segment
from shop_style.models import Arm

if TYPE_CHECKING:
    from styleeval.inference import Comparison

KINDS: Final = ("device", "position")


def segments_of(arms: Sequence[Arm], sums: Sums, rule: Rule) -> list[Segment]:
    """Segments in order. From the end on they are for one look, and corrected together; before it
    each is always valid, for whoever looks daily at tests for one look would find a segment in
    most experiments."""
    control = next((arm for arm in arms if arm.is_control), None)
    if control is None:
        return []
    found = [
        _segment(sums, control, arm, name, rule)
        for kind in KINDS
        for name in sorted(sums.slices(f"{kind}:"), key=_place)
        for arm in arms
        if not arm.is_control
    ]
    return _corrected(found) if rule.ended else found


def _place(name: str) -> tuple[int, str]:
    """Bands of positions in their order: `1-4` before `5-12`."""
    digits = "".join(char if char.isdigit() else " " for char in name).split()
    return (int(digits[0]) if digits else 0, name)


def _segment(sums: Sums, control: Arm, arm: Arm, name: str, rule: Rule) -> Segment:
    from styleeval.inference import InvalidSummary

    kind, _colon, short = name.partition(":")
    fault, comparison = "", None
    try:
        comparison = _comparison(sums, control, arm, name, rule)
    except InvalidSummary as error:
        fault = error.code
    return Segment(
        kind=kind,
        name=short,
        arm=arm.slug,
        visitors=sums.total(control, "visitors", name) + sums.total(arm, "visitors", name),
        ctr=_rate(sums, arm, name),
        control_ctr=_rate(sums, control, name),
        comparison=comparison,
        basis="fixed_horizon" if rule.ended else "sequence",
        fault=fault,
    )


def _comparison(sums: Sums, control: Arm, arm: Arm, name: str, rule: Rule) -> Comparison | None:
    """For one look at the end; before it the sequence of the experiment's own plan."""
    from styleeval.inference import compare_strata, judge_strata

    pairs, sizes = sums.pairs(control, arm, name), sums.sizes(control, arm, name)
    clicked = (
        sum(one["clicking_visitors"] for one, _other in pairs),
        sum(other["clicking_visitors"] for _one, other in pairs),
    )
    strata = strata_of(pairs)
    if rule.ended:
        return compare_strata(strata, alpha=ALPHA, clicked_visitors=clicked, sizes=sizes).comparison
    planned = rule.planned(sums.phases, control, arm)
    return judge_strata(
        strata, planned=planned, alpha=ALPHA, clicked_visitors=clicked, sizes=sizes
    ).sequence


def _rate(sums: Sums, arm: Arm, name: str) -> float | None:
    seen = sums.total(arm, "viewable", name)
    return sums.total(arm, "clicks", name) / seen if seen else None


def _corrected(segments: Sequence[Segment]) -> list[Segment]:
    from styleeval.inference import benjamini_hochberg, holm

    def p_of(comparison: Comparison | None) -> float:
        return comparison.p_value if comparison else 1.0

    known = [item for item in segments if item.comparison is not None]
    values = [p_of(item.comparison) for item in known]
    by_holm, by_bh = iter(holm(values)), iter(benjamini_hochberg(values))
    return [
        dataclasses.replace(item, p_holm=next(by_holm), p_bh=next(by_bh))
        if item.comparison is not None
        else item
        for item in segments
    ]
