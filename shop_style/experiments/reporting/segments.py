"""Each style against the control by device and by place on the page, corrected for being many."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from shop_style.experiments.reporting.effects import ALPHA
from shop_style.experiments.reporting.sums import Row, Sums, clicks_over_viewable, strata_of
from shop_style.experiments.reporting.values import Segment
from shop_style.models import Arm

if TYPE_CHECKING:
    from styleeval.inference import Comparison

KINDS: Final = ("device", "position")


def segments_of(arms: Sequence[Arm], sums: Sums, *, ended: bool) -> list[Segment]:
    """Segments in order. Their p-values are for one look, and corrected together; there are none
    before the end, for whoever looks daily would find a segment in most experiments."""
    control = next((arm for arm in arms if arm.is_control), None)
    if control is None:
        return []
    found = [
        _segment(sums, control, arm, kind, name)
        for kind in KINDS
        for name in sorted(sums.slices(f"{kind}:"), key=_place)
        for arm in arms
        if not arm.is_control
    ]
    return _corrected(found) if ended else found


def _place(name: str) -> tuple[int, str]:
    """Bands of positions in their order: `1-4` before `5-12`."""
    digits = "".join(char if char.isdigit() else " " for char in name).split()
    return (int(digits[0]) if digits else 0, name)


def _segment(sums: Sums, control: Arm, arm: Arm, kind: str, name: str) -> Segment:
    from styleeval.inference import compare_strata

    pairs = sums.pairs(control, arm, name)
    clicked = (
        sum(one["clicking_visitors"] for one, _other in pairs),
        sum(other["clicking_visitors"] for _one, other in pairs),
    )
    result = compare_strata(
        strata_of(pairs),
        alpha=ALPHA,
        clicked_visitors=clicked,
        sizes=sums.sizes(control, arm, name),
    )
    return Segment(
        kind=kind,
        name=name.removeprefix(f"{kind}:"),
        arm=arm.slug,
        visitors=sums.total(control, "visitors", name) + sums.total(arm, "visitors", name),
        ctr=_rate(sums.of(arm, name)),
        control_ctr=_rate(sums.of(control, name)),
        comparison=result.comparison,
    )


def _rate(rows: Sequence[Row]) -> float | None:
    summary = clicks_over_viewable(rows)
    return summary.sum_m / summary.sum_d if summary.sum_d else None


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
