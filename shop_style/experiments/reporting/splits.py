"""Did the arms get their visitors? At each stage from the page to the picture in view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from shop_style.experiments.reporting.sums import Row, Sums
from shop_style.experiments.reporting.values import Split
from shop_style.experiments.tally import VISITOR
from shop_style.models import Arm

LEAST_DEVIATION: Final = 0.002
"""A split off by less is no alarm, however many visitors prove it."""

Tallies = Mapping[tuple[int, str, str], int]
"""Of a phase, a kind and an arm's slug."""


def splits_of(arms: Sequence[Arm], sums: Sums, tallies: Tallies, *, by_tile: bool) -> list[Split]:
    """Each phase and stage by its own exact weights."""
    from styleeval.inference import sample_ratio_mismatch

    found = []
    for phase in sums.phases:
        weighted = [arm for arm in arms if phase.weights.get(str(arm.pk), 0) > 0]
        if len(weighted) < 2:
            continue
        weights = [phase.weights[str(arm.pk)] for arm in weighted]
        rows = [sums.row(phase, arm) for arm in weighted]
        stages = {
            "tokens": [tallies.get((phase.pk, VISITOR, arm.slug), 0) for arm in weighted],
            # Whoever saw two arms came to each, and is left out of the results alone.
            "rendered": [row["visitors"] + row["mixed"] if row else 0 for row in rows],
            "viewable": _viewing(rows),
        }
        if by_tile:  # each visitor is in every arm; what was dealt out are tiles
            stages = {"tiles": [row["tiles"] if row else 0 for row in rows]}
        for stage, counts in stages.items():
            mismatch = sample_ratio_mismatch(counts, weights, min_deviation=LEAST_DEVIATION)
            slugs = [arm.slug for arm in weighted]
            found.append(
                Split(
                    stage=stage,
                    phase=phase.number,
                    counts=dict(zip(slugs, counts, strict=True)),
                    expected=dict(zip(slugs, mismatch.expected, strict=True)),
                    p_value=mismatch.p_value,
                    mismatched=mismatch.mismatched,
                )
            )
    return found


def _viewing(rows: Sequence[Row | None]) -> list[int]:
    """Visitors with a picture in view, of each arm.

    Whoever saw two arms is in no sum but the number of them: as many of these as of all others are
    taken to have had one in view, in each arm alike. Left out, they would be missed most in the
    arm with the fewest visitors.
    """
    visitors = sum(row["visitors"] for row in rows if row)
    share = sum(row["viewing_visitors"] for row in rows if row) / visitors if visitors else 0.0
    return [row["viewing_visitors"] + round(share * row["mixed"]) if row else 0 for row in rows]
