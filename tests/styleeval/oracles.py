"""The same sums as gbstats 0.8.0 and tea-tasting 1.14.0 take them, and visitors to sum."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import tea_tasting.aggr
from gbstats.models.statistics import RatioStatistic, SampleMeanStatistic
from hypothesis import settings

from styleeval.inference import CupedSummary, Summary

Array = np.ndarray

steady = settings(deadline=None, derandomize=True, max_examples=60)
"""For properties: the same examples each time, however busy the machine."""


def crowd(n: int, seed: int, *, appeal: float = 1.0) -> tuple[Array, Array]:
    """Clicks and viewable impressions a visitor, (n,) each; the same seed, the same people."""
    rng = np.random.default_rng(seed)
    impressions = rng.poisson(rng.gamma(2.0, 3.0, n))
    return rng.binomial(impressions, appeal * rng.beta(1.0, 9.0, n)), impressions


def regulars(
    n: int, seed: int, *, appeal: float = 1.0, spread: float = 0.3
) -> tuple[Array, Array, Array, Array]:
    """Clicks and impressions now and before, (n,) each; a visitor's taste stays their own."""
    rng = np.random.default_rng(seed)
    rate = rng.beta(spread, 4 * spread, n)
    seen, seen_before = rng.poisson(9, n) + 1, rng.poisson(15, n) + 1
    clicks = rng.binomial(seen, appeal * rate)
    return clicks, seen, rng.binomial(seen_before, rate), seen_before


def summary(n: int, seed: int, *, appeal: float = 1.0) -> Summary:
    return Summary.of(*crowd(n, seed, appeal=appeal))


def gb_ratio(arm: Summary) -> RatioStatistic:
    return RatioStatistic(
        n=arm.n,
        m_statistic=SampleMeanStatistic(n=arm.n, sum=arm.sum_m, sum_squares=arm.sum_mm),
        d_statistic=SampleMeanStatistic(n=arm.n, sum=arm.sum_d, sum_squares=arm.sum_dd),
        m_d_sum_of_products=arm.sum_md,
    )


def tea_aggregates(**columns: Sequence[float] | Array) -> tea_tasting.aggr.Aggregates:
    """Columns of visitors as tea-tasting aggregates them itself."""
    arrays = {name: np.asarray(values, np.float64) for name, values in columns.items()}
    return tea_tasting.aggr.Aggregates(
        count_=len(next(iter(arrays.values()))),
        mean_={name: float(values.mean()) for name, values in arrays.items()},
        var_={name: float(values.var(ddof=1)) for name, values in arrays.items()},
        cov_={
            (one, other): float(np.cov(arrays[one], arrays[other])[0, 1])
            for one, other in combinations(arrays, 2)
        },
    )


def tea_cuped(people: tuple[Array, Array, Array, Array]) -> tea_tasting.aggr.Aggregates:
    names = ("clicks", "seen", "clicks_before", "seen_before")
    return tea_aggregates(**dict(zip(names, people, strict=True)))


def cuped(people: tuple[Array, Array, Array, Array]) -> CupedSummary:
    return CupedSummary.of(*people)
