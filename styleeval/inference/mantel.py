"""Shares of visitors in two arms over phases, compared inside each phase."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from styleeval.inference.errors import TooFewVisitors
from styleeval.inference.proportion import Proportion
from styleeval.sentence import said


@dataclass(frozen=True, kw_only=True)
class StratifiedShares:
    """Two arms' shares over strata. control, treatment: 0..1, of strata in the same weights.

    difference: treatment − control; p_value: of none, two-sided.
    """

    control: float
    treatment: float
    difference: float
    p_value: float


def stratified_shares(strata: Sequence[tuple[Proportion, Proportion]]) -> StratifiedShares:
    """Control's and treatment's shares, compared inside each stratum and then averaged.

    Added up, phases of unequal split would let a bad week that one arm saw more of pass for a
    difference (Simpson's paradox). The test is Cochran's and Mantel and Haenszel's without
    continuity correction, good also where most strata hold a handful; one stratum gives the pooled
    z of `proportion_difference`, but for (N − 1) / N in the variance. Shares are averaged by n·m/N,
    as that test weights them. Raises TooFewVisitors where no stratum has visitors in both arms, of
    whom some did it and some did not.
    Sources: Mantel and Haenszel, JNCI 22(4), 1959; Cochran, Biometrics 10(4), 1954.
    """
    usable = [(one, other) for one, other in strata if one.visitors and other.visitors]
    variance = math.fsum(_variance(one, other) for one, other in usable)
    if not variance:
        raise TooFewVisitors(said("nobody did it, or everybody: nothing to go by"))
    weights = [
        one.visitors * other.visitors / (one.visitors + other.visitors) for one, other in usable
    ]
    whole = math.fsum(weights)
    control, treatment = (
        math.fsum(w * pair[arm].share for w, pair in zip(weights, usable, strict=True)) / whole
        for arm in (0, 1)
    )
    return StratifiedShares(
        control=control,
        treatment=treatment,
        difference=treatment - control,
        p_value=math.erfc(abs(treatment - control) * whole / math.sqrt(2 * variance)),
    )


def _variance(one: Proportion, other: Proportion) -> float:
    """Of the treatment's successes given all margins: the hypergeometric distribution's."""
    both = one + other
    share = both.share
    if both.visitors < 2:
        return 0.0
    pairs = one.visitors * other.visitors
    return pairs * share * (1 - share) / (both.visitors - 1)
