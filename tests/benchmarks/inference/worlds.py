"""Simulated shops: visitors whose own click-through rates differ, many experiments at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from styleeval.inference import Summary

Array = NDArray[np.float64]
Traffic = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.int64]]


def even(generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Viewable impressions of each visitor: Poisson, 10 on average."""
    return generator.poisson(10.0, shape)


def skewed(generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Impressions, 10 on average, gamma-mixed: a tenth of the visitors sees half of them."""
    return generator.poisson(10.0 * generator.standard_gamma(0.5, shape) / 0.5)


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Visitors by arm. Their rates are Beta with mean `rate` and `concentration` = a + b."""

    rate: float = 0.05
    concentration: float = 10.0
    traffic: Traffic = even

    def draw(
        self, generator: np.random.Generator, shape: tuple[int, ...], lift: float = 0.0
    ) -> tuple[Array, Array]:
        """Clicks and impressions of visitors, each of `shape`; a lift multiplies every rate."""
        seen = self.traffic(generator, shape)
        own = generator.beta(
            self.concentration * self.rate, self.concentration * (1 - self.rate), shape
        )
        clicks = generator.binomial(seen, np.minimum(own * (1 + lift), 1.0))
        return clicks.astype(np.float64), seen.astype(np.float64)

    def sums(
        self,
        generator: np.random.Generator,
        experiments: int,
        visitors: int,
        lift: float = 0.0,
        looks: int = 1,
    ) -> Array:
        """Sums (experiments, looks, 6) over the visitors up to each of equally spaced looks."""
        m, d = self.draw(generator, (experiments, looks, visitors // looks), lift)
        columns = [np.ones_like(m), m, d, m * m, d * d, m * d]
        found: Array = np.stack([column.sum(axis=2) for column in columns], -1).cumsum(axis=1)
        return found


def summary(sums: Array) -> Summary:
    """One row of sums."""
    n, m, d, mm, dd, md = sums.tolist()
    return Summary(n=int(n), sum_m=m, sum_d=d, sum_mm=mm, sum_dd=dd, sum_md=md)


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Visitors who see several of `products` products, whose popularity differs."""

    products: int = 40
    visitors: int = 2000
    impressions: float = 10.0
    rate: float = 0.05
    concentration: float = 10.0

    def draw(
        self, generator: np.random.Generator, log_lifts: Array
    ) -> tuple[list[tuple[Summary, Summary]], tuple[Summary, Summary]]:
        """Each product's control and treatment, and the whole visitors'."""
        weight = generator.dirichlet(np.full(self.products, 2.0))
        appeal = np.exp(generator.normal(0, 0.3, self.products) - 0.045)
        arms = [
            self._arm(generator, weight, appeal * np.exp(lift))
            for lift in (np.zeros(self.products), log_lifts)
        ]
        rows = zip(arms[0][0], arms[1][0], strict=True)
        return [(one, other) for one, other in rows], (arms[0][1], arms[1][1])

    def _arm(
        self, generator: np.random.Generator, weight: Array, appeal: Array
    ) -> tuple[list[Summary], Summary]:
        seen = generator.poisson(self.impressions, self.visitors)
        own = generator.beta(
            self.concentration * self.rate, self.concentration * (1 - self.rate), self.visitors
        )
        visitor = np.repeat(np.arange(self.visitors), seen)
        product = np.searchsorted(weight.cumsum(), generator.random(visitor.size))
        product = np.minimum(product, self.products - 1)
        clicked = generator.random(visitor.size) < np.minimum(own[visitor] * appeal[product], 1.0)
        cells = self.visitors * self.products
        place = product * self.visitors + visitor
        shape = (self.products, self.visitors)
        d = np.bincount(place, minlength=cells).reshape(shape).astype(np.float64)
        m = np.bincount(place[clicked], minlength=cells).reshape(shape).astype(np.float64)
        reached = (d > 0).sum(axis=1)
        columns = [reached, m.sum(1), d.sum(1)]
        columns += [np.einsum("pv,pv->p", a, b) for a, b in ((m, m), (d, d), (m, d))]
        whole = Summary.of(m.sum(axis=0), d.sum(axis=0))
        return [summary(row) for row in np.stack(columns, -1).astype(np.float64)], whole
