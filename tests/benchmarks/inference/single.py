"""One experiment, many times: errors, coverage and power of what `judge` says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from styleeval.inference import (
    RatioDesign,
    State,
    judge,
    power_of,
    ratio_difference,
    sequential_difference,
)
from styleeval.inference.errors import TooFewVisitors
from tests.benchmarks.inference.cells import Finding
from tests.benchmarks.inference.worlds import Array, Crowd, summary

_CHUNK = 250
_DECIDED = (State.HIGHER, State.LOWER)


def pairs(
    crowd: Crowd, *, simulations: int, visitors: int, lift: float, looks: int, seed: int
) -> Iterator[tuple[Array, Array]]:
    """Sums (looks, 6) of control and treatment, one experiment after another."""
    generator = np.random.default_rng(seed)
    for first in range(0, simulations, _CHUNK):
        size = min(_CHUNK, simulations - first)
        control = crowd.sums(generator, size, visitors, looks=looks)
        treatment = crowd.sums(generator, size, visitors, lift, looks=looks)
        yield from zip(control, treatment, strict=True)


def looked_at(
    name: str, crowd: Crowd, *, simulations: int, visitors: int, looks: int = 20
) -> list[Finding]:
    """A/A: equal arms, looked at often."""
    # `judge` spends the whole 5 %, so its goal leaves two standard errors of 10,000 simulations.
    planned, wrong = 2 * visitors, dict.fromkeys(("fixed", "peeked", "sequence", "judge", "z"), 0)
    outside, widths = 0, []
    for control, treatment in pairs(
        crowd, simulations=simulations, visitors=visitors, lift=0.0, looks=looks, seed=101
    ):
        arms = [(summary(a), summary(b)) for a, b in zip(control, treatment, strict=True)]
        fixed = [ratio_difference(*pair) for pair in arms]
        running = [judge(*pair, planned=planned) for pair in arms]
        end = judge(*arms[-1], planned=planned, ended=True)
        decided = [verdict.state in _DECIDED for verdict in running]
        wrong["fixed"] += fixed[-1].p_value < 0.05
        wrong["peeked"] += any(one.p_value < 0.05 for one in fixed)
        wrong["sequence"] += any(decided)
        wrong["judge"] += any(decided[:-1]) or end.state in _DECIDED
        wrong["z"] += _impression_z(control[-1], treatment[-1]) > 1.959964
        intervals = [verdict.sequence.difference for verdict in running if verdict.sequence]
        outside += any(not one.low <= 0 <= one.high for one in intervals)
        last, plain = intervals[-1], fixed[-1].difference
        widths.append((last.high - last.low) / (plain.high - plain.low))
    share = {key: count / simulations for key, count in wrong.items()}
    cell = f"A/A, {name}, {visitors:,} an arm"
    return [
        Finding(
            cell=cell,
            measure="false positives, fixed horizon",
            value=share["fixed"],
            goal=(0.04, 0.06),
        ),
        Finding(
            cell=cell,
            measure=f"false positives, sequence, {looks} looks",
            value=share["sequence"],
            goal=(0, 0.05),
        ),
        Finding(
            cell=cell,
            measure=f"false positives, `judge`: {looks - 1} looks and the end",
            value=share["judge"],
            goal=(0, 0.055),
        ),
        Finding(
            cell=cell,
            measure=f"sequence covers 0 at all of {looks} looks",
            value=1 - outside / simulations,
            goal=(0.95, 1),
        ),
        Finding(
            cell=cell,
            measure="width of the sequence over the fixed interval's, at the plan",
            value=float(np.mean(widths)),
            goal=(0, 1.6),
            unit="×",
        ),
        Finding(
            cell=cell,
            measure=f"false positives, fixed test at each of {looks} looks",
            value=share["peeked"],
            control=True,
        ),
        Finding(
            cell=cell,
            measure="false positives, z-test per impression",
            value=share["z"],
            control=True,
        ),
    ]


def at_the_end(
    name: str, crowd: Crowd, *, lift: float, simulations: int, visitors: int, seed: int
) -> list[Finding]:
    """One look at the planned end: coverage of a planted lift, power beside its formula."""
    planned, truth = 2 * visitors, crowd.rate * lift
    held = dict.fromkeys(("fixed", "lift", "sequence", "found", "z", "z covers"), 0)
    for control, treatment in pairs(
        crowd, simulations=simulations, visitors=visitors, lift=lift, looks=1, seed=seed
    ):
        arms = summary(control[-1]), summary(treatment[-1])
        fixed = ratio_difference(*arms)
        running = sequential_difference(*arms, planned=planned)
        held["fixed"] += fixed.difference.low <= truth <= fixed.difference.high
        held["lift"] += fixed.lift is not None and fixed.lift.low <= lift <= fixed.lift.high
        held["sequence"] += running.difference.low <= truth <= running.difference.high
        held["found"] += fixed.p_value < 0.05
        held["z"] += _impression_z(control[-1], treatment[-1]) > 1.959964
        held["z covers"] += _impression_z(control[-1], treatment[-1], truth) <= 1.959964
    share = {key: count / simulations for key, count in held.items()}
    cell = f"lift {lift:+.0%}, {name}, {visitors:,} an arm"
    found = [
        Finding(cell=cell, measure="coverage, difference", value=share["fixed"], goal=(0.94, 0.96)),
        Finding(
            cell=cell,
            measure="coverage, lift on the log ratio",
            value=share["lift"],
            goal=(0.94, 0.96),
        ),
        Finding(cell=cell, measure="coverage, sequence", value=share["sequence"], goal=(0.95, 1)),
        Finding(
            cell=cell,
            measure="coverage, z-test per impression",
            value=share["z covers"],
            control=True,
        ),
    ]
    if not lift:
        false = Finding(
            cell=cell,
            measure="false positives, fixed horizon",
            value=share["found"],
            goal=(0.04, 0.06),
        )
        control_ = Finding(
            cell=cell,
            measure="false positives, z-test per impression",
            value=share["z"],
            control=True,
        )
        return [false, *found, control_]
    plain, own = (power_of(design, lift, planned) for design in _designs(crowd))
    power = share["found"]
    return [
        *found,
        Finding(
            cell=cell,
            measure=f"power; the plan says {own:.1%}, with equal variance {plain:.1%}",
            value=power,
            goal=(own - 0.02, own + 0.02),
        ),
    ]


def too_small(crowd: Crowd, *, simulations: int) -> list[Finding]:
    """Cells below the minima must say so, and show no number."""
    found = []
    for visitors, why in ((99, "below 100 visitors"), (30, "below 100 visitors")):
        said = 0
        for control, treatment in pairs(
            crowd, simulations=simulations, visitors=visitors, lift=0.0, looks=1, seed=7
        ):
            verdict = judge(summary(control[-1]), summary(treatment[-1]), planned=2000)
            said += verdict.state is State.NOT_ENOUGH_DATA and verdict.comparison is None
        found.append(
            Finding(
                cell=f"A/A, {visitors} an arm",
                measure=f"not enough data ({why})",
                value=said / simulations,
                goal=(1, 1),
            )
        )
    rare = Crowd(rate=0.001, concentration=50.0)
    said = shown = 0
    for control, treatment in pairs(
        rare, simulations=simulations, visitors=1000, lift=0.0, looks=1, seed=8
    ):
        arms = summary(control[-1]), summary(treatment[-1])
        few = min(arm.sum_m for arm in arms) < 25
        verdict = judge(*arms, planned=2000)
        said += few
        shown += few and verdict.state is not State.NOT_ENOUGH_DATA
    cell = "A/A, CTR 0.1 %, 1,000 an arm"
    return [
        *found,
        Finding(cell=cell, measure="below 25 clicks in an arm", value=said / simulations),
        Finding(
            cell=cell,
            measure="of these, judged all the same",
            value=shown / max(said, 1),
            goal=(0, 0),
        ),
    ]


def _designs(crowd: Crowd) -> tuple[RatioDesign, RatioDesign]:
    """From a large pilot of the originals: with equal variance, and as plans are made."""
    generator = np.random.default_rng(3)
    pilot = summary(crowd.sums(generator, 20, 50_000, 0.0).sum(axis=(0, 1)))
    design = RatioDesign.from_pilot(pilot)
    return replace(design, variance_growth=0.0), design


def _impression_z(control: Array, treatment: Array, truth: float = 0.0) -> float:
    """|z| of two proportions, every impression taken for a visitor of its own."""
    clicks, seen = (np.array([control[i], treatment[i]]) for i in (1, 2))
    if not seen.all():
        raise TooFewVisitors("no impressions")
    rates = clicks / seen
    pooled = clicks.sum() / seen.sum()
    error = np.sqrt(pooled * (1 - pooled) * (1 / seen).sum())
    return float(abs(rates[1] - rates[0] - truth) / error)
