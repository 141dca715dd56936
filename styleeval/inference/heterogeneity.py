"""How much do true effects differ? Between-product variance: estimate, interval, posterior."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from styleeval.inference.ratio import checked_alpha

Vector = NDArray[np.float64]

SPREAD_PRIOR: Final = 1.0
"""Scale of the half-normal prior on the standard deviation between products, in log lifts."""

_COARSE, _FINE = 96, 96
# Of the log posterior: what is this far below the top weighs nothing.
_NEGLIGIBLE = 12.0
_WIDEST = 2 * SPREAD_PRIOR


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Standard deviations τ between products, with the posterior weight of each; they sum to 1."""

    deviations: Vector
    weights: Vector


def paule_mandel(effects: Vector, variances: Vector, design: Vector | None = None) -> float:
    """Between-product variance τ² at which Cochran's Q is its expectation; 0 when Q is below.

    effects, variances: (k,) of independent estimates. design: (k, p) regressors with their
    constant; None is the constant alone. Source: Paule & Mandel, Journal of Research of the NBS
    87(5), 1982; recommended by Veroniki et al., Research Synthesis Methods 7(1), 2016.
    """
    columns = np.ones((len(effects), 1)) if design is None else design
    return _solve_q(effects, variances, columns, float(len(effects) - columns.shape[1]))


def profile_interval(
    effects: Vector, variances: Vector, alpha: float = 0.05
) -> tuple[float, float]:
    """Interval of the between-product variance τ²: where Q lies within its χ² with k − 1.

    Source: the Q-profile method, Viechtbauer, Statistics in Medicine 26(1), 2007.
    """
    from scipy.special import chdtri

    freedom, columns = len(effects) - 1, np.ones((len(effects), 1))
    low, high = (
        _solve_q(effects, variances, columns, float(chdtri(freedom, tail)))
        for tail in (checked_alpha(alpha) / 2, 1 - alpha / 2)
    )
    return low, high


def cochran_q(
    effects: Vector, variances: Vector, between: float = 0.0, design: Vector | None = None
) -> float:
    """Σ w·(effect − fit)² with w = 1 / (variance + between); χ² with k − 1 when that is right."""
    columns = np.ones((len(effects), 1)) if design is None else design
    weights = 1 / (variances + between)
    scaled = np.sqrt(weights)
    fit, *_rest = np.linalg.lstsq(columns * scaled[:, None], effects * scaled, rcond=None)
    return float(weights @ (effects - columns @ fit) ** 2)


def spread_posterior(effects: Vector, variances: Vector) -> Spread:
    """The posterior of τ, given effects with known variances and a flat prior on their mean.

    Prior on τ: half-normal, scale SPREAD_PRIOR. By quadrature: a coarse grid finds where the
    posterior lies, a fine one covers that. Source: Gelman et al., "Bayesian Data Analysis",
    3rd ed., eq. 5.21; the prior: Gelman, Bayesian Analysis 1(3), 2006, §3.
    """
    coarse = _WIDEST * np.linspace(0, 1, _COARSE) ** 2
    heights = _log_posterior(coarse, effects, variances)
    inside = np.flatnonzero(heights > heights.max() - _NEGLIGIBLE)
    first, last = max(inside[0] - 1, 0), min(inside[-1] + 1, _COARSE - 1)
    fine = np.linspace(coarse[first], coarse[last], _FINE)
    heights = _log_posterior(fine, effects, variances)
    weights = np.exp(heights - heights.max())
    weights[[0, -1]] /= 2
    return Spread(deviations=fine, weights=weights / weights.sum())


def _log_posterior(deviations: Vector, effects: Vector, variances: Vector) -> Vector:
    total = variances + deviations[:, None] ** 2
    weights = 1 / total
    mass = weights.sum(axis=1)
    means = weights @ effects / mass
    squares = weights @ effects**2 - mass * means**2
    likelihood = -(np.log(total).sum(axis=1) + np.log(mass) + squares) / 2
    heights: Vector = likelihood - (deviations / SPREAD_PRIOR) ** 2 / 2
    return heights


def _solve_q(effects: Vector, variances: Vector, columns: Vector, target: float) -> float:
    """The τ² ≥ 0 at which Q falls to target; Q falls as τ² grows."""
    from scipy.optimize import brentq

    def excess(between: float) -> float:
        return cochran_q(effects, variances, between, columns) - target

    if excess(0.0) <= 0:
        return 0.0
    high = float(np.var(effects)) or float(np.mean(variances))
    while excess(high) > 0:
        high *= 4
    return float(brentq(excess, 0.0, high, xtol=1e-12, rtol=4 * math.ulp(1.0)))
