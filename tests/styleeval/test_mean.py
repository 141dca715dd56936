"""Means a visitor: Welch's test, with the verdict rule and the sequence for free."""

from __future__ import annotations

import numpy as np
import pytest
import tea_tasting
from gbstats.frequentist.tests import FrequentistConfig, TwoSidedTTest
from gbstats.models.statistics import SampleMeanStatistic
from scipy import stats

from styleeval.inference import (
    Summary,
    TooFewVisitors,
    judge,
    mean_difference,
    mean_summary,
    per_visitor,
    ratio_difference,
)
from styleeval.inference.errors import InvalidSummary
from tests.styleeval.oracles import crowd, summary, tea_aggregates

RNG = np.random.default_rng(3)
ONE, OTHER = RNG.gamma(0.5, 40.0, 800), RNG.gamma(0.5, 44.0, 500)


def test_agrees_with_welchs_test() -> None:
    found = mean_difference(mean_summary(ONE), mean_summary(OTHER), alpha=0.1)
    expected = stats.ttest_ind(OTHER, ONE, equal_var=False)
    low, high = expected.confidence_interval(0.9)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-10)
    assert (found.difference.low, found.difference.high) == pytest.approx((low, high), rel=1e-10)
    assert found.degrees_of_freedom == pytest.approx(expected.df, rel=1e-10)
    assert found.method == "welch"


def test_agrees_with_tea_tasting() -> None:
    found = mean_difference(mean_summary(ONE), mean_summary(OTHER))
    theirs = tea_tasting.Mean("value").analyze_aggregates(
        tea_aggregates(value=ONE), tea_aggregates(value=OTHER)
    )
    assert found.lift is not None
    assert [
        found.p_value,
        *(found.difference.low, found.difference.high),
        *(found.lift.estimate, found.lift.low, found.lift.high),
    ] == pytest.approx(
        [
            theirs.pvalue,
            *(theirs.effect_size_ci_lower, theirs.effect_size_ci_upper),
            *(theirs.rel_effect_size, theirs.rel_effect_size_ci_lower),
            theirs.rel_effect_size_ci_upper,
        ],
        rel=1e-9,
    )


def test_agrees_with_gbstats() -> None:
    theirs = TwoSidedTTest(
        *(
            SampleMeanStatistic(n=len(it), sum=float(it.sum()), sum_squares=float(it @ it))
            for it in (ONE, OTHER)
        ),
        FrequentistConfig(difference_type="absolute", alpha=0.05),
    ).compute_result()
    found = mean_difference(mean_summary(ONE), mean_summary(OTHER))
    assert found.p_value == pytest.approx(theirs.p_value, rel=1e-9)
    assert [found.difference.low, found.difference.high] == pytest.approx(theirs.ci, rel=1e-9)


def test_a_negative_baseline_has_no_lift_where_gbstats_turns_its_sign() -> None:
    """From −20 up to −10 is better; gbstats 0.8.0 divides by −20 and calls it −50 %."""
    losses, lesser = -20 + RNG.normal(0, 5, 300), -10 + RNG.normal(0, 5, 300)
    theirs = TwoSidedTTest(
        *(
            SampleMeanStatistic(n=300, sum=float(it.sum()), sum_squares=float(it @ it))
            for it in (losses, lesser)
        ),
        FrequentistConfig(difference_type="relative", alpha=0.05),
    ).compute_result()
    found = mean_difference(mean_summary(losses), mean_summary(lesser))
    assert theirs.expected == pytest.approx(-0.5, abs=0.05)
    assert found.lift is None
    assert found.difference.low > 8


def test_clicks_a_visitor_beside_the_rate() -> None:
    clicks, seen = crowd(700, 1)
    rate = Summary.of(clicks, seen)
    assert per_visitor(rate) == mean_summary(clicks)
    other = summary(600, 2)
    assert mean_difference(rate, other) == mean_difference(per_visitor(rate), per_visitor(other))
    assert mean_difference(rate, other).p_value != ratio_difference(rate, other).p_value


def test_a_rate_up_for_fewer_impressions_is_no_more_clicks() -> None:
    clicks, seen = crowd(2000, 1)
    fewer = Summary.of(clicks, np.ceil(seen * 0.7))
    all_ = Summary.of(clicks, seen)
    assert ratio_difference(all_, fewer).p_value < 1e-3
    assert mean_difference(all_, fewer).difference.estimate == 0


def test_parts_add_up_to_the_whole() -> None:
    parts = mean_summary(ONE[:300]) + mean_summary(ONE[300:])
    other = mean_summary(OTHER)
    whole = mean_difference(mean_summary(ONE), other)
    assert mean_difference(parts, other).p_value == pytest.approx(whole.p_value, rel=1e-12)


def test_the_verdict_rule_takes_means() -> None:
    doubled = mean_summary(2 * ONE)
    assert judge(mean_summary(ONE), doubled, planned=1600).state == "higher"


def test_too_few_and_impossible() -> None:
    with pytest.raises(TooFewVisitors):
        mean_difference(mean_summary([3.0]), mean_summary(ONE))
    with pytest.raises(TooFewVisitors):
        mean_difference(mean_summary([3.0, 3.0]), mean_summary([4.0, 4.0]))
    with pytest.raises(InvalidSummary):
        mean_summary([1.0, np.nan])
