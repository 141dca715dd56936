"""Several phases as one result: each is its own experiment, and their differences are averaged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from styleeval.inference.errors import TooFewVisitors
from styleeval.inference.ratio import Comparison, Rates, comparison_of, pooled_freedom, ratios
from styleeval.inference.result import Result, State, compare, state_of
from styleeval.inference.summary import Summary

STRATIFIED = "delta_welch_stratified"
"""As `delta_welch`, averaged over strata by their visitors."""

Stratum = tuple[Summary, Summary]
"""Control and treatment of one phase, whose split did not change."""


def stratified_difference(strata: Sequence[Stratum], alpha: float = 0.05) -> Comparison:
    """Treatment − control averaged over strata, each weighted by its share of all visitors.

    Adding phases of unequal split up before comparing would let a good week that one arm saw more
    of pass for an effect (Simpson's paradox). One stratum gives exactly `ratio_difference`. Strata
    too small for a variance are left out. Raises TooFewVisitors when none is left.
    Source: Cochran, "Sampling Techniques", 1977, ch. 5 (stratified estimates) and §5A.13 on
    post-stratification; degrees of freedom after Satterthwaite, Biometrics Bulletin 2(6), 1946.
    """
    return comparison_of(stratified_ratios(strata), alpha)


def stratified_ratios(strata: Sequence[Stratum]) -> Rates:
    """Both arms' ratios averaged over strata. Raises as `stratified_difference`, which see."""
    # Not by whether anybody clicked: leaving those phases out would select on the outcome.
    usable = [stratum for stratum in strata if all(map(_has_variance, stratum))]
    if len(usable) == 1:
        return ratios(*usable[0])
    if not usable:
        raise TooFewVisitors("no phase has enough visitors in both arms")
    total = sum(one.n + other.n for one, other in usable)
    shares = [(one.n + other.n) / total for one, other in usable]
    control, treatment = (_averaged([stratum[arm] for stratum in usable], shares) for arm in (0, 1))
    return Rates(
        values=(control.rate, treatment.rate),
        variances=(control.variance, treatment.variance),
        freedoms=(control.freedom, treatment.freedom),
        visitors=total,
        method=STRATIFIED,
    )


def compare_strata(
    strata: Sequence[Stratum],
    *,
    alpha: float = 0.05,
    min_visitors: int = 100,
    min_converted: int = 25,
    clicked_visitors: tuple[int, int] | None = None,
) -> Result:
    """As `compare`, over phases: enough data is judged on all together. See there."""
    control, treatment = added_up(strata)
    whole = compare(
        control,
        treatment,
        alpha=alpha,
        min_visitors=min_visitors,
        min_converted=min_converted,
        clicked_visitors=clicked_visitors,
    )
    if whole.comparison is None or len(strata) == 1:
        return whole
    try:
        comparison = stratified_difference(strata, alpha)
    except TooFewVisitors as error:
        return Result(State.NOT_ENOUGH_DATA, None, (str(error),))
    return Result(state_of(comparison, alpha), comparison)


def added_up(strata: Sequence[Stratum]) -> Stratum:
    """All visitors of each arm: to count them, never to compare them."""
    nobody = Summary(n=0, sum_m=0, sum_d=0, sum_mm=0, sum_dd=0, sum_md=0)
    return (
        sum((stratum[0] for stratum in strata), start=nobody),
        sum((stratum[1] for stratum in strata), start=nobody),
    )


def _has_variance(arm: Summary) -> bool:
    """Two visitors who saw something; the variance may be 0."""
    return arm.n >= 2 and arm.sum_d > 0


@dataclass(frozen=True)
class _Arm:
    """One arm's rate averaged over strata, as an estimate."""

    rate: float
    variance: float
    freedom: float


def _averaged(parts: Sequence[Summary], shares: Sequence[float]) -> _Arm:
    pairs = list(zip(shares, parts, strict=True))
    terms = [share * share * part.linearised_variance for share, part in pairs]
    varying = sum(terms) > 0
    return _Arm(
        rate=math.fsum(share * part.ratio for share, part in pairs),
        variance=math.fsum(terms),
        freedom=pooled_freedom(terms, [part.n - 1.0 for part in parts]) if varying else math.inf,
    )
