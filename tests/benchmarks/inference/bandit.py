"""Weights that followed the results, many times: is their outcome read without bias?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from styleeval.inference import Summary, stratified_difference, thompson_allocation
from styleeval.inference.strata import stratified_rates
from tests.benchmarks.inference.cells import Finding
from tests.benchmarks.inference.worlds import Crowd, summary

_VISITORS = 3000
_STEADY = (1.0,) * 5
_RISING = (0.7, 0.9, 1.1, 1.3, 1.5)


def equal_arms(crowd: Crowd, *, simulations: int) -> list[Finding]:
    """Three equal arms, five phases. An arm with bad luck is hardly asked again, so it stays in."""
    generator = np.random.default_rng(301)
    apart, added, covered, largest = [], [], 0, []
    for _ in range(simulations):
        phases, weights = _run(crowd, generator, (0.0, 0.0, 0.0), _STEADY)
        largest.append(max(weights))
        rates = stratified_rates(phases)
        apart.append(np.mean([rate.rate for rate in rates]))
        totals = [sum(arms[1:], start=arms[0]) for arms in zip(*phases, strict=True)]
        added.append(np.mean([arm.ratio for arm in totals]))
        both = _by_phase(phases, 1)
        covered += both.low <= 0 <= both.high
    cell = "Thompson, 3 equal arms, 5 phases of 3,000"
    return [
        Finding(
            cell=cell,
            measure="coverage, difference by phase",
            value=covered / simulations,
            goal=(0.94, 0.96),
        ),
        _bias(cell, "bias of an arm's CTR, by phase", apart, crowd.rate, held=True),
        _bias(cell, "bias of an arm's CTR, counts added up", added, crowd.rate, held=False),
        Finding(
            cell=cell, measure="largest weight at the end, mean", value=float(np.mean(largest))
        ),
    ]


def better_arm(crowd: Crowd, *, simulations: int) -> list[Finding]:
    """One of three arms better by 10 %, and traffic that clicks more from phase to phase."""
    generator = np.random.default_rng(302)
    truth = 0.1 * crowd.rate * float(np.mean(_RISING))
    apart, own, added, covered, wrong, weight = [], [], [], 0, 0, []
    for _ in range(simulations):
        phases, weights = _run(crowd, generator, (0.0, 0.0, 0.1), _RISING)
        weight.append(weights[2])
        both = _by_phase(phases, 2)
        apart.append(both.estimate)
        covered += both.low <= truth <= both.high
        pairs = [(phase[0], phase[2]) for phase in phases]
        own.append(stratified_difference(pairs).difference.estimate)
        control, treatment = (sum(a[1:], start=a[0]) for a in zip(*pairs, strict=True))
        plain = stratified_difference([(control, treatment)]).difference
        added.append(plain.estimate)
        wrong += plain.low <= truth <= plain.high
    cell = "Thompson, one arm +10 %, CTR rising by phase"
    return [
        Finding(
            cell=cell, measure="coverage, by phase", value=covered / simulations, goal=(0.94, 0.96)
        ),
        Finding(
            cell=cell, measure="coverage, counts added up", value=wrong / simulations, control=True
        ),
        _bias(cell, "bias of the difference, by phase", apart, truth, held=True),
        _bias(
            cell, "the same, phases weighted by the two arms' own visitors", own, truth, held=False
        ),
        _bias(cell, "the same, counts added up", added, truth, held=False),
        Finding(
            cell=cell,
            measure="weight of the better arm at the end, mean",
            value=float(np.mean(weight)),
        ),
    ]


def _run(
    crowd: Crowd, generator: np.random.Generator, lifts: Sequence[float], tides: Sequence[float]
) -> tuple[list[list[Summary]], Sequence[float]]:
    phases: list[list[Summary]] = []
    weights: Sequence[float] = (1 / 3, 1 / 3, 1 / 3)
    for tide in tides:
        sizes = generator.multinomial(_VISITORS, weights)
        phases.append(
            [
                summary(crowd.sums(generator, 1, int(size), tide * (1 + lift) - 1)[0, -1])
                for size, lift in zip(sizes, lifts, strict=True)
            ]
        )
        weights = thompson_allocation(phases).weights or weights
    return phases, weights


def _by_phase(phases: Sequence[Sequence[Summary]], arm: int):  # type: ignore[no-untyped-def]
    pairs = [(phase[0], phase[arm]) for phase in phases]
    return stratified_difference(pairs, sizes=[_VISITORS] * len(phases)).difference


def _bias(
    cell: str, measure: str, estimates: Sequence[float], truth: float, *, held: bool
) -> Finding:
    """Held to four standard errors about 0, in shares of the truth."""
    relative = np.array(estimates) / truth - 1
    reach = 4 * float(np.std(relative)) / len(relative) ** 0.5
    return Finding(
        cell=cell,
        measure=measure,
        value=float(np.mean(relative)),
        goal=(-reach, reach) if held else None,
        control=not held and "added up" in measure,
    )
