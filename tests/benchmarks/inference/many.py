"""Beliefs and products, many times: calibration of posteriors, coverage and error of shrinking."""

from __future__ import annotations

import numpy as np

from styleeval.inference import Prior, lift_posterior, pool_products
from tests.benchmarks.inference.cells import Finding
from tests.benchmarks.inference.worlds import Catalogue, Crowd, summary

_CHUNK = 250


def posteriors(crowd: Crowd, *, simulations: int, visitors: int) -> list[Finding]:
    """Lifts drawn from the default prior: is a chance of 80 % right 80 times in 100?"""
    generator, prior = np.random.default_rng(201), Prior()
    chances, wins, held, claimed, lost = [], [], 0, [], []
    for first in range(0, simulations, _CHUNK):
        size = min(_CHUNK, simulations - first)
        # No lift is below −100 %; one draw of 2,300 from the prior would be.
        lifts = np.maximum(generator.normal(prior.mean, prior.deviation, size), -0.95)
        control = crowd.sums(generator, size, visitors)
        treatment = crowd.sums(generator, size, visitors, lifts[:, None, None])  # type: ignore[arg-type]
        for lift, one, other in zip(lifts, control, treatment, strict=True):
            found = lift_posterior(summary(one[-1]), summary(other[-1]), prior=prior)
            held += found.lift.low <= lift <= found.lift.high
            chances.append(found.chance_to_win)
            wins.append(lift > 0)
            ships = found.loss_of_treatment < found.loss_of_control
            claimed.append(found.loss_of_treatment if ships else found.loss_of_control)
            lost.append(max(0.0, -lift if ships else lift))
    chance, won = np.array(chances), np.array(wins)
    bins = np.minimum((10 * chance).astype(int), 9)
    counts = np.bincount(bins, minlength=10)
    gaps = np.abs(np.bincount(bins, chance - won, minlength=10)) / np.maximum(counts, 1)
    cell = f"lifts from N(0, 0.3²), {visitors:,} an arm"
    return [
        Finding(
            cell=cell,
            measure="coverage, 95 % credible interval",
            value=held / simulations,
            goal=(0.94, 0.96),
        ),
        Finding(
            cell=cell,
            measure="chance to win beside how often it won, mean gap over ten bins",
            value=float(counts @ gaps / counts.sum()),
            goal=(0, 0.02),
        ),
        Finding(
            cell=cell,
            measure="expected loss of the better choice, mean",
            value=float(np.mean(claimed)),
        ),
        Finding(cell=cell, measure="what that choice lost, mean", value=float(np.mean(lost))),
    ]


def products(*, simulations: int, deviation: float) -> list[Finding]:
    """A style's products whose true log lifts are N(0.03, deviation²)."""
    generator, catalogue = np.random.default_rng(202), Catalogue(products=24, visitors=1500)
    counts = dict.fromkeys(("mean", "blind", "ends", "zero"), 0)
    covered, raw, shrunken = [], [], []
    for _ in range(simulations):
        truth = generator.normal(0.03, deviation, catalogue.products)
        pairs, whole = catalogue.draw(generator, truth)
        named = {str(n): [pair] for n, pair in enumerate(pairs)}
        pooled = pool_products(named, whole=[whole], min_visitors=0, min_clicks=0)
        blind = pool_products(named).mean
        low, high, estimate = (
            np.log1p([getattr(p.shrunken, name) for p in pooled.products])
            for name in ("low", "high", "estimate")
        )
        alone = [np.log1p(p.alone.estimate) if p.alone else np.nan for p in pooled.products]
        covered.append(float(np.mean((low <= truth) & (truth <= high))))
        raw.append(float(np.nanmean((np.array(alone) - truth) ** 2)))
        shrunken.append(float(np.mean((estimate - truth) ** 2)))
        counts["mean"] += pooled.mean.low <= np.expm1(0.03) <= pooled.mean.high
        counts["blind"] += blind.low <= np.expm1(0.03) <= blind.high
        counts["ends"] += pooled.deviation_low <= deviation <= pooled.deviation_high
        counts["zero"] += pooled.deviation == 0
    share = {name: count / simulations for name, count in counts.items()}
    cell = f"24 products, τ {deviation:g}, 1,500 an arm"
    return [
        Finding(
            cell=cell,
            measure="coverage, shrunken lifts",
            value=float(np.mean(covered)),
            goal=(0.94, 1),
        ),
        Finding(cell=cell, measure="coverage, mean lift", value=share["mean"], goal=(0.94, 1)),
        Finding(
            cell=cell,
            measure="coverage, mean lift, products taken as independent",
            value=share["blind"],
            control=True,
        ),
        Finding(cell=cell, measure="coverage, τ", value=share["ends"], goal=(0.94, 1)),
        Finding(cell=cell, measure="τ estimated as 0", value=share["zero"]),
        Finding(
            cell=cell,
            measure="root mean square error of log lifts, alone",
            value=float(np.mean(raw)) ** 0.5,
            unit="",
        ),
        Finding(
            cell=cell, measure="the same, shrunken", value=float(np.mean(shrunken)) ** 0.5, unit=""
        ),
    ]
