"""Sample-ratio mismatch: did the arms receive the visitors they were promised?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from styleeval.inference.errors import InvalidSplit, OutOfRange, ShapesDiffer


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """Visitors an arm against the planned split.

    statistic: Pearson's χ² with one degree of freedom less than arms, and its p_value. expected:
    visitors planned for each arm. largest_deviation: the greatest |visitors − expected| / expected.
    mismatched: None while there are too few visitors to say. When True, no effect of the
    experiment can be trusted before the cause is found.
    """

    statistic: float
    p_value: float
    expected: tuple[float, ...]
    largest_deviation: float
    mismatched: bool | None


def sample_ratio_mismatch(
    counts: Sequence[int],
    weights: Sequence[float],
    *,
    threshold: float = 0.001,
    min_expected: float = 8,
    min_deviation: float = 0.0,
) -> Mismatch:
    """Hold the visitors of each arm to the weights they were assigned with.

    counts: visitors assigned and rendered, never impressions; an arm without visitors counts as 0.
    weights: the exact planned shares, above 0, in any unit. Mismatched is a p-value below
    threshold with some arm at least min_deviation (a share, 0.01 is 1 %) off; at millions of
    visitors a harmless drift is significant. Undecided while an arm expects fewer than
    min_expected. Raises ShapesDiffer and InvalidSplit.
    Source: Fabijan et al., "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments",
    KDD 2019, 10.1145/3292500.3330722. Defaults: those of GrowthBook's health check.
    """
    expected = _expected(counts, weights)
    statistic, largest, p_value = 0.0, 0.0, 1.0
    if any(expected):
        pairs = tuple(zip(counts, expected, strict=True))
        statistic = math.fsum((float(count) - plan) ** 2 / plan for count, plan in pairs)
        largest = max(abs(float(count) - plan) / plan for count, plan in pairs)
        p_value = upper_tail(statistic, len(pairs) - 1)
    undecided = not any(expected) or min(expected) < min_expected
    return Mismatch(
        statistic=statistic,
        p_value=p_value,
        expected=expected,
        largest_deviation=largest,
        mismatched=None if undecided else p_value < threshold and largest >= min_deviation,
    )


def detection_chance(
    visitors: int,
    planned: Sequence[float],
    actual: Sequence[float],
    *,
    threshold: float = 0.001,
) -> float:
    """How often `sample_ratio_mismatch` finds an actual split that is not the planned one.

    planned, actual: shares of each arm, in any unit. Of the noncentral χ² with N·Σ(a − w)² / w; a
    split of 50.5 to 49.5 among 100,000 visitors is found 45 % of the time at 0.001. Raises
    ShapesDiffer, InvalidSplit and OutOfRange.
    Source: Cohen, "Statistical Power Analysis for the Behavioral Sciences", 2nd ed., 1988, ch. 7.
    """
    from scipy.special import chdtri, chndtr

    if not 0 < threshold < 1:
        raise OutOfRange(f"threshold is {threshold}; it lies between 0 and 1, such as 0.001")
    if len(planned) != len(actual):
        raise ShapesDiffer(f"{len(planned)} planned shares, {len(actual)} actual ones")
    none = [0] * len(planned)
    for shares in (planned, actual):
        _expected(none, shares)
    plan, truth = (
        np.asarray(shares, np.float64) / math.fsum(shares) for shares in (planned, actual)
    )
    centre = visitors * float(np.sum((truth - plan) ** 2 / plan))
    freedom = len(planned) - 1
    return 1 - float(chndtr(chdtri(freedom, threshold), freedom, centre))


def _expected(counts: Sequence[int], weights: Sequence[float]) -> tuple[float, ...]:
    """The visitors planned for each arm, normalising the weights."""
    if len(counts) != len(weights):
        raise ShapesDiffer(f"{len(counts)} counts, {len(weights)} weights; one of each an arm")
    if len(counts) < 2:
        raise InvalidSplit("a split has at least two arms")
    for count in counts:
        if not (math.isfinite(count) and count >= 0 and count == int(count)):
            raise InvalidSplit(f"an arm has {count} visitors; they are counted from 0 up")
    for weight in weights:
        if not (math.isfinite(weight) and weight > 0):
            raise InvalidSplit(f"an arm has the weight {weight}; leave out arms that get nobody")
    total, whole = math.fsum(counts), math.fsum(weights)
    return tuple(float(total * (weight / whole)) for weight in weights)


def upper_tail(statistic: float, freedom: int) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(freedom, statistic))
