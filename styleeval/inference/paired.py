"""Two arms that share their visitors: a difference whose variance knows the covariance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from styleeval.inference.errors import InvalidSummary, ShapesDiffer, TooFewVisitors
from styleeval.inference.ratio import (
    Comparison,
    Interval,
    Rates,
    checked_alpha,
    pooled_freedom,
)
from styleeval.inference.result import Result, State, compare, state_of
from styleeval.inference.summary import Summary
from styleeval.sentence import said

DELTA_PAIRED: Final = "delta_paired"
"""Delta-method variances with the covariance of visitors who are in both arms, Student's t for
the difference, a log-ratio interval for the lift."""

_NOTHING: Final = 1e-12


@dataclass(frozen=True, kw_only=True)
class PairedSummary:
    """Sums over visitors who may have seen both arms, as when each tile of a page is drawn alone.

    control, treatment: each arm's sums over the visitors who saw anything of it. both: visitors
    who saw of both. sum_mm, sum_md, sum_dm, sum_dd: Σ over those of treatment × control, of their
    numerators (m) and denominators (d); sum_md is the treatment's m times the control's d.
    Raises InvalidSummary where more visitors are in both than in one.
    """

    control: Summary
    treatment: Summary
    both: int
    sum_mm: float
    sum_md: float
    sum_dm: float
    sum_dd: float

    def __post_init__(self) -> None:
        if not 0 <= self.both <= min(self.control.n, self.treatment.n):
            raise InvalidSummary(
                f"{self.both} visitors are in both arms, of {self.control.n} and {self.treatment.n}"
            )

    @classmethod
    def of(
        cls, control: tuple[ArrayLike, ArrayLike], treatment: tuple[ArrayLike, ArrayLike]
    ) -> PairedSummary:
        """Summarise visitors who all saw both arms: pairs of arrays (n,), numerators and
        denominators, the same visitor at the same place of each. Raises ShapesDiffer."""
        arrays = [np.asarray(item, np.float64) for pair in (control, treatment) for item in pair]
        if len({item.shape for item in arrays}) > 1:
            raise ShapesDiffer("all four arrays hold one number a visitor, of the same visitors")
        control_m, control_d, treatment_m, treatment_d = arrays
        return cls(
            control=Summary.of(control_m, control_d),
            treatment=Summary.of(treatment_m, treatment_d),
            both=control_m.size,
            sum_mm=float(treatment_m @ control_m),
            sum_md=float(treatment_m @ control_d),
            sum_dm=float(treatment_d @ control_m),
            sum_dd=float(treatment_d @ control_d),
        )

    @property
    def n(self) -> int:
        """Visitors in either arm, each once."""
        return self.control.n + self.treatment.n - self.both

    @property
    def covariance(self) -> float:
        """Covariance of the two ratios as estimates, delta method.

        With R a ratio and D its Σd: n / (n − 1) · Σ (m − R·d)ₜ (m − R·d)꜀ / (Dₜ D꜀), over the
        visitors of both arms; whoever is in one alone adds nothing. Raises TooFewVisitors.
        Source: as `Summary.linearised_variance`; Deng et al., KDD 2018, §3, for two ratios of one
        set of visitors.
        """
        one, other = self.treatment, self.control
        products = (
            self.sum_mm
            - other.ratio * self.sum_md
            - one.ratio * self.sum_dm
            + one.ratio * other.ratio * self.sum_dd
        )
        return self._correction * products / (one.sum_d * other.sum_d)

    @property
    def variances(self) -> tuple[float, float]:
        """Of (control, treatment) as estimates, over all visitors of either arm."""
        return self._variance(self.control), self._variance(self.treatment)

    @property
    def _correction(self) -> float:
        if self.n < 2:
            raise TooFewVisitors(f"{self.n} visitors; at least 2 are needed")
        return self.n / (self.n - 1)

    def _variance(self, arm: Summary) -> float:
        # The residuals of visitors of the other arm alone are 0, but they are visitors.
        return arm.linearised_variance * (arm.n - 1) / arm.n * self._correction


def paired_difference(strata: Sequence[PairedSummary], alpha: float = 0.05) -> Comparison:
    """Treatment − control where visitors may be in both arms, averaged over strata by visitors.

    strata: one a phase, of different visitors; those too small for a variance are left out.
    Raises TooFewVisitors when none is left, or when nothing varies.
    Sources: see `PairedSummary.covariance`; Cochran, "Sampling Techniques", 1977, ch. 5, for the
    strata; degrees of freedom after Satterthwaite, Biometrics Bulletin 2(6), 1946.
    """
    checked_alpha(alpha)
    usable = [item for item in strata if all(map(_has_variance, (item.control, item.treatment)))]
    if not usable:
        raise TooFewVisitors(said("no phase has enough visitors who saw tiles of both arms"))
    total = sum(item.n for item in usable)
    parts = [(item.n / total, item) for item in usable]
    control = math.fsum(share * item.control.ratio for share, item in parts)
    treatment = math.fsum(share * item.treatment.ratio for share, item in parts)
    absolute = _spread(parts, 1.0, 1.0)
    estimate = treatment - control
    error = math.sqrt(absolute.variance)
    half = _half_width(alpha, absolute)
    return Comparison(
        difference=Interval(estimate, estimate - half, estimate + half, alpha),
        standard_error=error,
        degrees_of_freedom=absolute.freedom,
        p_value=_two_sided_p(estimate / error, absolute.freedom),
        lift=_lift(parts, control, treatment, alpha),
        method=DELTA_PAIRED,
    )


def paired_rates(strata: Sequence[PairedSummary]) -> Rates:
    """Both arms' ratios for `judge_paired`, with the variance of their difference as one term.

    Raises as `paired_difference`.
    """
    usable = [item for item in strata if all(map(_has_variance, (item.control, item.treatment)))]
    if not usable:
        raise TooFewVisitors(said("no phase has enough visitors who saw tiles of both arms"))
    total = sum(item.n for item in usable)
    parts = [(item.n / total, item) for item in usable]
    control = math.fsum(share * item.control.ratio for share, item in parts)
    treatment = math.fsum(share * item.treatment.ratio for share, item in parts)
    absolute = _spread(parts, 1.0, 1.0)
    relative = None
    if control > 0 and treatment > 0:
        relative = (_spread(parts, control, treatment).variance, 0.0)
    return Rates(
        values=(control, treatment),
        variances=(absolute.variance, 0.0),
        freedoms=(absolute.freedom, math.inf),
        visitors=total,
        method=DELTA_PAIRED,
        relative=relative,
    )


def compare_paired(
    strata: Sequence[PairedSummary],
    *,
    alpha: float = 0.05,
    min_visitors: int = 100,
    min_converted: int = 25,
    clicked_visitors: tuple[int, int] | None = None,
) -> Result:
    """As `compare`, where visitors may be in both arms: enough data is judged arm by arm."""
    nobody = Summary(n=0, sum_m=0, sum_d=0, sum_mm=0, sum_dd=0, sum_md=0)
    whole = compare(
        sum((item.control for item in strata), start=nobody),
        sum((item.treatment for item in strata), start=nobody),
        alpha=alpha,
        min_visitors=min_visitors,
        min_converted=min_converted,
        clicked_visitors=clicked_visitors,
    )
    if whole.comparison is None:
        return whole
    try:
        comparison = paired_difference(strata, alpha)
    except TooFewVisitors as error:
        return Result(State.NOT_ENOUGH_DATA, None, (str(error),))
    return Result(state_of(comparison, alpha), comparison)


@dataclass(frozen=True)
class _Spread:
    variance: float
    freedom: float


_Parts = Sequence[tuple[float, PairedSummary]]


def _spread(parts: _Parts, control: float, treatment: float) -> _Spread:
    """Variance of the ratios' difference, each over a constant. Raises TooFewVisitors at 0."""
    terms = []
    most = 0.0
    for share, item in parts:
        of_control, of_treatment = item.variances
        alone = of_control / control**2 + of_treatment / treatment**2
        shared = 2 * item.covariance / (control * treatment)
        terms.append(share * share * max(0.0, alone - shared))
        most += share * share * alone
    variance = math.fsum(terms)
    if variance <= _NOTHING * most:
        raise TooFewVisitors(said("all visitors have one difference: nothing to go by"))
    return _Spread(variance, pooled_freedom(terms, [item.n - 1.0 for _share, item in parts]))


def _lift(parts: _Parts, control: float, treatment: float, alpha: float) -> Interval | None:
    """Treatment / control − 1 with its interval on the log of the ratio; None where one is 0."""
    if control <= 0 or treatment <= 0:
        return None
    try:
        relative = _spread(parts, control, treatment)
    except TooFewVisitors:
        return None
    half = _half_width(alpha, relative)
    centre = math.log(treatment / control)
    with np.errstate(over="ignore"):
        low, high = (float(np.expm1(centre + side)) for side in (-half, half))
    return Interval(treatment / control - 1, low, high, alpha)


def _half_width(alpha: float, spread: _Spread) -> float:
    from scipy.special import stdtrit

    return -float(stdtrit(spread.freedom, alpha / 2)) * math.sqrt(spread.variance)


def _two_sided_p(t: float, freedom: float) -> float:
    from scipy.special import stdtr

    return 2 * float(stdtr(freedom, -abs(t)))


def _has_variance(arm: Summary) -> bool:
    """Two visitors who saw something; the variance may be 0."""
    return arm.n >= 2 and arm.sum_d > 0
