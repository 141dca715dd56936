"""A click-through rate and the difference of two: clicks over impressions, clustered by visitor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from styleeval.inference.errors import OutOfRange, TooFewVisitors
from styleeval.inference.summary import Summary
from styleeval.sentence import said

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
    """Treatment against control. method: how; it says too for how many looks the numbers hold.

    difference: treatment − control in the rate's units, with standard_error and degrees_of_freedom
    (None where no t is in it). p_value: two-sided, of the difference; it alone decides the verdict.
    lift: treatment / control − 1 (0.04 is +4 %). Its interval is taken on the LOG RATIO, so near
    p = alpha it can hold 0 where `difference` does not, or the reverse. None when a rate is not
    above 0: the sign of a change of a negative rate says nothing.
    """

    difference: Interval
    standard_error: float
    degrees_of_freedom: float | None
    p_value: float
    lift: Interval | None
    method: str = DELTA_WELCH


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Two independent rates as estimates; each pair is (control, treatment).

    variances: of the rates as estimates; freedoms: their degrees of freedom. visitors: in both arms
    together. relative: variances of the logarithms that a lift rests on, where they are not
    variances / values².
    """

    values: Pair
    variances: Pair
    freedoms: Pair
    visitors: int
    method: str
    relative: Pair | None = None

    def __post_init__(self) -> None:
        if not sum(self.variances):
            raise TooFewVisitors(
                said("within each arm all visitors have one ratio: nothing to go by")
            )

    @property
    def difference(self) -> float:
        """Treatment − control."""
        return self.values[1] - self.values[0]

    @property
    def error(self) -> float:
        """Standard error of the difference."""
        return math.sqrt(sum(self.variances))

    @property
    def log_variances(self) -> Pair | None:
        """Variances of the rates' logarithms, None when a rate is not above 0."""
        if min(self.values) <= 0:
            return None
        if self.relative is not None:
            return self.relative
        # Var(log R) = Var(R) / R²
        return (
            self.variances[0] / self.values[0] ** 2,
            self.variances[1] / self.values[1] ** 2,
        )


def ratio_interval(summary: Summary, alpha: float = 0.05) -> Interval:
    """Interval of one arm's ratio: ratio ± t(n − 1) · √linearised_variance, in ratio units.

    Raises TooFewVisitors below two visitors, when Σd is 0, or when all visitors have one ratio
    (nobody clicked): a width of 0 would claim to know. Source: see `Summary.linearised_variance`.
    """
    checked_alpha(alpha)
    variance = summary.linearised_variance
    if not variance:
        raise TooFewVisitors(said("every visitor has the same ratio, so there is nothing to go by"))
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
    return comparison_of(ratios(control, treatment), alpha)


def ratios(control: Summary, treatment: Summary) -> Rates:
    """Both arms' ratios with their variances. Raises as `ratio_difference`."""
    return Rates(
        values=(control.ratio, treatment.ratio),
        variances=(control.linearised_variance, treatment.linearised_variance),
        freedoms=(control.n - 1.0, treatment.n - 1.0),
        visitors=control.n + treatment.n,
        method=DELTA_WELCH,
    )


def comparison_of(rates: Rates, alpha: float) -> Comparison:
    """Welch's comparison of two rates, for one look. Raises OutOfRange for alpha."""
    checked_alpha(alpha)
    freedom = pooled_freedom(rates.variances, rates.freedoms)
    half = _quantile(alpha, freedom) * rates.error
    return Comparison(
        difference=around(rates.difference, half, alpha),
        standard_error=rates.error,
        degrees_of_freedom=freedom,
        p_value=_two_sided_p(rates.difference / rates.error, freedom),
        lift=_lift(rates, alpha),
        method=rates.method,
    )


def around(estimate: float, half: float, alpha: float) -> Interval:
    """The interval estimate ± half."""
    return Interval(estimate, estimate - half, estimate + half, alpha)


def lift_around(values: Pair, half: float, alpha: float) -> Interval:
    """Treatment / control − 1, half being the half-width on the log of the ratio; both above 0."""
    control, treatment = values
    centre = math.log(treatment / control)
    # A handful of visitors can leave the top open: infinity is then the answer.
    with np.errstate(over="ignore"):
        low, high = (float(np.expm1(centre + side)) for side in (-half, half))
    return Interval(treatment / control - 1, low, high, alpha)


def checked_alpha(alpha: float) -> float:
    """alpha itself. Raises OutOfRange unless it lies between 0 and 1."""
    if not 0 < alpha < 1:
        raise OutOfRange(f"alpha is {alpha}; it lies between 0 and 1, such as 0.05")
    return alpha


def _lift(rates: Rates, alpha: float) -> Interval | None:
    """The lift with its interval by the delta method on the log of the ratio.

    Source: Katz, Baptista, Azen & Pike, Biometrics 34(3), 1978, for proportions; here with the
    clustered variance.
    """
    relative = rates.log_variances
    if relative is None:
        return None
    freedom = pooled_freedom(relative, rates.freedoms)
    half = _quantile(alpha, freedom) * math.sqrt(sum(relative))
    return lift_around(rates.values, half, alpha)


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
