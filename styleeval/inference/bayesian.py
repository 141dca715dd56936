"""The lift as a posterior: chance to win, expected loss of either choice, credible interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from styleeval.inference.errors import OutOfRange, TooFewVisitors
from styleeval.inference.ratio import Interval, Rates, around, checked_alpha, ratios
from styleeval.inference.strata import Stratum, stratified_ratios
from styleeval.inference.summary import Summary


@dataclass(frozen=True, kw_only=True)
class Prior:
    """What is believed of a lift before any visitor came: normal, with mean and deviation.

    deviation is the standard deviation, in units of the lift (0.3 is 30 %). Raises OutOfRange
    unless it is finite and above 0: a flat prior has no probability to speak of.
    """

    mean: float = 0.0
    deviation: float = 0.3

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean) and math.isfinite(self.deviation) and self.deviation > 0):
            raise OutOfRange(
                f"the prior has mean {self.mean} and standard deviation {self.deviation}; "
                "both are finite, and the deviation is above 0, such as 0.3"
            )


DEFAULT_PRIOR: Final = Prior()
"""N(0, 0.3²) on the lift, as GrowthBook documents its proper prior (statistics/details)."""


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """What is believed of the lift after the data.

    lift: (treatment − control) / |control|, its mean and equal-tailed credible interval; deviation:
    its standard deviation. chance_to_win: P(lift > 0). loss_of_treatment: E[max(0, −lift)], what
    shipping the treatment costs on average over what may be true; loss_of_control:
    E[max(0, lift)], the same of keeping the originals. Both in units of the lift.
    """

    lift: Interval
    deviation: float
    chance_to_win: float
    loss_of_treatment: float
    loss_of_control: float
    prior: Prior


def lift_posterior(
    control: Summary, treatment: Summary, *, prior: Prior = DEFAULT_PRIOR, alpha: float = 0.05
) -> Posterior:
    """The lift's posterior for one phase, by the normal approximation of its likelihood.

    Needs the same data as a verdict: show it where `compare` does not say not_enough_data.
    It does not license stopping when it looks good; see docs/inference.md. Raises TooFewVisitors
    below two visitors an arm, without impressions, when no visitor differs from another, or when
    the control's ratio is 0.
    Source: conjugate normal posterior, Gelman et al., "Bayesian Data Analysis", 3rd ed., §2.5; the
    lift's variance by the delta method, v_t / R_c² + v_c · R_t² / R_c⁴.
    """
    return posterior_of(ratios(control, treatment), prior=prior, alpha=alpha)


def stratified_lift_posterior(
    strata: Sequence[Stratum],
    *,
    prior: Prior = DEFAULT_PRIOR,
    alpha: float = 0.05,
    sizes: Sequence[float] | None = None,
) -> Posterior:
    """As `lift_posterior`, of rates averaged over phases; sizes: see `stratified_rates`."""
    return posterior_of(stratified_ratios(strata, sizes=sizes), prior=prior, alpha=alpha)


def posterior_of(rates: Rates, *, prior: Prior = DEFAULT_PRIOR, alpha: float = 0.05) -> Posterior:
    """The lift's posterior from any two rates with variances, such as CUPED's."""
    control, treatment = rates.values
    if not control:
        raise TooFewVisitors("the control's ratio is 0, and nothing is a share of that")
    # |control|: of a negative baseline the smaller loss is the gain.
    observed = (treatment - control) / abs(control)
    variance = (rates.variances[1] + rates.variances[0] * (treatment / control) ** 2) / control**2
    if rates.relative is not None:
        variance = sum(rates.relative) * (treatment / control) ** 2
    precision = 1 / variance + 1 / prior.deviation**2
    mean = (observed / variance + prior.mean / prior.deviation**2) / precision
    return _described(mean, math.sqrt(1 / precision), prior, checked_alpha(alpha))


def _described(mean: float, deviation: float, prior: Prior, alpha: float) -> Posterior:
    from scipy.special import ndtr, ndtri

    half = -float(ndtri(alpha / 2)) * deviation
    return Posterior(
        lift=around(mean, half, alpha),
        deviation=deviation,
        chance_to_win=float(ndtr(mean / deviation)),
        loss_of_treatment=expected_shortfall(mean, deviation),
        loss_of_control=expected_shortfall(-mean, deviation),
        prior=prior,
    )


def expected_shortfall(mean: float, deviation: float) -> float:
    """E[max(0, −x)] of a normal x: deviation · (φ(z) − z · Φ(−z)) with z = mean / deviation.

    Never negative and finite however far 0 lies in the tail, where a probability times the mean of
    a truncated normal is 0 · ∞. Source: the normal loss integral, Raiffa & Schlaifer, "Applied
    Statistical Decision Theory", 1961, §11.2.
    """
    from scipy.special import erfcx, ndtr

    z = mean / deviation
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    if z <= 0:
        return float(deviation * (density - z * ndtr(-z)))
    # Φ(−z) / φ(z) is Mills' ratio; taken from its scaled function, nothing underflows early.
    mills = math.sqrt(math.pi / 2) * float(erfcx(z / math.sqrt(2)))
    return deviation * density * max(0.0, 1 - z * mills)
