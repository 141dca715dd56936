"""Shares of visitors: the better of each textbook's parts, and no width of 0."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tea_tasting
import tea_tasting.aggr
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from styleeval.inference import (
    Proportion,
    State,
    TooFewVisitors,
    compare_proportions,
    proportion_difference,
    proportion_interval,
)
from styleeval.inference.errors import InvalidSummary, OutOfRange
from tests.styleeval.oracles import steady


def of(successes: int, visitors: int) -> Proportion:
    return Proportion(visitors=visitors, successes=successes)


ARMS = of(480, 6000), of(561, 6100)


def theirs(*, equal_var: bool, correction: bool = False) -> tea_tasting.metrics.ProportionResult:
    metric = tea_tasting.Proportion(
        "clicked", method="norm", equal_var=equal_var, correction=correction
    )
    control, treatment = (
        tea_tasting.aggr.Aggregates(count_=arm.visitors, mean_={"clicked": arm.share})
        for arm in ARMS
    )
    return metric.analyze_aggregates(control, treatment)


def test_the_p_value_is_tea_tastings_and_pearsons() -> None:
    found = proportion_difference(*ARMS)
    assert found.p_value == pytest.approx(theirs(equal_var=True).pvalue, rel=1e-9)
    table = [[arm.successes, arm.visitors - arm.successes] for arm in ARMS]
    assert found.p_value == pytest.approx(
        stats.chi2_contingency(table, correction=False).pvalue, rel=1e-9
    )


def test_the_lift_is_tea_tastings_without_pooling() -> None:
    """Pooled, as by default, its interval rests on arms without a difference (see below)."""
    lift, other = proportion_difference(*ARMS).lift, theirs(equal_var=False)
    assert lift is not None
    assert [lift.estimate, lift.low, lift.high] == pytest.approx(
        [
            other.rel_effect_size,
            other.rel_effect_size_ci_lower,
            other.rel_effect_size_ci_upper,
        ],
        rel=1e-9,
    )
    error = (other.effect_size_ci_upper - other.effect_size) / stats.norm.isf(0.025)
    assert proportion_difference(*ARMS).standard_error == pytest.approx(error, rel=1e-9)


def test_a_pooled_interval_covers_a_difference_less_often_than_it_says() -> None:
    """tea-tasting's default pools the variance for the interval as well; ours does not."""
    rng = np.random.default_rng(4)
    shares, visitors, runs = (0.5, 0.02), (400, 4000), 2_000
    z = stats.norm.isf(0.025)
    ours = pooled = 0
    few_clicks, many_clicks = (
        rng.binomial(n, p, runs) for n, p in zip(visitors, shares, strict=True)
    )
    for few, many in zip(few_clicks, many_clicks, strict=True):
        found = proportion_difference(of(few, 400), of(many, 4000)).difference
        ours += found.low <= shares[1] - shares[0] <= found.high
        whole = (few + many) / 4400
        half = z * math.sqrt(whole * (1 - whole) * (1 / 400 + 1 / 4000))
        pooled += abs(found.estimate - (shares[1] - shares[0])) <= half
    # 95 % ± three binomial standard errors of 0.5 %.
    assert 0.935 < ours / runs < 0.965
    assert pooled / runs < 0.8


@pytest.mark.parametrize(
    ("control", "treatment", "low", "high"),
    [
        # Newcombe 1998, table II, method 10.
        ((48, 80), (56, 70), 0.0524, 0.3339),
        ((3, 10), (9, 10), 0.1705, 0.8090),
        ((2, 7), (6, 7), 0.0582, 0.8062),
        ((0, 29), (5, 56), -0.0381, 0.1926),
        ((0, 10), (10, 10), 0.6075, 1.0),
    ],
)
def test_the_published_intervals(
    control: tuple[int, int], treatment: tuple[int, int], low: float, high: float
) -> None:
    found = proportion_difference(of(*control), of(*treatment)).difference
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@steady
@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_properties(n: int, m: int, data: st.DataObject) -> None:
    one, other = of(data.draw(st.integers(0, n)), n), of(data.draw(st.integers(0, m)), m)
    interval = proportion_interval(one)
    assert 0 <= interval.low <= interval.estimate <= interval.high <= 1
    assert interval.high > interval.low
    if not 0 < one.successes + other.successes < n + m:
        return
    forth, back = proportion_difference(one, other), proportion_difference(other, one)
    assert -1 <= forth.difference.low <= forth.difference.estimate <= forth.difference.high <= 1
    assert back.difference.low == pytest.approx(-forth.difference.high, abs=1e-12)
    assert back.p_value == pytest.approx(forth.p_value, rel=1e-12)
    wider = proportion_difference(one, other, alpha=0.01).difference
    assert wider.low <= forth.difference.low and wider.high >= forth.difference.high
    assert (forth.lift is None) == (not (one.successes and other.successes))


def test_wilson_agrees_with_scipy() -> None:
    for successes, visitors in ((0, 30), (3, 30), (30, 30), (480, 6000)):
        found = proportion_interval(of(successes, visitors), alpha=0.1)
        expected = stats.binomtest(successes, visitors).proportion_ci(0.9, method="wilson")
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_parts_add_up() -> None:
    assert of(3, 10) + of(4, 20) == of(7, 30)


def test_enough_data_or_no_number() -> None:
    assert compare_proportions(*ARMS).state is State.HIGHER
    assert compare_proportions(*reversed(ARMS)).state is State.LOWER
    assert compare_proportions(ARMS[0], ARMS[0]).state is State.NO_DIFFERENCE_SHOWN
    few = compare_proportions(of(24, 99), of(90, 100))
    assert (few.state, few.comparison) == (State.NOT_ENOUGH_DATA, None)
    assert few.reasons == (
        "control has 99 of 100 visitors",
        "control has 24 of 25 visitors who did it",
        "treatment has 10 of 25 visitors who did not",
    )
    nobody = compare_proportions(of(0, 200), of(0, 200), min_converted=0)
    assert (nobody.state, nobody.comparison) == (State.NOT_ENOUGH_DATA, None)


def test_refuses_what_no_visitors_are() -> None:
    for successes, visitors in ((3, 2), (-1, 5), (1.5, 5)):
        with pytest.raises(InvalidSummary):
            of(successes, visitors)  # type: ignore[arg-type]
    with pytest.raises(TooFewVisitors):
        proportion_interval(of(0, 0))
    with pytest.raises(TooFewVisitors):
        proportion_difference(of(0, 50), of(0, 50))
    with pytest.raises(OutOfRange):
        proportion_difference(*ARMS, alpha=0)
    with pytest.raises(OutOfRange):
        compare_proportions(*ARMS, alpha=1)
