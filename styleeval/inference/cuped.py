"""A sharper comparison from what the same visitors did before the experiment (CUPED)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from styleeval.inference.errors import InvalidSummary, ShapesDiffer, TooFewVisitors
from styleeval.inference.ratio import Comparison, Pair, Rates, comparison_of, pooled_freedom
from styleeval.inference.strata import (
    Stratum,
    stratified_difference,
    stratified_ratios,
    usable,
)
from styleeval.inference.summary import Summary

CUPED = "cuped_delta_welch"
"""As `delta_welch`, of ratios adjusted by the same visitors' ratios before the experiment."""

# A share of the unadjusted variance that float64 rounding of the sums can account for.
_NOTHING = 1e-12


@dataclass(frozen=True, kw_only=True)
class CupedSummary:
    """Sums over visitors of what they did in the experiment and before it. Two add up.

    outcome: in the experiment. covariate: before it, of the very same visitors, those unseen then
    with zeros. sum_mm, sum_md, sum_dm, sum_dd: Σ of the products of the outcome's numerator or
    denominator (first letter) with the covariate's (second). For a mean a visitor, both
    denominators are 1 (`mean_summary`). Raises InvalidSummary when they cannot belong together.
    """

    outcome: Summary
    covariate: Summary
    sum_mm: float
    sum_md: float
    sum_dm: float
    sum_dd: float

    def __post_init__(self) -> None:
        if self.outcome.n != self.covariate.n:
            raise InvalidSummary(
                f"{self.outcome.n} visitors in the experiment, {self.covariate.n} before it; "
                "visitors unseen before it count with zeros"
            )
        for name, own, other in (
            ("sum_mm", self.outcome.sum_mm, self.covariate.sum_mm),
            ("sum_md", self.outcome.sum_mm, self.covariate.sum_dd),
            ("sum_dm", self.outcome.sum_dd, self.covariate.sum_mm),
            ("sum_dd", self.outcome.sum_dd, self.covariate.sum_dd),
        ):
            value = getattr(self, name)
            # Cauchy–Schwarz, with room for rounding.
            if not math.isfinite(value) or value * value * (1 - 1e-9) > own * other:
                raise InvalidSummary(f"{name} does not fit the other sums; no visitors total so")

    @classmethod
    def of(
        cls,
        numerators: ArrayLike,
        denominators: ArrayLike,
        numerators_before: ArrayLike,
        denominators_before: ArrayLike,
    ) -> CupedSummary:
        """Summarise visitors: four arrays (n,), one element a visitor. Raises as `Summary.of`."""
        outcome = Summary.of(numerators, denominators)
        covariate = Summary.of(numerators_before, denominators_before)
        if outcome.n != covariate.n:
            raise ShapesDiffer(f"{outcome.n} visitors, {covariate.n} before; both are the same")
        m, d = np.asarray(numerators, np.float64), np.asarray(denominators, np.float64)
        before_m = np.asarray(numerators_before, np.float64)
        before_d = np.asarray(denominators_before, np.float64)
        return cls(
            outcome=outcome,
            covariate=covariate,
            sum_mm=float(m @ before_m),
            sum_md=float(m @ before_d),
            sum_dm=float(d @ before_m),
            sum_dd=float(d @ before_d),
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CupedSummary:
        """Undo `as_dict`. Raises InvalidSummary when a key is missing or unknown."""
        names = {field.name for field in fields(cls)}
        if set(values) != names:
            raise InvalidSummary(f"the keys are {sorted(names)}, not {sorted(values)}")
        own = {name: Summary.from_dict(values[name]) for name in ("outcome", "covariate")}
        return cls(**{**values, **own})

    def as_dict(self) -> dict[str, Any]:
        """The sums by name, ready for JSON; outcome and covariate as `Summary.as_dict`."""
        plain = {name: getattr(self, name) for name in ("sum_mm", "sum_md", "sum_dm", "sum_dd")}
        return {
            "outcome": self.outcome.as_dict(),
            "covariate": self.covariate.as_dict(),
            **plain,
        }

    def __add__(self, other: CupedSummary) -> CupedSummary:
        """Both sets of visitors together. A visitor must not be in both."""
        if not isinstance(other, CupedSummary):
            return NotImplemented
        return CupedSummary(
            outcome=self.outcome + other.outcome,
            covariate=self.covariate + other.covariate,
            sum_mm=self.sum_mm + other.sum_mm,
            sum_md=self.sum_md + other.sum_md,
            sum_dm=self.sum_dm + other.sum_dm,
            sum_dd=self.sum_dd + other.sum_dd,
        )

    @property
    def linearised_covariance(self) -> float:
        """Covariance of the two ratios as estimates; the companion of `linearised_variance`."""
        n, now, before = self.outcome.n, self.outcome.ratio, self.covariate.ratio
        if n < 2:
            raise TooFewVisitors(f"{n} visitors; at least 2 are needed")
        products = self.sum_mm - before * self.sum_md - now * self.sum_dm
        products += now * before * self.sum_dd
        return products * n / ((n - 1) * self.outcome.sum_d * self.covariate.sum_d)


CupedStratum = tuple[CupedSummary, CupedSummary]
"""Control and treatment of one phase, with their visitors' past."""


@dataclass(frozen=True, kw_only=True)
class CupedComparison:
    """An adjusted comparison, and what the adjustment did.

    theta: change of the outcome's ratio a unit of the covariate's; 0 where there is nothing to
    adjust by. variance_kept: of the unadjusted difference, 0..1 (about 1 − correlation²). balance:
    treatment − control of the covariate, which no picture can have moved: a p-value below 0.001
    says that the split is broken. None where the covariate has no variance.
    """

    comparison: Comparison
    theta: float
    variance_kept: float
    balance: Comparison | None


def cuped_difference(
    control: CupedSummary, treatment: CupedSummary, alpha: float = 0.05
) -> CupedComparison:
    """Difference of two ratios, treatment − control, less what the visitors' past explains of it.

    Only for visitors whose past is that of visitors of any arm alike: a phase in which every arm
    showed the originals, under the same salt, before the first styled picture. Anything the
    experiment itself can move makes the result wrong. Choose the adjusted or the plain comparison
    before the start, not by which one is significant. Raises as `ratio_difference`.
    Source: Deng, Xu, Kohavi & Walker, "Improving the sensitivity of online controlled experiments
    by utilizing pre-experiment data", WSDM 2013, 10.1145/2433396.2433413, appendix B for ratios.
    """
    return cuped_strata_difference([(control, treatment)], alpha)


def cuped_strata_difference(
    strata: Sequence[CupedStratum], alpha: float = 0.05, *, sizes: Sequence[float] | None = None
) -> CupedComparison:
    """As `cuped_difference`, averaged over phases as `stratified_difference` does; sizes: see
    `stratified_rates`. Each phase has its own θ, and `theta` is their average."""
    plain = stratified_ratios(_outcomes(strata), sizes=sizes)
    adjusted = stratified_cuped_rates(strata, sizes=sizes)
    parts = _shared(strata, sizes)
    theta = math.fsum(share * _theta(pair) for pair, share in parts)
    before = [pair for pair, _share in parts if _theta(pair)]
    return CupedComparison(
        comparison=comparison_of(adjusted, alpha),
        theta=theta,
        variance_kept=sum(adjusted.variances) / sum(plain.variances),
        balance=stratified_difference(_covariates(before), alpha) if before else None,
    )


def cuped_rates(control: CupedSummary, treatment: CupedSummary) -> Rates:
    """Both arms' adjusted ratios, also for `sequence_of`.

    Centred at the covariate of both arms together, R − θ·(C − C̄), so that each arm's rate stays in
    its own units. C̄ moves with both arms, which cancels out of the difference but not out of the
    lift: the lift's variance has that term too and is never too small for leaving it out.
    """
    return stratified_cuped_rates([(control, treatment)])


def stratified_cuped_rates(
    strata: Sequence[CupedStratum], *, sizes: Sequence[float] | None = None
) -> Rates:
    """As `cuped_rates`, averaged over phases; a phase without a past counts as it is.

    sizes: see `stratified_rates`. Raises as that.
    """
    parts = _shared(strata, sizes)
    if not any(_theta(pair) for pair, _share in parts):
        return stratified_ratios(_outcomes(strata), sizes=sizes)
    values = [math.fsum(share * _adjusted(pair, side) for pair, share in parts) for side in (0, 1)]
    terms = [
        [share * share * _variance(pair[side], 1.0, -_theta(pair)) for pair, share in parts]
        for side in (0, 1)
    ]
    freedoms = [
        pooled_freedom(terms[side], [pair[side].outcome.n - 1.0 for pair, _share in parts])
        if sum(terms[side])
        else math.inf
        for side in (0, 1)
    ]
    return Rates(
        values=(values[0], values[1]),
        variances=(math.fsum(terms[0]), math.fsum(terms[1])),
        freedoms=(freedoms[0], freedoms[1]),
        visitors=sum(arm.outcome.n for pair, _share in parts for arm in pair),
        method=CUPED,
        relative=_log_variances(parts, (values[0], values[1])),
    )


def _shared(
    strata: Sequence[CupedStratum], sizes: Sequence[float] | None
) -> list[tuple[CupedStratum, float]]:
    """Phases that have a variance, each with its share of the visitors."""
    used = usable(_outcomes(strata), sizes)
    total = math.fsum(size for _number, size in used)
    return [(strata[number], size / total) for number, size in used]


def _outcomes(strata: Sequence[CupedStratum]) -> list[Stratum]:
    return [(control.outcome, treatment.outcome) for control, treatment in strata]


def _covariates(strata: Sequence[CupedStratum]) -> list[Stratum]:
    return [(control.covariate, treatment.covariate) for control, treatment in strata]


def _theta(pair: CupedStratum) -> float:
    """The slope that leaves the least variance, over both arms; 0 where an arm has no past."""
    if not all(arm.covariate.sum_d for arm in pair):
        return 0.0
    whole = pair[0] + pair[1]
    variance = whole.covariate.linearised_variance
    return whole.linearised_covariance / variance if variance else 0.0


def _adjusted(pair: CupedStratum, side: int) -> float:
    """R − θ·(C − C̄) of one arm of a phase."""
    theta, arm = _theta(pair), pair[side]
    if not theta:
        return arm.outcome.ratio
    whole = pair[0].covariate + pair[1].covariate
    return arm.outcome.ratio - theta * (arm.covariate.ratio - whole.ratio)


def _variance(arm: CupedSummary, outcome: float, covariate: float) -> float:
    """Of outcome · R + covariate · C as an estimate."""
    own = outcome**2 * arm.outcome.linearised_variance
    if not covariate:
        return own
    added = own + covariate**2 * arm.covariate.linearised_variance
    found = added + 2 * outcome * covariate * arm.linearised_covariance
    return found if found > _NOTHING * added else 0.0


def _log_variances(parts: Sequence[tuple[CupedStratum, float]], values: Pair) -> Pair | None:
    """Each arm's part in the variance of log(treatment / control), delta method.

    With the share s of a phase and weights w of its arms in its C̄ = Σ w·C: the log moves by
    ±s·R / A, by ∓s·θ·C / A, and by s·θ·w·C·(1/Aₜ − 1/A꜀) through C̄; A the averaged rates.
    """
    if min(values) <= 0:
        return None
    found = [0.0, 0.0]
    for pair, share in parts:
        theta, seen = _theta(pair), sum(arm.covariate.sum_d for arm in pair)
        through_mean = theta * (1 / values[1] - 1 / values[0])
        for side, (arm, sign) in enumerate(zip(pair, (-1, 1), strict=True)):
            past = -sign * theta / values[side]
            if theta:
                past += through_mean * arm.covariate.sum_d / seen
            found[side] += _variance(arm, share * sign / values[side], share * past)
    return found[0], found[1]
