"""Sample-ratio mismatch: did the arms receive the visitors they were promised?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from styleeval.inference.errors import InvalidSplit, OutOfRange, ShapesDiffer

_Table = NDArray[np.float64]
# Of a covariance with a diagonal of at most 1; float64 leaves some 1e-15 where there is nothing.
_SINGULAR = 1e-9

Split = tuple[Sequence[int], Sequence[float]]
"""Visitors of each arm in one phase, and the weights that phase assigned them with."""


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
        p_value = _upper_tail(statistic, len(pairs) - 1)
    undecided = not any(expected) or min(expected) < min_expected
    return Mismatch(
        statistic=statistic,
        p_value=p_value,
        expected=expected,
        largest_deviation=largest,
        mismatched=None if undecided else p_value < threshold and largest >= min_deviation,
    )


@dataclass(frozen=True, kw_only=True)
class PhasedMismatch:
    """Visitors of several phases against each phase's own planned split.

    lasting_p_value: of the visitors added up over phases, which finds one drift that goes on.
    passing_p_value: of the sum of the phases' χ², which finds what befell one phase, or what two
    phases cancel. p_value: twice the smaller, at most 1; of one phase, that phase's. expected:
    visitors planned for each arm in all. largest_deviation: as in `Mismatch`, of those sums.
    phases: each for itself, to see where. mismatched: as in `Mismatch`.
    """

    lasting_p_value: float
    passing_p_value: float
    p_value: float
    expected: tuple[float, ...]
    largest_deviation: float
    phases: tuple[Mismatch, ...]
    mismatched: bool | None


def phased_ratio_mismatch(
    phases: Sequence[Split],
    *,
    threshold: float = 0.001,
    min_expected: float = 8,
    min_deviation: float = 0.0,
) -> PhasedMismatch:
    """Hold the visitors of several phases to each one's exact weights, with one verdict.

    phases: counts and weights of each, arms in one order, weight 0 where a phase lacks an arm; a
    visitor in such an arm is a mismatch with p-value 0. Visitors that were added up do not have
    Pearson's χ² against plans that were added up: their covariance is Σ N·(diag(w) − w·wᵀ), which
    is used instead. min_deviation holds for the sums' largest deviation, and for the root mean
    square of the phases' deviations. Undecided while an arm expects fewer than min_expected in
    all. Raises as `sample_ratio_mismatch`.
    Sources: Rao, "Linear Statistical Inference", 2nd ed., 1973, §6b (χ² of multinomial
    deviations, sum of independent χ²); the two are joined by Bonferroni's bound.
    """
    if not phases:
        raise InvalidSplit("a split has at least one phase")
    if len({len(counts) for counts, _weights in phases}) > 1:
        raise ShapesDiffer("phases have different numbers of arms; give an absent arm weight 0")
    options = {"threshold": threshold, "min_expected": min_expected, "min_deviation": min_deviation}
    single = tuple(_phase_mismatch(counts, weights, **options) for counts, weights in phases)
    expected = np.array([phase.expected for phase in single], np.float64)
    deviations = np.array([counts for counts, _weights in phases], np.float64) - expected
    ever = expected.sum(axis=0) > 0
    planned, total = expected.sum(axis=0)[ever], float(expected.sum())
    statistic = math.fsum(phase.statistic for phase in single)
    freedom = sum(max(0, np.count_nonzero(phase) - 1) for phase in expected)
    lasting, passing = 1.0, 1.0
    if not math.isfinite(statistic):
        lasting = passing = 0.0
    elif freedom:
        lasting = _upper_tail(*_summed(expected[:, ever], deviations[:, ever]))
        passing = _upper_tail(statistic, freedom)
    sizes = np.abs(deviations.sum(axis=0)[ever]) / planned
    largest = float(sizes.max(initial=0.0)) if math.isfinite(statistic) else math.inf
    spread = math.sqrt(statistic / total) if total else 0.0
    tests = 2 if sum(any(row) for row in expected) > 1 else 1
    found = any(
        tests * p_value < threshold and deviation >= min_deviation
        for p_value, deviation in ((lasting, largest), (passing, spread))
    )
    enough = not math.isfinite(statistic) or (freedom and planned.min() >= min_expected)
    return PhasedMismatch(
        lasting_p_value=lasting,
        passing_p_value=passing,
        p_value=min(1.0, tests * min(lasting, passing)),
        expected=tuple(map(float, expected.sum(axis=0))),
        largest_deviation=largest,
        phases=single,
        mismatched=found if enough else None,
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


def _phase_mismatch(counts: Sequence[int], weights: Sequence[float], **options: float) -> Mismatch:
    """As `sample_ratio_mismatch`, where arms may have weight 0. A visitor in one is no chance."""
    present = [arm for arm, weight in enumerate(weights) if weight]
    if len(counts) != len(weights) or len(present) in (0, len(weights)):
        return sample_ratio_mismatch(counts, weights, **options)
    inside = [counts[arm] for arm in present]
    shares = [weights[arm] for arm in present]
    strayed = any(count for count, weight in zip(counts, weights, strict=True) if not weight)
    total = sum(inside) if len(present) == 1 else 0
    found = (
        sample_ratio_mismatch(inside, shares, **options)
        if len(present) > 1
        else Mismatch(
            statistic=0.0,
            p_value=1.0,
            expected=(float(total),),
            largest_deviation=0.0,
            mismatched=None,
        )
    )
    expected = np.zeros(len(weights))
    expected[present] = found.expected
    found = replace(found, expected=tuple(map(float, expected)))
    if not strayed:
        return found
    return replace(
        found, statistic=math.inf, p_value=0.0, largest_deviation=math.inf, mismatched=True
    )


def _summed(expected: _Table, deviations: _Table) -> tuple[float, int]:
    """χ² of deviations (phases, arms) added up over phases, and its degrees of freedom."""
    sizes = expected.sum(axis=1)
    planned = expected.sum(axis=0)
    shared = expected[sizes > 0] / np.sqrt(sizes[sizes > 0])[:, None]
    scale = np.sqrt(planned)
    # Scaled to a diagonal near 1, so that what is singular does not depend on the arms' sizes.
    covariance = (np.diag(planned) - shared.T @ shared) / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(covariance)
    kept = values > _SINGULAR
    along = vectors.T @ (deviations.sum(axis=0) / scale)
    return float(np.sum(along[kept] ** 2 / values[kept])), int(kept.sum())


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


def _upper_tail(statistic: float, freedom: int) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(freedom, statistic))
