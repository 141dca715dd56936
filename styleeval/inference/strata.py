"""Several phases as one result: each is its own experiment, and their differences are averaged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from styleeval.inference.errors import ShapesDiffer, TooFewVisitors
from styleeval.inference.ratio import Comparison, Rates, comparison_of, pooled_freedom, ratios
from styleeval.inference.result import Result, State, compare, state_of
from styleeval.inference.summary import Summary
from styleeval.sentence import said

STRATIFIED = "delta_welch_stratified"
"""As `delta_welch`, averaged over strata by their visitors."""

Stratum = tuple[Summary, Summary]
"""Control and treatment of one phase, whose split did not change."""


@dataclass(frozen=True)
class Rate:
    """One arm's rate averaged over strata, with its variance as an estimate."""

    rate: float
    variance: float
    freedom: float


def stratified_difference(
    strata: Sequence[Stratum], alpha: float = 0.05, *, sizes: Sequence[float] | None = None
) -> Comparison:
    """Treatment − control averaged over strata, each weighted by its share of all visitors.

    Adding phases of unequal split up before comparing would let a good week that one arm saw more
    of pass for an effect (Simpson's paradox). One stratum gives exactly `ratio_difference`. Strata
    too small for a variance are left out. sizes: see `stratified_rates`. Raises TooFewVisitors
    when no stratum is left.
    Source: Cochran, "Sampling Techniques", 1977, ch. 5 (stratified estimates) and §5A.13 on
    post-stratification; degrees of freedom after Satterthwaite, Biometrics Bulletin 2(6), 1946.
    """
    return comparison_of(stratified_ratios(strata, sizes=sizes), alpha)


def stratified_ratios(strata: Sequence[Stratum], *, sizes: Sequence[float] | None = None) -> Rates:
    """Both arms' ratios averaged over strata. Raises as `stratified_difference`, which see."""
    used = [stratum for stratum in strata if all(map(_has_variance, stratum))]
    if len(used) == 1:
        return ratios(*used[0])
    control, treatment = stratified_rates(strata, sizes=sizes)
    return Rates(
        values=(control.rate, treatment.rate),
        variances=(control.variance, treatment.variance),
        freedoms=(control.freedom, treatment.freedom),
        visitors=sum(one.n + other.n for one, other in used),
        method=STRATIFIED,
    )


def stratified_rates(
    strata: Sequence[Sequence[Summary]], *, sizes: Sequence[float] | None = None
) -> tuple[Rate, ...]:
    """Each arm's rate averaged over strata, a stratum weighted by its share of visitors.

    strata: one Summary an arm, arms in one order. sizes: visitors of each stratum in ALL arms of
    the experiment; when None, in the arms given. The two differ where an experiment has arms that
    are not given: when weights followed the results, how many came to two of three arms depends
    on how they did, and a share that depends on the outcome biases the average. Raises
    ShapesDiffer, and TooFewVisitors when no stratum has two visitors with impressions in each arm.
    """
    used = usable(strata, sizes)
    total = math.fsum(size for _number, size in used)
    shares = [size / total for _number, size in used]
    arms = zip(*(strata[number] for number, _size in used), strict=True)
    return tuple(_averaged(arm, shares) for arm in arms)


def usable(
    strata: Sequence[Sequence[Summary]], sizes: Sequence[float] | None
) -> list[tuple[int, float]]:
    """Numbers of the strata that have a variance in each arm, with their sizes. Raises as
    `stratified_rates`."""
    if sizes is None:
        sizes = [sum(arm.n for arm in stratum) for stratum in strata]
    if len(sizes) != len(strata):
        raise ShapesDiffer(f"{len(strata)} strata, {len(sizes)} sizes; one of each a stratum")
    # Not by whether anybody clicked: leaving those phases out would select on the outcome.
    found = [
        (number, size)
        for number, (stratum, size) in enumerate(zip(strata, sizes, strict=True))
        if all(map(_has_variance, stratum))
    ]
    if not found:
        raise TooFewVisitors(said("no phase has enough visitors in both arms"))
    return found


def compare_strata(
    strata: Sequence[Stratum],
    *,
    alpha: float = 0.05,
    min_visitors: int = 100,
    min_converted: int = 25,
    clicked_visitors: tuple[int, int] | None = None,
    sizes: Sequence[float] | None = None,
) -> Result:
    """As `compare`, over phases: enough data is judged on all together. See there.

    sizes: visitors of each phase in all arms, see `stratified_rates`.
    """
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
        comparison = stratified_difference(strata, alpha, sizes=sizes)
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


def _averaged(parts: Sequence[Summary], shares: Sequence[float]) -> Rate:
    pairs = list(zip(shares, parts, strict=True))
    terms = [share * share * part.linearised_variance for share, part in pairs]
    varying = sum(terms) > 0
    return Rate(
        rate=math.fsum(share * part.ratio for share, part in pairs),
        variance=math.fsum(terms),
        freedom=pooled_freedom(terms, [part.n - 1.0 for part in parts]) if varying else math.inf,
    )
