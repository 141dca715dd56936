"""A comparison that may be looked at any time: an always-valid asymptotic confidence sequence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from styleeval.inference.errors import OutOfRange
from styleeval.inference.ratio import (
    Comparison,
    Rates,
    around,
    checked_alpha,
    lift_around,
    ratios,
)
from styleeval.inference.spending import boundary, tuned_time
from styleeval.inference.strata import Stratum, stratified_ratios
from styleeval.inference.summary import Summary

CONFIDENCE_SEQUENCE: Final = "confidence_sequence"
"""Always valid: alpha bounds the chance of ever being wrong, however often one looks."""


def sequential_difference(
    control: Summary, treatment: Summary, *, planned: int, alpha: float = 0.05
) -> Comparison:
    """Difference of two clustered ratios, treatment − control, for any number of looks.

    planned: visitors planned for both arms together, where the sequence is narrowest (1.55 times a
    fixed interval at alpha 0.05); fixed before the start. p_value is always valid: p < alpha
    exactly when the interval of the difference excludes 0. The lift's interval is a sequence of its
    own, on the log ratio. The guarantee is asymptotic: hold it back below a hundred visitors an
    arm, as `judge` does. Raises OutOfRange, and TooFewVisitors as `ratio_difference`.
    Source: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, "Time-uniform central limit theory and
    asymptotic confidence sequences", Annals of Statistics 52(6), 2024, 10.1214/24-AOS2408, eq. 9
    of arXiv 2103.06476v7; p-value: eq. 155.
    """
    return sequence_of(ratios(control, treatment), planned=planned, alpha=alpha)


def sequential_strata(
    strata: Sequence[Stratum],
    *,
    planned: int,
    alpha: float = 0.05,
    sizes: Sequence[float] | None = None,
) -> Comparison:
    """As `sequential_difference`, averaged over phases as `stratified_difference` does.

    Visitors times that average is a sum over visitors in the order they came, as is the plain one,
    so the sequence runs on through a change of weights. It follows the average effect of the
    phases so far. sizes: see `stratified_rates`.
    """
    return sequence_of(stratified_ratios(strata, sizes=sizes), planned=planned, alpha=alpha)


def sequence_of(rates: Rates, *, planned: int, alpha: float = 0.05) -> Comparison:
    """The always-valid comparison of any two rates with variances, such as CUPED's.

    Raises OutOfRange for alpha and for planned below 1.
    """
    checked_alpha(alpha)
    time = rates.visitors * tuned_time(alpha) / checked_plan(planned)
    reach = boundary(time, alpha)
    relative = rates.log_variances
    lift = None
    if relative is not None:
        lift = lift_around(rates.values, reach * math.sqrt(sum(relative)), alpha)
    return Comparison(
        difference=around(rates.difference, reach * rates.error, alpha),
        standard_error=rates.error,
        degrees_of_freedom=None,
        p_value=_always_valid_p(rates.difference / rates.error, time),
        lift=lift,
        method=CONFIDENCE_SEQUENCE,
    )


def checked_plan(planned: int) -> int:
    """planned itself. Raises OutOfRange below 1."""
    if not 1 <= planned < math.inf:
        raise OutOfRange(f"planned is {planned}; visitors planned for both arms, from 1 up")
    return planned


def _always_valid_p(z: float, time: float) -> float:
    """1 over the evidence: a mixture of likelihood ratios against no effect, at time N·ρ²."""
    evidence = z * z * time / (2 * (1 + time)) - math.log1p(time) / 2
    return math.exp(-max(0.0, evidence))
