"""Visitors with a past, many times: what CUPED covers, what it saves, and what choosing costs."""

from __future__ import annotations

import numpy as np

from styleeval.inference import CupedSummary, State, cuped_difference, judge_cuped, ratio_difference
from tests.benchmarks.inference.cells import Finding
from tests.benchmarks.inference.worlds import Crowd

_DECIDED = (State.HIGHER, State.LOWER)


def adjusted(
    name: str, crowd: Crowd, *, back: float, lift: float, simulations: int, visitors: int
) -> list[Finding]:
    """A share `back` of the visitors was there in a baseline as long as the test."""
    generator = np.random.default_rng(301)
    held = dict.fromkeys(("difference", "lift", "wrong", "end", "better"), 0)
    kept = []
    for _ in range(simulations):
        control, treatment = (
            _arm(generator, crowd, visitors, back, change) for change in (0.0, lift)
        )
        found = cuped_difference(control, treatment)
        plain = ratio_difference(control.outcome, treatment.outcome)
        end = judge_cuped(control, treatment, planned=2 * visitors, ended=True)
        own = found.comparison
        held["difference"] += own.difference.low <= crowd.rate * lift <= own.difference.high
        held["lift"] += own.lift is not None and own.lift.low <= lift <= own.lift.high
        held["wrong"] += own.p_value < 0.05
        held["end"] += end.state in _DECIDED
        held["better"] += min(own.p_value, plain.p_value) < 0.05
        kept.append(found.variance_kept)
    share = {key: count / simulations for key, count in held.items()}
    cell = f"CUPED, lift {lift:+.0%}, {name}, {back:.0%} return, {visitors:,} an arm"
    found_ = [
        Finding(cell=cell, measure="variance kept, mean", value=float(np.mean(kept))),
        Finding(
            cell=cell, measure="coverage, difference", value=share["difference"], goal=(0.94, 0.96)
        ),
        Finding(
            cell=cell,
            measure="coverage, lift on the log ratio",
            value=share["lift"],
            goal=(0.94, 0.96),
        ),
    ]
    if lift:
        return [*found_, Finding(cell=cell, measure="found at 5 %", value=share["wrong"])]
    return [
        *found_,
        Finding(cell=cell, measure="false positives", value=share["wrong"], goal=(0.04, 0.06)),
        Finding(
            cell=cell, measure="false positives, `judge_cuped`, the end alone", value=share["end"]
        ),
        Finding(
            cell=cell,
            measure="false positives, the better of CUPED and plain",
            value=share["better"],
            control=True,
        ),
    ]


def _arm(
    generator: np.random.Generator, crowd: Crowd, visitors: int, back: float, lift: float
) -> CupedSummary:
    """One arm: the same rates in both phases, traffic drawn anew, zeros for who is new."""
    own = generator.beta(
        crowd.concentration * crowd.rate, crowd.concentration * (1 - crowd.rate), visitors
    )
    seen, before = (crowd.traffic(generator, (visitors,)) for _ in range(2))
    before = before * (generator.random(visitors) < back)
    clicks = generator.binomial(seen, np.minimum(own * (1 + lift), 1.0))
    return CupedSummary.of(clicks, seen, generator.binomial(before, own), before)
