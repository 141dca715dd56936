"""Phases averaged: one is the plain comparison, several do not fall for Simpson's paradox."""

from __future__ import annotations

import numpy as np
import pytest

from styleeval.inference import (
    State,
    Summary,
    TooFewVisitors,
    compare,
    compare_strata,
    ratio_difference,
    stratified_difference,
)

GENERATOR = np.random.default_rng(11)


def crowd(visitors: int, rate: float, generator: np.random.Generator = GENERATOR) -> Summary:
    """Visitors with a rate of their own around `rate`, ten impressions each on average."""
    seen = generator.poisson(9, visitors) + 1
    own = generator.beta(rate * 20, (1 - rate) * 20, visitors)
    return Summary.of(generator.binomial(seen, own), seen)


NOBODY = Summary(n=0, sum_m=0, sum_d=0, sum_mm=0, sum_dd=0, sum_md=0)


def test_one_phase_is_the_plain_comparison() -> None:
    pair = (crowd(500, 0.1), crowd(700, 0.12))
    assert stratified_difference([pair]) == ratio_difference(*pair)
    assert compare_strata([pair]) == compare(*pair)
    assert stratified_difference([pair, (NOBODY, NOBODY)]) == ratio_difference(*pair)


def test_two_equal_phases_give_the_same_difference_with_half_the_variance() -> None:
    pair = (crowd(500, 0.1), crowd(500, 0.12))
    one, two = ratio_difference(*pair), stratified_difference([pair, pair])
    assert two.difference.estimate == pytest.approx(one.difference.estimate, rel=1e-12)
    assert two.standard_error == pytest.approx(one.standard_error / 2**0.5, rel=1e-12)
    assert two.method != one.method
    assert one.lift is not None and two.lift is not None
    assert two.lift.estimate == pytest.approx(one.lift.estimate, rel=1e-12)


def test_the_order_of_phases_says_nothing() -> None:
    pairs = [(crowd(300, 0.1), crowd(900, 0.1)), (crowd(800, 0.2), crowd(200, 0.2))]
    forward, back = stratified_difference(pairs), stratified_difference(pairs[::-1])
    assert forward.p_value == pytest.approx(back.p_value, rel=1e-12)


def test_a_busy_week_that_one_arm_saw_more_of_is_no_effect() -> None:
    """Adding the phases up says “higher”, with certainty, where nothing is."""
    generator = np.random.default_rng(5)
    quiet = (crowd(5000, 0.05, generator), crowd(500, 0.05, generator))
    busy = (crowd(500, 0.15, generator), crowd(5000, 0.15, generator))
    added_up = compare(quiet[0] + busy[0], quiet[1] + busy[1])
    assert added_up.state == State.HIGHER
    assert added_up.comparison is not None and added_up.comparison.p_value < 1e-9
    assert compare_strata([quiet, busy]).state == State.NO_DIFFERENCE_SHOWN


def test_intervals_cover_a_planted_difference_as_often_as_they_say() -> None:
    generator = np.random.default_rng(7)
    covered = 0
    for _ in range(600):
        phases = [
            (crowd(150, 0.08, generator), crowd(450, 0.10, generator)),
            (crowd(400, 0.16, generator), crowd(200, 0.18, generator)),
        ]
        found = stratified_difference(phases).difference
        covered += found.low <= 0.02 <= found.high
    # 95 % of 600 is 570; four standard deviations are 21.
    assert 549 <= covered <= 591


def test_phases_without_a_click_stay_in() -> None:
    """Leaving them out would keep just the phases in which something happened."""
    silent = Summary.of(np.zeros(200), np.full(200, 5))
    busy = (crowd(200, 0.1), crowd(200, 0.2))
    alone, both = ratio_difference(*busy), stratified_difference([busy, (silent, silent)])
    assert both.difference.estimate == pytest.approx(alone.difference.estimate / 2, rel=1e-12)
    with pytest.raises(TooFewVisitors):
        stratified_difference([(silent, silent), (silent, silent)])


def test_too_few_visitors_are_no_result() -> None:
    assert compare_strata([]).state == State.NOT_ENOUGH_DATA
    small = (crowd(40, 0.1), crowd(40, 0.1))
    assert compare_strata([small, small]).state == State.NOT_ENOUGH_DATA
    # Together they are enough, though each is small.
    medium = (crowd(80, 0.2), crowd(80, 0.2))
    assert compare_strata([medium, medium]).state != State.NOT_ENOUGH_DATA
    with pytest.raises(TooFewVisitors):
        stratified_difference([(NOBODY, NOBODY)])
    # Each arm has visitors, but never in the same phase.
    apart = [(crowd(500, 0.1), NOBODY), (NOBODY, crowd(500, 0.1))]
    assert compare_strata(apart).state == State.NOT_ENOUGH_DATA
