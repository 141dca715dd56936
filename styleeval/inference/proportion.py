"""Shares of visitors, such as those who clicked at all, and the difference of two."""

from __future__ import annotations

import math
from dataclasses import dataclass

from styleeval.inference.errors import InvalidSummary, TooFewVisitors
from styleeval.inference.ratio import Comparison, Interval, checked_alpha, lift_around
from styleeval.inference.result import Result, State, state_of
from styleeval.sentence import said

NEWCOMBE = "newcombe"
"""Newcombe's interval for the difference, a pooled z for the p-value, a log-ratio lift."""


@dataclass(frozen=True, kw_only=True)
class Proportion:
    """Visitors of whom some did it once or more. Two add up. Raises InvalidSummary."""

    visitors: int
    successes: int

    def __post_init__(self) -> None:
        for count in (self.visitors, self.successes):
            if not (math.isfinite(count) and count == int(count)):
                raise InvalidSummary(f"{count} visitors; they are counted in whole numbers")
        if not 0 <= self.successes <= self.visitors:
            raise InvalidSummary(f"{self.successes} successes among {self.visitors} visitors")

    def __add__(self, other: Proportion) -> Proportion:
        """Both sets of visitors together. A visitor must not be in both."""
        if not isinstance(other, Proportion):
            return NotImplemented
        return Proportion(
            visitors=self.visitors + other.visitors, successes=self.successes + other.successes
        )

    @property
    def share(self) -> float:
        """Successes over visitors, 0..1. Raises TooFewVisitors when there is nobody."""
        if not self.visitors:
            raise TooFewVisitors("there is no visitor to have a share of")
        return self.successes / self.visitors

    @property
    def variance(self) -> float:
        """Of the share as an estimate: p(1 − p) / n. Raises TooFewVisitors as `share`."""
        return self.share * (1 - self.share) / self.visitors


def proportion_interval(proportion: Proportion, alpha: float = 0.05) -> Interval:
    """Wilson's score interval, within 0..1 and open to doubt even at 0 or all.

    Raises TooFewVisitors without a visitor, OutOfRange for alpha.
    Source: Wilson, "Probable inference", JASA 22(158), 1927, 10.1080/01621459.1927.10502953.
    """
    n, share, z = proportion.visitors, proportion.share, _quantile(alpha)
    whole = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / whole
    half = z / whole * math.sqrt(proportion.variance + z * z / (4 * n * n))
    # At 0 and at all, the limit is exactly there; rounding must not put it beyond.
    low = 0.0 if not proportion.successes else centre - half
    high = 1.0 if proportion.successes == n else centre + half
    return Interval(share, low, high, alpha)


def proportion_difference(
    control: Proportion, treatment: Proportion, alpha: float = 0.05
) -> Comparison:
    """Difference of two shares, treatment − control, within −1..1.

    Interval: Newcombe's hybrid of Wilson's, good from a handful of visitors on. p-value: z with the
    pooled share, without continuity correction, which is Pearson's χ². standard_error: unpooled.
    Lift: on the log ratio (Katz). Raises TooFewVisitors when an arm is empty, or when in both arms
    together nobody did it or everybody.
    Source: Newcombe, "Interval estimation for the difference between independent proportions",
    Statistics in Medicine 17, 1998, method 10.
    """
    low_c, high_c = _reach(control, alpha)
    low_t, high_t = _reach(treatment, alpha)
    estimate = treatment.share - control.share
    interval = Interval(
        estimate, estimate - math.hypot(low_t, high_c), estimate + math.hypot(high_t, low_c), alpha
    )
    return Comparison(
        difference=interval,
        standard_error=math.sqrt(control.variance + treatment.variance),
        degrees_of_freedom=None,
        p_value=_pooled_p(control, treatment),
        lift=_lift(control, treatment, alpha),
        method=NEWCOMBE,
    )


def compare_proportions(
    control: Proportion,
    treatment: Proportion,
    *,
    alpha: float = 0.05,
    min_visitors: int = 100,
    min_converted: int = 25,
) -> Result:
    """Judge one share against another, once, at the end; enough data as in `compare`.

    Visitors who did not do it are needed as much as those who did.
    """
    checked_alpha(alpha)
    reasons = tuple(
        f"{name} has {count} of {least} {what}"
        for name, arm in (("control", control), ("treatment", treatment))
        for what, count, least in (
            ("visitors", arm.visitors, min_visitors),
            ("visitors who did it", arm.successes, min_converted),
            ("visitors who did not", arm.visitors - arm.successes, min_converted),
        )
        if count < least
    )
    if reasons:
        return Result(State.NOT_ENOUGH_DATA, None, reasons)
    try:
        comparison = proportion_difference(control, treatment, alpha)
    except TooFewVisitors as error:
        return Result(State.NOT_ENOUGH_DATA, None, (str(error),))
    return Result(state_of(comparison, alpha), comparison)


def _reach(proportion: Proportion, alpha: float) -> tuple[float, float]:
    """From the share down to Wilson's low limit, and up to the high one."""
    interval = proportion_interval(proportion, alpha)
    return interval.estimate - interval.low, interval.high - interval.estimate


def _pooled_p(control: Proportion, treatment: Proportion) -> float:
    from scipy.special import ndtr

    pooled = (control + treatment).share
    per_visitor = 1 / control.visitors + 1 / treatment.visitors
    error = math.sqrt(pooled * (1 - pooled) * per_visitor)
    if not error:
        raise TooFewVisitors(said("nobody did it, or everybody: nothing to go by"))
    return 2 * float(ndtr(-abs(treatment.share - control.share) / error))


def _lift(control: Proportion, treatment: Proportion, alpha: float) -> Interval | None:
    if not (control.successes and treatment.successes):
        return None
    relative = sum(arm.variance / arm.share**2 for arm in (control, treatment))
    half = _quantile(alpha) * math.sqrt(relative)
    return lift_around((control.share, treatment.share), half, alpha)


def _quantile(alpha: float) -> float:
    from scipy.special import ndtri

    return -float(ndtri(checked_alpha(alpha) / 2))
