"""Products of one style, each drawn towards what the style does: shrunken lifts with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from styleeval.inference.effect import Effect, recentred, score_effect
from styleeval.inference.errors import TooFewProducts
from styleeval.inference.heterogeneity import (
    Spread,
    Vector,
    cochran_q,
    paule_mandel,
    profile_interval,
    spread_posterior,
)
from styleeval.inference.ratio import Interval, checked_alpha
from styleeval.inference.strata import Stratum
from styleeval.sentence import said

MIN_PRODUCTS: Final = 3
"""Products with clicks below which nothing is said about how products differ."""

# The share of a product's variance that may be thought common to all products.
_MOST_COMMON = 0.9
_STEPS, _CLOSE = 20, 1e-4  # the step after that would be its square


@dataclass(frozen=True, kw_only=True)
class ProductLift:
    """One product's lift, treatment / control − 1, by itself and in the company of the others.

    alone: from the product's own visitors; None when they are not enough, for the reasons given.
    shrunken: drawn towards the style's mean lift, the more so the less is known of the product.
    own_share: the weight of its own data in it; 0 is the style's lift and nothing else.
    """

    product: str
    alone: Interval | None
    shrunken: Interval
    own_share: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """A style's products together.

    mean: lift of the style's average product, each product counting for what it tells. deviation:
    √τ² between products' log lifts (Paule–Mandel), 0 when they differ no more than chance would,
    with its interval deviation_low, deviation_high (Q-profile). p_value: of products that all have
    one lift (Cochran's Q). common_variance: of the error that products share because visitors see
    several; None when no whole visitors were given and products were taken for independent.
    products: in the order given.
    """

    mean: Interval
    deviation: float
    deviation_low: float
    deviation_high: float
    p_value: float
    common_variance: float | None
    products: tuple[ProductLift, ...]


def pool_products(
    products: Mapping[str, Sequence[Stratum]],
    *,
    whole: Sequence[Stratum] | None = None,
    alpha: float = 0.05,
    min_visitors: int = 100,
    min_clicks: int = 25,
) -> Pooled:
    """Shrink each product's lift towards the style's, with the uncertainty of τ in the intervals.

    products: by name, control and treatment of each phase, sums over visitors of that product's
    clicks and impressions. whole: the same of the style, sums over visitors of all products. Give
    it: visitors see several products, and an arm that drew keen visitors is ahead in all of them.
    min_visitors and min_clicks, in each arm: below, a product's own lift is not shown. Intervals
    are the posterior's, for a flat prior on the mean and a half-normal one on τ; estimates are its
    median lifts. Raises TooFewProducts when fewer than MIN_PRODUCTS have clicks.
    Sources: Gelman et al., "Bayesian Data Analysis", 3rd ed., §5.4; docs/inference.md for the
    common error.
    """
    found = {name: score_effect(strata) for name, strata in products.items()}
    known = [effect for effect in found.values() if effect]
    if len(known) < MIN_PRODUCTS:
        raise TooFewProducts(
            said(
                "{count} of {products} products have clicks; at least {min_products} are needed",
                count=len(known),
                products=len(found),
                min_products=MIN_PRODUCTS,
            )
        )
    common = common_variance(known, whole) if whole is not None else None
    effects = np.array([effect.estimate for effect in known])
    variances = np.array([effect.variance for effect in known]) - (common or 0.0)
    model = _Model(effects, variances, common or 0.0, checked_alpha(alpha))
    centres = iter(model.centres(effects, variances))
    nearer = {
        name: recentred(effect, products[name], next(centres))
        for name, effect in found.items()
        if effect
    }
    model = _Model(
        np.array([effect.estimate for effect in nearer.values()]),
        np.array([_own(effect, common or 0.0) for effect in nearer.values()]),
        common or 0.0,
        alpha,
    )
    low, high = profile_interval(effects, variances, alpha)
    minima = (min_visitors, min_clicks)
    return Pooled(
        mean=model.mean(),
        deviation=math.sqrt(paule_mandel(effects, variances)),
        deviation_low=math.sqrt(low),
        deviation_high=math.sqrt(high),
        p_value=_upper_tail(cochran_q(effects, variances), len(effects) - 1),
        common_variance=common,
        products=tuple(
            model.product(name, effect, nearer.get(name), minima) for name, effect in found.items()
        ),
    )


def _own(effect: Effect, common: float) -> float:
    """A product's variance without what it shares with the others."""
    return max(effect.variance - common, (1 - _MOST_COMMON) * effect.variance)


def common_variance(products: Sequence[Effect], whole: Sequence[Stratum]) -> float:
    """Covariance of two products' log lifts that comes of visitors who see both, taken as one.

    The style's effect is the products' averaged by information; what its variance, clustered by
    whole visitors, exceeds that of independent products by, is their covariance. Exact where
    which products a visitor sees does not depend on the visitor. At most 0.9 of the least
    variance of a product; 0 when nothing is left.
    """
    style = score_effect(whole)
    if style is None:
        return 0.0
    information = np.array([effect.information for effect in products])
    variances = np.array([effect.variance for effect in products])
    squares = (information / information.sum()) ** 2
    excess = style.variance - float(squares @ variances)
    most = _MOST_COMMON * float(variances.min())
    return min(max(0.0, excess / (1 - float(squares.sum()))), most)


class _Model:
    """Effects normal about a mean, given each τ of the posterior's grid; mixed by its weights."""

    def __init__(self, effects: Vector, variances: Vector, common: float, alpha: float) -> None:
        self._spread: Spread = spread_posterior(effects, variances)
        weights = 1 / (variances + self._spread.deviations[:, None] ** 2)
        self._mean_variances = 1 / weights.sum(axis=1)
        self._means = weights @ effects * self._mean_variances
        self._common, self._alpha = common, alpha

    def mean(self) -> Interval:
        return self._mixed(self._means, self._mean_variances + self._common)

    def centres(self, effects: Vector, variances: Vector) -> list[float]:
        """Where each product's log lift lies, given all of them."""
        drawn = variances / (variances + self._spread.deviations[:, None] ** 2)
        centres: Vector = self._spread.weights @ (
            drawn * self._means[:, None] + (1 - drawn) * effects
        )
        return [float(centre) for centre in centres]

    def product(
        self, name: str, effect: Effect | None, nearer: Effect | None, minima: tuple[int, int]
    ) -> ProductLift:
        """effect: by one step of the score; nearer: by two."""
        if effect is None or nearer is None:
            variances = self._mean_variances + self._spread.deviations**2 + self._common
            return ProductLift(
                product=name,
                alone=None,
                shrunken=self._mixed(self._means, variances),
                own_share=0.0,
                reasons=(said("nobody clicked it, or an arm never saw it"),),
            )
        own = _own(nearer, self._common)
        drawn = own / (own + self._spread.deviations**2)
        means = drawn * self._means + (1 - drawn) * nearer.estimate
        variances = own * (1 - drawn) + drawn**2 * self._mean_variances + self._common
        reasons = tuple(_missing(effect, *minima))
        return ProductLift(
            product=name,
            alone=None
            if reasons
            else _lift(nearer.estimate, math.sqrt(nearer.variance), self._alpha),
            shrunken=self._mixed(means, variances),
            own_share=float(self._spread.weights @ (1 - drawn)),
            reasons=reasons,
        )

    def _mixed(self, means: Vector, variances: Vector) -> Interval:
        """The mixture over τ: its mean with its own quantiles, which lie further out than those of
        a normal with its variance."""
        from scipy.special import ndtri

        weights = self._spread.weights
        mean = float(weights @ means)
        deviation = math.sqrt(float(weights @ (variances + (means - mean) ** 2)))
        half = -float(ndtri(self._alpha / 2)) * deviation
        low, high = (
            _quantile(share, mean + side, deviation, (weights, means, np.sqrt(variances)))
            for share, side in ((self._alpha / 2, -half), (1 - self._alpha / 2, half))
        )
        with np.errstate(over="ignore"):
            estimate, low, high = (float(np.expm1(x)) for x in (mean, low, high))
        return Interval(estimate, low, high, self._alpha)


def _quantile(
    share: float, start: float, scale: float, mixture: tuple[Vector, Vector, Vector]
) -> float:
    """Where a mixture of normals (weights, means, deviations) has this share below, by Newton."""
    from scipy.special import ndtr

    weights, means, deviations = mixture
    x = start
    for _ in range(_STEPS):
        z = (x - means) / deviations
        density = float(weights @ (np.exp(-z * z / 2) / deviations)) / math.sqrt(2 * math.pi)
        step = (float(weights @ ndtr(z)) - share) / density
        # Far from the middle the density is small and a whole step would overshoot.
        x -= min(max(step, -scale / 2), scale / 2)
        if abs(step) < _CLOSE * scale:
            break
    return x


def _missing(effect: Effect, visitors: int, clicks: int) -> list[str]:
    reasons = []
    for arm, name in enumerate(("control", "treatment")):
        if effect.visitors[arm] < visitors:
            reasons.append(
                said(
                    "{which} has {visitors} of {least} visitors",
                    which=name,
                    visitors=effect.visitors[arm],
                    least=visitors,
                )
            )
        if effect.clicks[arm] < clicks:
            reasons.append(
                said(
                    "{which} has {clicks:g} of {least} clicks",
                    which=name,
                    clicks=effect.clicks[arm],
                    least=clicks,
                )
            )
    return reasons


def _lift(centre: float, deviation: float, alpha: float) -> Interval:
    """A normal log lift as a lift."""
    from scipy.special import ndtri

    half = -float(ndtri(alpha / 2)) * deviation
    with np.errstate(over="ignore"):
        estimate, low, high = (float(np.expm1(centre + side)) for side in (0.0, -half, half))
    return Interval(estimate, low, high, alpha)


def _upper_tail(statistic: float, freedom: int) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(freedom, statistic))
