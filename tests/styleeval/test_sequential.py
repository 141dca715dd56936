"""The confidence sequence: gbstats' formula, any number of looks, phases as one sequence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gbstats.frequentist.tests import SequentialConfig, SequentialTwoSidedTTest
from hypothesis import given
from hypothesis import strategies as st

from styleeval.inference import (
    Summary,
    TooFewVisitors,
    ratio_difference,
    sequential_difference,
    sequential_strata,
)
from styleeval.inference.errors import OutOfRange
from styleeval.inference.sequential import CONFIDENCE_SEQUENCE
from tests.styleeval.oracles import gb_ratio, steady, summary

CONTROL, TREATMENT = summary(700, 1), summary(900, 2, appeal=0.8)


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.1])
@pytest.mark.parametrize("planned", [500, 1600, 40_000])
def test_agrees_with_gbstats(planned: int, alpha: float) -> None:
    config = SequentialConfig(
        difference_type="absolute", alpha=alpha, sequential_tuning_parameter=planned
    )
    for seed in range(8):
        arms = summary(300 + 90 * seed, seed), summary(500, 50 + seed, appeal=0.6)
        expected = SequentialTwoSidedTTest(*map(gb_ratio, arms), config).compute_result()
        found = sequential_difference(*arms, planned=planned, alpha=alpha)
        assert found.difference.estimate == pytest.approx(expected.expected, rel=1e-9)
        assert [found.difference.low, found.difference.high] == pytest.approx(expected.ci, rel=1e-9)
        assert found.p_value == pytest.approx(expected.p_value, rel=1e-9)


def test_says_what_it_is() -> None:
    found, fixed = (
        sequential_difference(CONTROL, TREATMENT, planned=1600),
        ratio_difference(CONTROL, TREATMENT),
    )
    assert found.method == CONFIDENCE_SEQUENCE != fixed.method
    assert found.degrees_of_freedom is None
    assert found.standard_error == fixed.standard_error
    assert found.difference.estimate == fixed.difference.estimate
    assert found.lift is not None and fixed.lift is not None
    assert found.lift.estimate == fixed.lift.estimate


def test_it_is_at_most_1_6_times_as_wide_as_a_fixed_interval_at_the_plan() -> None:
    fixed = ratio_difference(CONTROL, TREATMENT)
    assert fixed.lift is not None
    for planned, most in ((1600, 1.55), (1200, 1.56), (2000, 1.56)):
        found = sequential_difference(CONTROL, TREATMENT, planned=planned)
        wider = (found.difference.high - found.difference.low) / (
            fixed.difference.high - fixed.difference.low
        )
        assert 1.5 < wider < most
        assert found.lift is not None
        logs = [math.log((1 + it.high) / (1 + it.low)) for it in (found.lift, fixed.lift)]
        assert logs[0] / logs[1] == pytest.approx(wider, rel=1e-3)


@steady
@given(
    planned=st.integers(100, 10**7),
    alpha=st.floats(1e-4, 0.4),
    seed=st.integers(0, 5),
    appeal=st.floats(0.3, 1.0),
)
def test_p_below_alpha_is_an_interval_without_0(
    planned: int, alpha: float, seed: int, appeal: float
) -> None:
    arms = summary(400, seed), summary(300, seed + 90, appeal=appeal)
    found = sequential_difference(*arms, planned=planned, alpha=alpha)
    excludes = not found.difference.low <= 0 <= found.difference.high
    assert (found.p_value < alpha) == excludes
    assert 0 < found.p_value <= 1
    back = sequential_difference(*reversed(arms), planned=planned, alpha=alpha)
    assert back.difference.low == pytest.approx(-found.difference.high, rel=1e-12)
    assert back.p_value == pytest.approx(found.p_value, rel=1e-12)
    stricter = sequential_difference(*arms, planned=planned, alpha=alpha / 2)
    assert stricter.difference.low < found.difference.low
    assert stricter.difference.high > found.difference.high


@steady
@given(st.integers(1, 400))
def test_more_visitors_are_narrower(times: int) -> None:
    def repeated(arm: Summary, count: int) -> Summary:
        return Summary.from_dict({name: count * value for name, value in arm.as_dict().items()})

    few, more = (
        sequential_difference(
            repeated(CONTROL, count), repeated(TREATMENT, count), planned=10_000
        ).difference
        for count in (times, times + 1)
    )
    assert more.low > few.low and more.high < few.high


def test_phases_are_one_sequence() -> None:
    pair = (CONTROL, TREATMENT)
    whole = sequential_difference(*pair, planned=3200)
    assert sequential_strata([pair], planned=3200) == whole
    twice = sequential_strata([pair, pair], planned=3200)
    assert twice.difference.estimate == pytest.approx(whole.difference.estimate, rel=1e-12)
    assert twice.standard_error == pytest.approx(whole.standard_error / math.sqrt(2), rel=1e-12)
    # As many visitors as both phases have, of one phase, draw the very same interval.
    merged = sequential_difference(CONTROL + CONTROL, TREATMENT + TREATMENT, planned=3200)
    assert twice.difference.low == pytest.approx(merged.difference.low, rel=1e-3)


def test_a_rate_of_0_has_no_lift_and_too_few_no_numbers() -> None:
    nothing = Summary.of(np.zeros(200), np.full(200, 3))
    assert sequential_difference(nothing, TREATMENT, planned=1000).lift is None
    with pytest.raises(TooFewVisitors):
        sequential_difference(nothing, nothing, planned=1000)
    with pytest.raises(TooFewVisitors):
        sequential_difference(Summary.of([1], [3]), TREATMENT, planned=1000)


@pytest.mark.parametrize("planned", [0, -5])
def test_refuses_a_plan_of_nobody(planned: int) -> None:
    with pytest.raises(OutOfRange, match="planned"):
        sequential_difference(CONTROL, TREATMENT, planned=planned)
    with pytest.raises(OutOfRange, match="alpha"):
        sequential_difference(CONTROL, TREATMENT, planned=1000, alpha=0)


def test_a_certain_difference_has_a_p_value_of_0_and_no_warning() -> None:
    few = Summary.of(np.arange(10_000) % 100 == 0, np.ones(10_000))
    many = Summary.of(np.arange(10_000) % 100 != 0, np.ones(10_000))
    assert sequential_difference(few, many, planned=20_000).p_value == 0.0
