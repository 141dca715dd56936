"""Lift against preservation score over products: does changing more earn more? Exploratory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from styleeval.inference.effect import Effect
from styleeval.inference.errors import OutOfRange, ShapesDiffer, TooFewProducts
from styleeval.inference.heterogeneity import cochran_q, paule_mandel
from styleeval.inference.ratio import Interval, checked_alpha

MIN_PRODUCTS: Final = 10
"""Products below which a line says nothing: ten for each regressor, as a rule of thumb."""

EXPLORATORY: Final = (
    "Exploratory: visitors were assigned to arms, but products were not assigned to scores. What "
    "goes with a score, such as the kind of product, may be what earns the clicks."
)


@dataclass(frozen=True, kw_only=True)
class Association:
    """Products' log lifts as a line over their scores.

    slope: change of the log lift over one unit of the score, with its interval. p_value: of no
    slope. intercept: log lift at score 0. correlation: of lifts as measured with scores, weighted;
    noise in the lifts draws it towards 0. deviation: √τ² of products' log lifts about the line.
    note: always EXPLORATORY, to be printed with it.
    """

    slope: Interval
    intercept: float
    p_value: float
    correlation: float
    deviation: float
    products: int
    note: str = EXPLORATORY


def score_association(
    effects: Sequence[Effect], scores: Sequence[float], *, alpha: float = 0.05
) -> Association:
    """Regress log lifts on scores, each product weighted by 1 / (its variance + τ²).

    effects: of `score_effect`, one a product; scores: of the same products, such as SSIM inside.
    Errors that products share, as visitors see several, move all lifts alike and not the slope.
    Raises ShapesDiffer, OutOfRange for a score that is not finite or scores that are all the same,
    and TooFewProducts below MIN_PRODUCTS.
    Sources: mixed-effects meta-regression, Thompson & Higgins, Statistics in Medicine 21(11),
    2002; its t interval with k − 2: Knapp & Hartung, Statistics in Medicine 22(17), 2003, the
    scale at least 1.
    """
    from scipy.special import stdtr, stdtrit

    checked_alpha(alpha)
    x = np.asarray(scores, np.float64)
    if len(effects) != len(x):
        raise ShapesDiffer(f"{len(effects)} effects, {len(x)} scores; one of each a product")
    if len(x) < MIN_PRODUCTS:
        raise TooFewProducts(f"{len(x)} products; at least {MIN_PRODUCTS} are needed for a line")
    if not (np.isfinite(x).all() and np.ptp(x) > 0):
        raise OutOfRange("scores are finite numbers, and not all the same")
    y = np.array([effect.estimate for effect in effects])
    variances = np.array([effect.variance for effect in effects])
    design = np.column_stack([np.ones_like(x), x])
    between, freedom = paule_mandel(y, variances, design), len(x) - 2
    weights = 1 / (variances + between)
    middle, centre = (float(weights @ column / weights.sum()) for column in (x, y))
    spread_x, spread_y = weights @ (x - middle) ** 2, weights @ (y - centre) ** 2
    shared = weights @ ((x - middle) * (y - centre))
    slope = float(shared / spread_x)
    scale = max(1.0, cochran_q(y, variances, between, design) / freedom)
    error = math.sqrt(scale / float(spread_x))
    half = -float(stdtrit(freedom, alpha / 2)) * error
    return Association(
        slope=Interval(slope, slope - half, slope + half, alpha),
        intercept=centre - slope * middle,
        p_value=2 * float(stdtr(freedom, -abs(slope / error))),
        correlation=float(shared / math.sqrt(spread_x * spread_y)) if spread_y else 0.0,
        deviation=math.sqrt(between),
        products=len(x),
    )
