"""Weights by chance to be best, and why their outcome is read phase by phase."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from styleeval.inference import Summary, stratified_difference, thompson_allocation
from styleeval.inference.allocation import best_chances
from styleeval.inference.errors import OutOfRange, ShapesDiffer, TooFewVisitors
from styleeval.inference.strata import Rate
from tests.styleeval.visitors import NOBODY, drawn


def rates(*pairs: tuple[float, float]) -> list[Rate]:
    return [Rate(mean, deviation**2, 100.0) for mean, deviation in pairs]


def test_two_arms_have_a_closed_form() -> None:
    for wide in (0.01, 0.2, 3.0):
        found = best_chances(rates((0.05, 0.01), (0.06, wide)))
        expected = stats.norm.cdf((0.06 - 0.05) / np.hypot(0.01, wide))
        assert found[1] == pytest.approx(expected, abs=1e-9)
        assert sum(found) == pytest.approx(1, abs=1e-12)


def test_four_arms_agree_with_draws() -> None:
    arms = rates((0.050, 0.004), (0.052, 0.002), (0.047, 0.009), (0.049, 0.001))
    draws = np.random.default_rng(3).normal(
        [arm.rate for arm in arms], [arm.variance**0.5 for arm in arms], (200_000, 4)
    )
    shares = np.bincount(draws.argmax(axis=1), minlength=4) / 200_000
    assert best_chances(arms) == pytest.approx(shares, abs=0.0045)  # four standard errors


def test_equal_arms_get_equal_weights_in_any_order() -> None:
    arm = drawn(900, 0.05, seed=1)
    found = thompson_allocation([[arm, arm, arm]])
    assert found.weights == pytest.approx((1 / 3, 1 / 3, 1 / 3), abs=1e-12)
    others = [drawn(900, 0.05, seed=2), arm, drawn(900, 0.06, seed=3)]
    forth, back = thompson_allocation([others]), thompson_allocation([others[::-1]])
    assert forth.weights is not None and back.weights is not None
    assert back.weights[::-1] == pytest.approx(forth.weights, abs=1e-9)


def test_the_better_arm_gets_more_and_every_arm_its_floor() -> None:
    control = drawn(3000, 0.05, seed=4)
    found = thompson_allocation([[control, drawn(3000, 0.09, seed=5)]])
    assert found.weights == pytest.approx((0.05, 0.95), abs=1e-6)
    assert thompson_allocation([[control, control]], floor=0.0).weights == (0.5, 0.5)
    close = thompson_allocation([[control, drawn(3000, 0.052, seed=6)]], floor=0.1)
    assert close.weights is not None and close.chances is not None
    assert close.weights == pytest.approx([0.1 + 0.8 * c for c in close.chances], abs=1e-12)
    assert sum(close.weights) == pytest.approx(1, abs=1e-12)


def test_a_busy_week_is_no_merit() -> None:
    quiet = [drawn(4000, 0.05, seed=7), drawn(500, 0.05, seed=8)]
    busy = [drawn(500, 0.15, seed=9), drawn(4000, 0.15, seed=10)]
    added = thompson_allocation([[a + b for a, b in zip(quiet, busy, strict=True)]]).chances
    apart = thompson_allocation([quiet, busy]).chances
    assert added is not None and apart is not None
    assert added[1] > 0.999
    assert 0.02 < apart[1] < 0.98


def test_nothing_is_allotted_before_there_is_data() -> None:
    enough, few = drawn(900, 0.05, seed=1), drawn(90, 0.05, seed=2)
    found = thompson_allocation([[enough, few]], min_clicks=0)
    assert (found.weights, found.chances, found.rates) == (None, None, ())
    assert found.reasons == ("arm 2 has 90 of 100 visitors",)
    silent = Summary.of(np.zeros(200), np.full(200, 5))
    assert thompson_allocation([[enough, silent]]).reasons == ("arm 2 has 0 of 25 clicks",)
    unspread = thompson_allocation([[enough, silent]], min_clicks=0)
    assert unspread.weights is None and "no spread" in unspread.reasons[0]
    # Visitors of several phases add up.
    assert thompson_allocation([[enough, few], [enough, few]], min_clicks=10).weights
    never_together = thompson_allocation([[enough, NOBODY], [NOBODY, enough]])
    assert never_together.weights is None


def test_what_was_drawn_from_is_kept_as_data() -> None:
    found = thompson_allocation([[drawn(900, 0.05, seed=1), drawn(800, 0.05, seed=2)]])
    kept = json.loads(json.dumps(found.as_dict()))
    assert kept["weights"] == pytest.approx(found.weights, abs=0)
    # A database driver writes NumPy's own numbers by their repr.
    assert found.weights and {type(weight) for weight in found.weights} == {float}
    assert kept["visitors"] == [900, 800]
    assert (kept["floor"], kept["method"]) == (0.05, "thompson_batch_stratified")


def test_refuses_what_cannot_be() -> None:
    arm = drawn(900, 0.05, seed=1)
    with pytest.raises(OutOfRange, match="floor"):
        thompson_allocation([[arm, arm]], floor=0.5)
    with pytest.raises(ShapesDiffer):
        thompson_allocation([[arm, arm], [arm]])
    with pytest.raises(ShapesDiffer):
        thompson_allocation([])
    with pytest.raises(TooFewVisitors):
        best_chances(rates((0.1, 0.0), (0.1, 0.1)))


def test_phases_are_read_without_bias_where_added_counts_are_not() -> None:
    """Two equal arms in four phases, weights of the next by the clicks so far."""
    generator = np.random.default_rng(17)
    apart, added = [], []
    for _ in range(600):
        phases: list[tuple[Summary, Summary]] = []
        share = 0.5
        for _phase in range(4):
            first = round(400 * share)
            phases.append((drawn(400 - first, 0.05, generator), drawn(first, 0.05, generator)))
            share = (thompson_allocation(phases, min_clicks=1).weights or (0.5, 0.5))[1]
        apart.append(stratified_difference(phases, sizes=[400] * 4).difference.estimate)
        control, treatment = (sum((p[a] for p in phases), start=NOBODY) for a in (0, 1))
        # The arm that did worse at first is hardly asked again: its bad luck stays in the sum.
        added.append(min(control.ratio, treatment.ratio) - 0.05)
    assert abs(np.mean(apart)) < 4 * np.std(apart) / 600**0.5
    pooled = np.mean(added)
    assert pooled < -4 * np.std(added) / 600**0.5


def test_shares_of_a_phase_must_not_follow_the_results() -> None:
    """Of three arms: by the two arms' own visitors a lucky first phase counts for less."""
    generator = np.random.default_rng(18)
    own, all_arms = [], []
    for _ in range(4000):
        first = generator.normal(0.0, 1.0)
        later = 180 if first > 0 else 20
        pair = [(_arm(100, 0.0), _arm(100, first)), (_arm(10, 0.0), _arm(later, 0.0))]
        own.append(stratified_difference(pair).difference.estimate)
        all_arms.append(stratified_difference(pair, sizes=[300, 300]).difference.estimate)
    error = np.std(all_arms) / 4000**0.5
    assert abs(np.mean(all_arms)) < 4 * error
    assert np.mean(own) < -15 * error


def _arm(visitors: int, mean: float) -> Summary:
    """Two kinds of visitors about a mean that is known exactly; one impression each."""
    half = visitors // 2
    return Summary.of(np.r_[np.full(half, mean - 1), np.full(half, mean + 1)], np.ones(2 * half))
