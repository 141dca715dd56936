"""A click-through rate and the difference of two: clicks over impressions, clustered by visitor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from styleeval.inference.errors import OutOfRange, TooFewVisitors
from styleeval.inference.summary import Summary

Pair = tuple[float, float]

DELTA_WELCH: Final = "delta_welch"
"""Delta-method variances, Welch's t for the difference, a log-ratio interval for the lift."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its two-sided interval at level 1 − alpha."""

    estimate: float
    low: float
    high: float
    alpha: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Treatment against control, at a horizon fixed in advance.

    difference: treatment − control in ratio units, with standard_error and degrees_of_freedom.
    p_value: two-sided, of the difference; it decides the verdict, alone.
    lift: treatment / control − 1 (0.04 is +4 %). Its interval is taken on the LOG RATIO, so near
    p = alpha it can hold 0 where `difference` does not, or the reverse. None when a ratio is not
    above 0. method: how all this was computed.
    """

    difference: Interval
    standard_error: float
    degrees_of_freedom: float
    p_value: float
    lift: Interval | None
    method: str = DELTA_WELCH


def ratio_interval(summary: Summary, alpha: float = 0.05) -> Interval:
    """Interval of one arm's ratio: ratio ± t(n − 1) · √linearised_variance, in ratio units.

    Raises TooFewVisitors below two visitors, when Σd is 0, or when all visitors have one ratio
    (nobody clicked): a width of 0 would claim to know. Source: see `Summary.linearised_variance`.
    """
    checked_alpha(alpha)
    variance = summary.linearised_variance
    if not variance:
        raise TooFewVisitors("every visitor has the same ratio, so there is nothing to go by")
    half = _quantile(alpha, summary.n - 1) * math.sqrt(variance)
    return Interval(summary.ratio, summary.ratio - half, summary.ratio + half, alpha)


def ratio_difference(control: Summary, treatment: Summary, alpha: float = 0.05) -> Comparison:
    """Difference of two clustered ratios, treatment − control, with Welch's t and the lift.

    control, treatment: sums over different visitors; a visitor seen in both arms belongs in
    neither. Raises TooFewVisitors below two visitors an arm, when an arm's Σd is 0, or when in
    both arms all visitors have one ratio.
    Sources: variances: see `Summary.linearised_variance`. t: Welch, Biometrika 34, 1947. Degrees
    of freedom: Satterthwaite, Biometrics Bulletin 2(6), 1946.
    """
    checked_alpha(alpha)
    variances = (control.linearised_variance, treatment.linearised_variance)
    if not sum(variances):
        raise TooFewVisitors("within each arm all visitors have one ratio: nothing to go by")
    return comparison_of(
        (control.ratio, treatment.ratio),
        variances,
        (control.n - 1.0, treatment.n - 1.0),
        alpha,
        method=DELTA_WELCH,
    )


def comparison_of(
    rates: Pair, variances: Pair, freedoms: Pair, alpha: float, *, method: str
) -> Comparison:
    """The comparison of two independent rates, each given as (control, treatment).

    variances: of the rates as estimates, not both 0; freedoms: their degrees of freedom.
    """
    estimate = rates[1] - rates[0]
    error = math.sqrt(sum(variances))
    freedom = pooled_freedom(variances, freedoms)
    half = _quantile(alpha, freedom) * error
    return Comparison(
        difference=Interval(estimate, estimate - half, estimate + half, alpha),
        standard_error=error,
        degrees_of_freedom=freedom,
        p_value=_two_sided_p(estimate / error, freedom),
        lift=_lift(rates, variances, freedoms, alpha),
        method=method,
    )


def checked_alpha(alpha: float) -> float:
    """alpha itself. Raises OutOfRange unless it lies between 0 and 1."""
    if not 0 < alpha < 1:
        raise OutOfRange(f"alpha is {alpha}; it lies between 0 and 1, such as 0.05")
    return alpha


def _lift(rates: Pair, variances: Pair, freedoms: Pair, alpha: float) -> Interval | None:
    """Treatment / control − 1, its interval by the delta method on the log of the ratio.

    rates, variances, freedoms: of (control, treatment), the variances those of the rates as
    estimates. None when a rate is not above 0. Var(log R) = Var(R) / R².
    Source: Katz, Baptista, Azen & Pike, Biometrics 34(3), 1978, for proportions; here with the
    clustered variance.
    """
    control, treatment = rates
    if control <= 0 or treatment <= 0:
        return None
    relative = (variances[0] / control**2, variances[1] / treatment**2)
    half = _quantile(alpha, pooled_freedom(relative, freedoms)) * math.sqrt(sum(relative))
    centre = math.log(treatment / control)
    # A handful of visitors can leave the top open: infinity is then the answer.
    with np.errstate(over="ignore"):
        low, high = (float(np.expm1(centre + side)) for side in (-half, half))
    return Interval(treatment / control - 1, low, high, alpha)


def pooled_freedom(variances: Sequence[float], freedoms: Sequence[float]) -> float:
    """Degrees of freedom of a sum of independent variances, not all 0.

    Source: Satterthwaite, Biometrics Bulletin 2(6), 1946.
    """
    total = math.fsum(variances)
    return 1 / math.fsum(
        (variance / total) ** 2 / freedom
        for variance, freedom in zip(variances, freedoms, strict=True)
    )


def _quantile(alpha: float, freedom: float) -> float:
    """Half-width of a 1 − alpha interval in standard errors, of Student's t."""
    from scipy.special import stdtrit

    return -float(stdtrit(freedom, alpha / 2))


def _two_sided_p(t: float, freedom: float) -> float:
    from scipy.special import stdtr

    return 2 * float(stdtr(freedom, -abs(t)))
