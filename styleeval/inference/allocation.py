"""New weights for the arms of the next phase, by how likely each is the best: batch Thompson."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from styleeval.inference.errors import OutOfRange, ShapesDiffer, TooFewVisitors
from styleeval.inference.strata import Rate, stratified_rates
from styleeval.inference.summary import Summary

THOMPSON: Final = "thompson_batch_stratified"
"""Chance to be best under normal rates averaged over phases, mixed with a floor for every arm."""

# Half-width of an arm's rate in standard deviations; beyond lies 1e-15 of it.
_REACH = 8.0
# Points a standard deviation of the narrowest arm: the trapezoid rule is then exact to 1e-9.
_DENSITY = 4
_MOST_POINTS = 200_000


@dataclass(frozen=True, kw_only=True)
class Allocation:
    """Weights for the next phase, with all that they were made from, to be logged as they are.

    weights: one an arm, summing to 1, each at least the floor: the propensity with which a visitor
    of that phase is assigned each arm. None with reasons while there is not enough data; keep the
    weights as they are then. chances: P(the arm has the highest rate). rates, errors: the rates
    they come from and their standard errors; visitors: of each arm, in all phases.
    """

    weights: tuple[float, ...] | None
    chances: tuple[float, ...] | None
    rates: tuple[float, ...]
    errors: tuple[float, ...]
    visitors: tuple[int, ...]
    floor: float
    reasons: tuple[str, ...] = ()
    method: str = THOMPSON

    def as_dict(self) -> dict[str, Any]:
        """Everything by name, ready for JSON."""
        return asdict(self)


def thompson_allocation(
    phases: Sequence[Sequence[Summary]],
    *,
    floor: float = 0.05,
    min_visitors: int = 100,
    min_clicks: int = 25,
) -> Allocation:
    """Weights for a NEW phase; those of a running phase never change under its visitors.

    phases: of the phases so far, one Summary an arm, arms in one order. Rates are averaged over
    phases as in `stratified_rates`, so a busy week is no merit of the arm that got most of it. The
    weight of an arm is floor + (1 − arms · floor) · its chance to be best. Not enough data below
    min_visitors visitors or min_clicks clicks in an arm. Read the outcome with
    `stratified_difference` over phases, `sizes` given: counts added up are biased when weights
    followed the results. Raises ShapesDiffer when phases have different arms, OutOfRange for a
    floor that leaves nothing to allot.
    Sources: Thompson, Biometrika 25, 1933; batches and floor: Chapelle & Li, NeurIPS 2011, §4;
    bias of pooled counts: Nie et al., AISTATS 2018, and Shin, Ramdas & Rinaldo, NeurIPS 2019.
    """
    arms = _arm_count(phases)
    if not 0 <= floor * arms < 1:
        raise OutOfRange(f"a floor of {floor} for {arms} arms; together they stay below 1")
    totals = [sum((phase[arm] for phase in phases), start=_NOBODY) for arm in range(arms)]
    reasons = tuple(_missing(totals, min_visitors, min_clicks))
    visitors = tuple(total.n for total in totals)
    try:
        rates = stratified_rates(phases)
        chances = None if reasons else best_chances(rates)
    except TooFewVisitors as error:
        return Allocation(
            weights=None,
            chances=None,
            rates=(),
            errors=(),
            visitors=visitors,
            floor=floor,
            reasons=(*reasons, str(error)),
        )
    spare = 1 - arms * floor
    return Allocation(
        weights=tuple(floor + spare * chance for chance in chances) if chances else None,
        chances=chances,
        rates=tuple(rate.rate for rate in rates) if chances else (),
        errors=tuple(math.sqrt(rate.variance) for rate in rates) if chances else (),
        visitors=visitors,
        floor=floor,
        reasons=reasons,
    )


def best_chances(rates: Sequence[Rate]) -> tuple[float, ...]:
    """P(arm i has the highest rate), ∫ φ_i(x) · Π Φ_j(x) dx over the other arms j; they sum to 1.

    rates: independent and normal. By the trapezoid rule, so nothing is drawn and the same data
    always give the same weights. Raises TooFewVisitors for a rate without variance.
    """
    from scipy.special import ndtr

    if not all(rate.variance > 0 for rate in rates):
        raise TooFewVisitors("in an arm all visitors have one ratio, so its rate has no spread")
    means = np.array([rate.rate for rate in rates])
    deviations = np.sqrt([rate.variance for rate in rates])
    chances = []
    for arm, (mean, deviation) in enumerate(zip(means, deviations, strict=True)):
        wanted = math.ceil(2 * _REACH * _DENSITY * max(1.0, deviation / deviations.min()))
        z = np.linspace(-_REACH, _REACH, min(wanted, _MOST_POINTS) + 1)
        others = np.arange(len(rates)) != arm
        below = ndtr((mean + deviation * z[:, None] - means[others]) / deviations[others])
        chances.append(float(np.exp(-z * z / 2) @ below.prod(axis=1) * (z[1] - z[0])))
    total = math.fsum(chances)
    return tuple(chance / total for chance in chances)


_NOBODY = Summary(n=0, sum_m=0, sum_d=0, sum_mm=0, sum_dd=0, sum_md=0)


def _arm_count(phases: Sequence[Sequence[Summary]]) -> int:
    counts = {len(phase) for phase in phases}
    if len(counts) != 1 or min(counts) < 2:
        raise ShapesDiffer("phases have the same arms in one order, two or more")
    return counts.pop()


def _missing(totals: Sequence[Summary], visitors: int, clicks: int) -> list[str]:
    reasons = []
    for number, arm in enumerate(totals, start=1):
        if arm.n < visitors:
            reasons.append(f"arm {number} has {arm.n} of {visitors} visitors")
        if arm.sum_m < clicks:
            reasons.append(f"arm {number} has {arm.sum_m:g} of {clicks} clicks")
    return reasons
