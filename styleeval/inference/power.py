"""Before the start: how many visitors and days an effect needs, and what a number of them shows."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from styleeval.inference.errors import OutOfRange, TooFewVisitors
from styleeval.inference.ratio import checked_alpha, pooled_freedom
from styleeval.inference.summary import Summary
from styleeval.sentence import said

# More visitors than there are people: no plan.
_MOST = 1e11


@dataclass(frozen=True, kw_only=True)
class Design(ABC):
    """What is known of a metric before the start. treatment_share: of visitors, inside 0..1."""

    treatment_share: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.treatment_share < 1:
            raise OutOfRange(f"treatment_share is {self.treatment_share}; it lies between 0 and 1")

    @property
    @abstractmethod
    def largest_lift(self) -> float:
        """No treatment can lift the metric beyond; infinity where there is no such bound."""

    @abstractmethod
    def power(self, lift: float, visitors: float, alpha: float) -> float:
        """Chance that the test at alpha says it differs. visitors: of both arms, 4 or more."""

    def arms(self, visitors: float) -> tuple[float, float]:
        """Visitors of (control, treatment)."""
        return visitors * (1 - self.treatment_share), visitors * self.treatment_share


@dataclass(frozen=True, kw_only=True)
class RatioDesign(Design):
    """A ratio clustered by visitor, or a mean. variance: of one visitor, linearised, in ratio².

    variance_growth: the treatment's variance is (1 + lift) to this power as great as the
    control's. Where clicks come by chance alone it is 1, where visitors differ in eagerness and a
    lift scales each one's, 2; the default lies between and came within a point of the power
    simulated for both (docs/benchmarks.md). 0 is the textbooks' equal variance, which promises four
    to six points too much at a lift of 15 %.
    """

    ratio: float
    variance: float
    variance_growth: float = 1.5

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("ratio", "variance"):
            if not 0 < getattr(self, name) < math.inf:
                raise OutOfRange(f"{name} is {getattr(self, name)}; it is a number above 0")

    @classmethod
    def from_pilot(
        cls,
        pilot: Summary,
        *,
        treatment_share: float = 0.5,
        min_visitors: int = 100,
        min_converted: int = 25,
    ) -> RatioDesign:
        """From visitors like those to come, each followed for as long as they will be.

        Visitors of one day have fewer impressions than visitors of two weeks, and other variances.
        Raises TooFewVisitors below the minima (Σm stands in for converted visitors) or without
        variance.
        """
        if pilot.n < min_visitors or pilot.sum_m < min_converted:
            raise TooFewVisitors(
                said(
                    "the pilot has {visitors} of {min_visitors} visitors and {clicks:g} of "
                    "{min_converted} clicks; a plan made of it would be a guess",
                    visitors=pilot.n,
                    min_visitors=min_visitors,
                    clicks=pilot.sum_m,
                    min_converted=min_converted,
                )
            )
        if not pilot.linearised_variance:
            raise TooFewVisitors("every visitor has the same ratio, so there is nothing to go by")
        return cls(
            ratio=pilot.ratio,
            variance=pilot.n * pilot.linearised_variance,
            treatment_share=treatment_share,
        )

    @property
    def largest_lift(self) -> float:
        return math.inf

    def power(self, lift: float, visitors: float, alpha: float) -> float:
        """Of Welch's t, by the noncentral t."""
        from scipy.special import nctdtr, stdtrit

        arms = self.arms(visitors)
        growth = (1 + lift) ** self.variance_growth
        variances = [self.variance / arms[0], self.variance * growth / arms[1]]
        freedom = pooled_freedom(variances, [arm - 1 for arm in arms])
        critical = -float(stdtrit(freedom, alpha / 2))
        away = abs(self.ratio * lift) / math.sqrt(sum(variances))
        # As a mirrored lower tail, which keeps its digits where 1 − a value near 1 would not.
        right = float(nctdtr(freedom, -away, -critical))
        wrong = float(nctdtr(freedom, away, -critical))
        # SciPy 1.17 has NaN in place of a chance below 1e-10.
        return right if math.isnan(wrong) else right + wrong


@dataclass(frozen=True, kw_only=True)
class ProportionDesign(Design):
    """A share of visitors, such as those who click at all; share: the control's, inside 0..1."""

    share: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.share < 1:
            raise OutOfRange(f"share is {self.share}; it lies between 0 and 1")

    @property
    def largest_lift(self) -> float:
        return 1 / self.share - 1

    def power(self, lift: float, visitors: float, alpha: float) -> float:
        """Of the z with the pooled share, as `proportion_difference` tests.

        Source: Fleiss, Levin & Paik, "Statistical methods for rates and proportions", 2003, ch. 4.
        """
        from scipy.special import ndtr, ndtri

        other = min(1.0, self.share * (1 + lift))
        control, treatment = self.arms(visitors)
        pooled = self.share + self.treatment_share * (other - self.share)
        null = math.sqrt(pooled * (1 - pooled) * (1 / control + 1 / treatment))
        error = math.sqrt(self.share * (1 - self.share) / control + other * (1 - other) / treatment)
        away, reach = abs(other - self.share), -float(ndtri(alpha / 2)) * null
        return float(ndtr((away - reach) / error) + ndtr((-away - reach) / error))


def power_of(design: Design, lift: float, visitors: int, *, alpha: float = 0.05) -> float:
    """Chance, 0..1, that visitors (of both arms) show a lift (0.05 is +5 %, −0.05 less) to exist.

    alpha: of a single test; plan for `judge` with `alpha_at_end`, or the end is short of power.
    Raises OutOfRange.
    """
    _check(design, lift, alpha)
    _check_visitors(design, visitors)
    return design.power(lift, visitors, alpha)


def visitors_for(design: Design, lift: float, *, power: float = 0.8, alpha: float = 0.05) -> int:
    """Visitors of both arms that show a lift, not 0, with the given chance; alpha: see `power_of`.

    Raises OutOfRange, also when no number of visitors that a shop could have is enough.
    """
    from scipy.optimize import brentq

    _check(design, lift, alpha)
    _check_power(power, alpha)
    if not lift:
        raise OutOfRange(said("lift is 0; no number of visitors shows what is not there"))

    def missing(visitors: float) -> float:
        return power - design.power(lift, visitors, alpha)

    low = high = _fewest(design)
    if missing(low) <= 0:
        return math.ceil(low)
    while missing(high) > 0:
        high *= 4
        if high > _MOST:
            raise OutOfRange(
                said("a lift of {lift:g} needs more visitors than there are", lift=lift)
            )
    return math.ceil(float(brentq(missing, low, high, xtol=1e-6, rtol=1e-13)))


def smallest_lift(
    design: Design, visitors: int, *, power: float = 0.8, alpha: float = 0.05
) -> float:
    """The minimum detectable effect: the least lift above 0 that visitors show with that chance.

    Raises TooFewVisitors when not even the largest lift possible would show. alpha: see `power_of`.
    """
    from scipy.optimize import brentq

    _check(design, 0.0, alpha)
    _check_power(power, alpha)
    _check_visitors(design, visitors)

    def missing(lift: float) -> float:
        return power - design.power(lift, visitors, alpha)

    high = min(1.0, design.largest_lift)
    while missing(high) > 0:
        if high >= design.largest_lift or high > _MOST:
            raise TooFewVisitors(
                said("{visitors} visitors would not show any lift there can be", visitors=visitors)
            )
        high = min(high * 4, design.largest_lift)
    return float(brentq(missing, 0.0, high, xtol=1e-14, rtol=1e-13))


def days_for(visitors: int, daily_visitors: float) -> int:
    """Whole days until so many have come. daily_visitors: enrolled and NEW a day, in both arms.

    Visitors who return count once, so new ones a day fall as an experiment runs: take the mean over
    as many days as it is to last. Raises OutOfRange.
    """
    if not (daily_visitors > 0 and math.isfinite(daily_visitors)):
        raise OutOfRange(f"daily_visitors is {daily_visitors}; without any, no day is the last")
    return max(1, math.ceil(visitors / daily_visitors))


def _check(design: Design, lift: float, alpha: float) -> None:
    checked_alpha(alpha)
    if not -1 <= lift <= design.largest_lift or math.isinf(lift):
        raise OutOfRange(
            said(
                "lift is {lift}; it lies from −1 to {largest:g}",
                lift=lift,
                largest=design.largest_lift,
            )
        )


def _check_power(power: float, alpha: float) -> None:
    if not alpha < power < 1:
        raise OutOfRange(
            said(
                "power is {power}; it lies between alpha ({alpha}) and 1", power=power, alpha=alpha
            )
        )


def _check_visitors(design: Design, visitors: int) -> None:
    if not visitors >= _fewest(design):
        raise OutOfRange(f"{visitors} visitors; a variance needs two in each arm")


def _fewest(design: Design) -> float:
    """Visitors that give each arm two."""
    return 2 / min(design.treatment_share, 1 - design.treatment_share)
