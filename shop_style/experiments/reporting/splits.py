"""Did the arms get their visitors? At each stage from the page to the picture in view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shop_style.experiments.reporting.sums import Row, Sums
from shop_style.experiments.reporting.values import Split
from shop_style.experiments.tally import VISITOR
from shop_style.models import Arm, Phase

LEAST_DEVIATION: Final = 0.002
"""A split off by less is no alarm, however many visitors prove it."""

Tallies = Mapping[tuple[int, str, str], int]
"""Of a phase, a kind and an arm's slug."""


def splits_of(arms: Sequence[Arm], sums: Sums, tallies: Tallies, *, by_tile: bool) -> list[Split]:
    """Each stage over all phases, by their exact weights, and after it each of its phases."""
    by_stage: dict[str, list[_Dealt]] = {}
    for phase in sums.phases:
        weights = {arm.slug: phase.weights.get(str(arm.pk), 0) for arm in arms}
        if sum(weight > 0 for weight in weights.values()) < 2:
            continue
        for stage, counts in _counts(phase, arms, sums, tallies, by_tile=by_tile).items():
            # Nobody is dealt out to an arm without a weight; who is there was before.
            kept = {slug: n if weights[slug] > 0 else 0 for slug, n in counts.items()}
            dealt = _Dealt(phase=phase.number, counts=kept, weights=weights)
            by_stage.setdefault(stage, []).append(dealt)
    return [split for stage, dealt in by_stage.items() for split in _judged(stage, dealt)]


@dataclass(frozen=True, kw_only=True)
class _Dealt:
    """What came to each arm in a phase, and what it was promised."""

    phase: int
    counts: Mapping[str, int]
    weights: Mapping[str, float]


def _counts(
    phase: Phase, arms: Sequence[Arm], sums: Sums, tallies: Tallies, *, by_tile: bool
) -> dict[str, dict[str, int]]:
    rows = [sums.row(phase, arm) for arm in arms]
    stages = {
        "tokens": [tallies.get((phase.pk, VISITOR, arm.slug), 0) for arm in arms],
        # Whoever saw two arms came to each, and is left out of the results alone.
        "rendered": [row["visitors"] + row["mixed"] if row else 0 for row in rows],
        "viewable": _viewing(rows),
    }
    if by_tile:  # each visitor is in every arm; what was dealt out are tiles
        stages = {"tiles": [row["tiles"] if row else 0 for row in rows]}
    return {
        stage: {arm.slug: number for arm, number in zip(arms, numbers, strict=True)}
        for stage, numbers in stages.items()
    }


def _judged(stage: str, dealt: Sequence[_Dealt]) -> list[Split]:
    from styleeval.inference import phased_ratio_mismatch

    slugs = [slug for slug in dealt[0].counts if any(item.weights[slug] > 0 for item in dealt)]
    found = phased_ratio_mismatch(
        [
            ([item.counts[slug] for slug in slugs], [item.weights[slug] for slug in slugs])
            for item in dealt
        ],
        min_deviation=LEAST_DEVIATION,
    )
    whole = Split(
        stage=stage,
        phase=None,
        counts={slug: sum(item.counts[slug] for item in dealt) for slug in slugs},
        expected=dict(zip(slugs, found.expected, strict=True)),
        p_value=found.p_value,
        mismatched=found.mismatched,
    )
    return [
        whole,
        *(
            Split(
                stage=stage,
                phase=item.phase,
                counts={slug: item.counts[slug] for slug in slugs if item.weights[slug] > 0},
                expected={
                    slug: number
                    for slug, number in zip(slugs, single.expected, strict=True)
                    if item.weights[slug] > 0
                },
                p_value=single.p_value,
                mismatched=single.mismatched,
            )
            for item, single in zip(dealt, found.phases, strict=True)
        ),
    ]


def _viewing(rows: Sequence[Row | None]) -> list[int]:
    """Visitors with a picture in view, of each arm.

    Whoever saw two arms is in no sum but the number of them: as many of these as of all others are
    taken to have had one in view, in each arm alike. Left out, they would be missed most in the
    arm with the fewest visitors.
    """
    visitors = sum(row["visitors"] for row in rows if row)
    share = sum(row["viewing_visitors"] for row in rows if row) / visitors if visitors else 0.0
    return [row["viewing_visitors"] + round(share * row["mixed"]) if row else 0 for row in rows]
