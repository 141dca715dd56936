"""How good probabilities are on decisions they were not fitted on. Plain NumPy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]

Z: Final = 1.959963984540054
_LEAST_IN_BIN: Final = 15
_MOST_BINS: Final = 10
_SURE: Final = 1e-6


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Decisions with like predictions. predicted: their mean; observed: share approved, with its
    95 % Wilson interval."""

    predicted: float
    observed: float
    count: int
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A number with its 95 % interval."""

    estimate: float
    low: float
    high: float


def wilson(successes: int, count: int) -> tuple[float, float]:
    """The 95 % score interval of a share. Source: Wilson, JASA 1927."""
    share = successes / count
    middle = share + Z**2 / (2 * count)
    half = Z * math.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    below = 1 + Z**2 / count
    return max(0.0, (middle - half) / below), min(1.0, (middle + half) / below)


def reliability(chances: Floats, approved: Flags) -> tuple[Bin, ...]:
    """Bins of like size, the least likely first: ten, or fewer where they would hold under 15."""
    number = int(np.clip(len(chances) // _LEAST_IN_BIN, 1, _MOST_BINS))
    order = np.argsort(chances, kind="stable")
    return tuple(_bin(chances[part], approved[part]) for part in np.array_split(order, number))


def _bin(chances: Floats, approved: Flags) -> Bin:
    low, high = wilson(int(approved.sum()), len(approved))
    return Bin(
        predicted=float(chances.mean()),
        observed=float(approved.mean()),
        count=len(approved),
        low=low,
        high=high,
    )


def calibration_error(bins: tuple[Bin, ...]) -> float:
    """Mean distance of predicted and observed over the bins, by their counts.

    Source: Naeini et al., AAAI 2015 (expected calibration error), with bins of like size.
    """
    total = sum(item.count for item in bins)
    return sum(item.count * abs(item.predicted - item.observed) for item in bins) / total


def brier(chances: Floats, approved: Flags) -> float:
    """Mean squared error. Source: Brier, Monthly Weather Review 1950."""
    return float(np.square(chances - approved).mean())


def log_loss(chances: Floats, approved: Flags) -> float:
    """Mean of −log of the chance given to what was decided, in nats."""
    given = np.where(approved, chances, 1 - chances)
    return float(-np.log(np.clip(given, _SURE, 1)).mean())


def auc(scores: Floats, approved: Flags, weights: Floats | None = None) -> float:
    """The chance that an approved one scores above a rejected one; ties count half.

    NaN where one of both is missing. Source: Hanley & McNeil, Radiology 1982.
    """
    weight = np.ones(len(scores)) if weights is None else weights
    ranks = np.unique(scores, return_inverse=True)[1]
    return _auc(ranks, approved, weight)


def _auc(ranks: Indices, approved: Flags, weights: Floats) -> float:
    yes = np.bincount(ranks, weights * approved)
    no = np.bincount(ranks, weights * ~approved)
    pairs = yes.sum() * no.sum()
    if not pairs:
        return math.nan
    return float((yes * (np.cumsum(no) - no / 2)).sum() / pairs)


def auc_over_groups(
    scores: Floats, approved: Flags, groups: Indices, *, draws: int, seed: int
) -> Spread:
    """AUC with a percentile bootstrap interval, whole groups drawn.

    groups: (n,) whole numbers from 0. Source: Field & Welsh, JRSS B 2007 (cluster bootstrap).
    """
    ranks = np.unique(scores, return_inverse=True)[1]
    rng = np.random.default_rng(seed)
    number = int(groups.max()) + 1
    found = []
    for _ in range(draws):
        times = np.bincount(rng.integers(number, size=number), minlength=number)
        found.append(_auc(ranks, approved, times[groups].astype(np.float64)))
    low, high = np.nanpercentile(found, [2.5, 97.5])
    return Spread(estimate=auc(scores, approved), low=float(low), high=float(high))
