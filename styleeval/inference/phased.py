"""Sample-ratio mismatch over several phases, each with the exact weights it assigned with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from styleeval.inference.errors import InvalidSplit, ShapesDiffer
from styleeval.inference.mismatch import Mismatch, sample_ratio_mismatch, upper_tail

_Table = NDArray[np.float64]
# Of a covariance with a diagonal of at most 1; float64 leaves some 1e-15 where there is nothing.
_SINGULAR = 1e-9

Split = tuple[Sequence[int], Sequence[float]]
"""Visitors of each arm in one phase, and the weights that phase assigned them with."""


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
    single = tuple(
        _phase_mismatch(
            *phase, threshold=threshold, min_expected=min_expected, min_deviation=min_deviation
        )
        for phase in phases
    )
    expected = np.array([phase.expected for phase in single], np.float64)
    deviations = np.array([counts for counts, _weights in phases], np.float64) - expected
    ever = expected.sum(axis=0) > 0
    sums = _sums(expected[:, ever], deviations[:, ever])
    parts = _parts(single)
    # The same test twice, where only one phase has visitors.
    tests = 2 if np.count_nonzero(expected.sum(axis=1)) > 1 else 1
    strayed = math.isinf(parts.statistic)
    enough = strayed or (sums.freedom > 0 and expected.sum(axis=0)[ever].min() >= min_expected)
    found = strayed or any(
        tests * part.p_value < threshold and part.deviation >= min_deviation
        for part in (sums, parts)
    )
    return PhasedMismatch(
        lasting_p_value=sums.p_value,
        passing_p_value=parts.p_value,
        p_value=min(1.0, tests * min(sums.p_value, parts.p_value)),
        expected=tuple(map(float, expected.sum(axis=0))),
        largest_deviation=sums.deviation,
        phases=single,
        mismatched=bool(found) if enough else None,
    )


@dataclass(frozen=True)
class _Chi:
    """A χ² with its degrees of freedom, and how far off the split is, as a share."""

    statistic: float
    freedom: int
    deviation: float

    @property
    def p_value(self) -> float:
        return upper_tail(self.statistic, self.freedom) if self.freedom else 1.0


def _parts(single: Sequence[Mismatch]) -> _Chi:
    """Of the phases' own χ²; the deviation is the root of their mean square."""
    statistic = math.fsum(phase.statistic for phase in single)
    total = math.fsum(math.fsum(phase.expected) for phase in single)
    freedom = sum(max(0, sum(plan > 0 for plan in phase.expected) - 1) for phase in single)
    if math.isinf(statistic):
        return _Chi(statistic, max(freedom, 1), math.inf)
    return _Chi(statistic, freedom, math.sqrt(statistic / total) if total else 0.0)


def _sums(expected: _Table, deviations: _Table) -> _Chi:
    """Of deviations (phases, arms) added up over phases; the deviation is the largest arm's."""
    filled = expected.sum(axis=1) > 0
    if not filled.any():
        return _Chi(0.0, 0, 0.0)
    planned, summed = expected.sum(axis=0), deviations.sum(axis=0)
    shared = expected[filled] / np.sqrt(expected[filled].sum(axis=1))[:, None]
    scale = np.sqrt(planned)
    # Scaled to a diagonal near 1, so that what is singular does not depend on the arms' sizes.
    covariance = (np.diag(planned) - shared.T @ shared) / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(covariance)
    kept = values > _SINGULAR
    along = vectors.T @ (summed / scale)
    return _Chi(
        statistic=float(np.sum(along[kept] ** 2 / values[kept])),
        freedom=int(kept.sum()),
        deviation=float(np.max(np.abs(summed) / planned)),
    )


def _phase_mismatch(counts: Sequence[int], weights: Sequence[float], **options: float) -> Mismatch:
    """As `sample_ratio_mismatch`, where arms may have weight 0. A visitor in one is no chance."""
    present = [arm for arm, weight in enumerate(weights) if weight]
    if len(counts) != len(weights) or len(present) in (0, len(weights)):
        return sample_ratio_mismatch(counts, weights, **options)
    inside = [counts[arm] for arm in present]
    if len(present) > 1:
        shares = [weights[arm] for arm in present]
        found = sample_ratio_mismatch(inside, shares, **options)
    else:
        found = _certain(inside[0])
    expected = np.zeros(len(weights))
    expected[present] = found.expected
    found = replace(found, expected=tuple(map(float, expected)))
    if not any(count for count, weight in zip(counts, weights, strict=True) if not weight):
        return found
    return replace(
        found, statistic=math.inf, p_value=0.0, largest_deviation=math.inf, mismatched=True
    )


def _certain(visitors: int) -> Mismatch:
    """The split of a phase with one arm."""
    return Mismatch(
        statistic=0.0,
        p_value=1.0,
        expected=(float(visitors),),
        largest_deviation=0.0,
        mismatched=None,
    )
