"""Lift against how truly the product is kept: exploratory, for scores were not drawn by lot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shop_style.experiments.reporting.effects import look_of
from shop_style.experiments.reporting.products import PREFIX, Key, product_strata
from shop_style.experiments.reporting.sums import Strata, Sums
from shop_style.models import Arm, PhaseProduct

if TYPE_CHECKING:
    from styleeval.inference import Association

SCORES: Final = ("ssim", "delta_e", "perceptual")
"""Columns of a variant that a line is drawn over: inside the product, as its gate measures."""


@dataclass(frozen=True, kw_only=True)
class Fidelity:
    """One arm's products: log lifts as a line over one score. points: score and log lift."""

    arm: str
    name: str
    score: str
    association: Association
    points: tuple[tuple[float, float], ...]


def fidelity_of(
    arms: Sequence[Arm],
    sums: Sums,
    products: Sequence[PhaseProduct],
    scores: Mapping[tuple[int, Key], Mapping[str, float | None]],
) -> list[Fidelity]:
    """A line for each style and score that enough products have. scores: by arm and picture."""
    from styleeval.inference import InvalidSummary

    control = next((arm for arm in arms if arm.is_control), None)
    if control is None or not sums.slices(PREFIX):
        return []
    found = []
    for arm in arms:
        if arm.is_control:
            continue
        try:
            strata = product_strata(control, arm, sums, products)
        except InvalidSummary:  # the products beside it say so
            continue
        for score in SCORES:
            line = _line(arm, score, strata, scores)
            if line is not None:
                found.append(line)
    return found


def _line(
    arm: Arm,
    score: str,
    strata: Mapping[Key, Strata],
    scores: Mapping[tuple[int, Key], Mapping[str, float | None]],
) -> Fidelity | None:
    from styleeval.inference import OutOfRange, TooFewProducts, score_association, score_effect

    effects, values = [], []
    for key, pairs in strata.items():
        value = scores.get((arm.pk, key), {}).get(score)
        effect = score_effect(pairs)
        if value is not None and effect is not None:
            effects.append(effect)
            values.append(value)
    try:
        association = score_association(effects, values)
    except (OutOfRange, TooFewProducts):
        return None
    return Fidelity(
        arm=arm.slug,
        name=look_of(arm),
        score=score,
        association=association,
        points=tuple(
            (value, effect.estimate) for value, effect in zip(values, effects, strict=True)
        ),
    )
