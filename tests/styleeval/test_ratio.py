from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
import tea_tasting
from gbstats.frequentist.tests import (
    FrequentistConfig,
    OneSidedTreatmentLesserTTest,
    TwoSidedTTest,
)
from scipy import stats

from styleeval.inference import Summary, TooFewVisitors, ratio_difference, ratio_interval
from styleeval.inference.errors import OutOfRange
from tests.styleeval.oracles import gb_ratio, tea_aggregates

SIMULATIONS, VISITORS, LIFT = 2_000, 500, 0.15


def visitors(n: int, seed: int, *, appeal: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Clicks and viewable impressions a visitor, (n,) each; the same seed, the same people."""
    rng = np.random.default_rng(seed)
    impressions = rng.poisson(rng.gamma(2.0, 3.0, n))
    return rng.binomial(impressions, appeal * rng.beta(1.0, 9.0, n)), impressions


CONTROL = Summary.of(*visitors(700, 1))
TREATMENT = Summary.of(*visitors(900, 2, appeal=0.8))


def repeated(summary: Summary, times: int) -> Summary:
    return Summary(**{name: times * value for name, value in summary.as_dict().items()})  # type: ignore[arg-type]


def test_one_impression_a_visitor_is_welchs_test() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(4.0, 1.0, 30), rng.normal(4.5, 3.0, 50)
    found = ratio_difference(Summary.of(a, np.ones(30)), Summary.of(b, np.ones(50)), alpha=0.1)
    expected = stats.ttest_ind(b, a, equal_var=False)
    low, high = expected.confidence_interval(0.9)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-10)
    assert found.degrees_of_freedom == pytest.approx(expected.df, rel=1e-10)
    assert found.difference.estimate == pytest.approx(b.mean() - a.mean(), rel=1e-10)
    assert found.difference.low == pytest.approx(low, rel=1e-10)
    assert found.difference.high == pytest.approx(high, rel=1e-10)


def test_one_arm_is_students_interval() -> None:
    values = np.random.default_rng(6).normal(4.0, 1.0, 12)
    found = ratio_interval(Summary.of(values, np.ones(12)), alpha=0.1)
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-10)
    assert (found.estimate, found.alpha) == (pytest.approx(values.mean()), 0.1)


def test_the_error_is_of_the_linearised_visitors() -> None:
    squares = 0.0
    for clicks, impressions in (visitors(700, 1), visitors(900, 2, appeal=0.8)):
        ratio = clicks.sum() / impressions.sum()
        residuals = (clicks - ratio * impressions) / impressions.mean()
        squares += residuals.var(ddof=1) / len(clicks)
    found = ratio_difference(CONTROL, TREATMENT)
    assert found.standard_error == pytest.approx(math.sqrt(squares), rel=1e-12)
    assert found.method == "delta_welch"


def test_the_lift_interval_is_taken_on_the_log_ratio() -> None:
    lift = ratio_difference(CONTROL, TREATMENT).lift
    assert lift is not None
    assert lift.estimate == pytest.approx(TREATMENT.ratio / CONTROL.ratio - 1, rel=1e-12)
    middle = math.sqrt((1 + lift.low) * (1 + lift.high))
    assert middle == pytest.approx(1 + lift.estimate, rel=1e-12)
    relative = [arm.linearised_variance / arm.ratio**2 for arm in (CONTROL, TREATMENT)]
    freedom = sum(relative) ** 2 / (relative[0] ** 2 / 699 + relative[1] ** 2 / 899)
    half = stats.t.isf(0.025, freedom) * math.sqrt(sum(relative))
    assert math.log((1 + lift.high) / (1 + lift.estimate)) == pytest.approx(half, rel=1e-9)


def test_swapping_the_arms_mirrors_everything() -> None:
    forth, back = ratio_difference(CONTROL, TREATMENT), ratio_difference(TREATMENT, CONTROL)
    assert back.p_value == pytest.approx(forth.p_value, rel=1e-12)
    assert back.difference.estimate == pytest.approx(-forth.difference.estimate, rel=1e-12)
    assert back.difference.low == pytest.approx(-forth.difference.high, rel=1e-12)
    assert back.difference.high == pytest.approx(-forth.difference.low, rel=1e-12)
    assert forth.lift is not None and back.lift is not None
    assert 1 + back.lift.low == pytest.approx(1 / (1 + forth.lift.high), rel=1e-12)
    assert 1 + back.lift.high == pytest.approx(1 / (1 + forth.lift.low), rel=1e-12)


def test_four_times_the_visitors_halve_the_interval() -> None:
    narrow = ratio_difference(repeated(CONTROL, 4), repeated(TREATMENT, 4))
    wide = ratio_difference(CONTROL, TREATMENT)
    assert narrow.difference.estimate == pytest.approx(wide.difference.estimate, rel=1e-12)
    assert narrow.p_value < wide.p_value
    assert wide.lift is not None and narrow.lift is not None
    for large, small in (
        (wide.difference, narrow.difference),
        (wide.lift, narrow.lift),
        (ratio_interval(CONTROL), ratio_interval(repeated(CONTROL, 4))),
    ):
        # n − 1 and t are not quite at their limits; the lift's interval is skewed besides.
        assert (small.high - small.low) / (large.high - large.low) == pytest.approx(0.5, abs=0.01)


def test_units_scale_out() -> None:
    (clicks, impressions), (more, views) = visitors(700, 1), visitors(900, 2, appeal=0.8)
    plain = ratio_difference(CONTROL, TREATMENT)
    cents = ratio_difference(Summary.of(100 * clicks, impressions), Summary.of(100 * more, views))
    assert cents.p_value == pytest.approx(plain.p_value, rel=1e-9)
    assert cents.difference.low == pytest.approx(100 * plain.difference.low, rel=1e-9)
    assert cents.lift is not None and plain.lift is not None
    assert cents.lift.low == pytest.approx(plain.lift.low, rel=1e-9)


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_a_smaller_alpha_is_wider(alpha: float) -> None:
    strict, plain = (ratio_difference(CONTROL, TREATMENT, a) for a in (alpha / 2, alpha))
    assert strict.difference.low < plain.difference.low
    assert strict.difference.high > plain.difference.high
    assert strict.difference.alpha == alpha / 2
    assert strict.p_value == plain.p_value


def test_the_p_value_is_of_the_absolute_difference() -> None:
    p_value = ratio_difference(CONTROL, TREATMENT).p_value
    edge = ratio_difference(CONTROL, TREATMENT, alpha=p_value)
    assert 0.001 < p_value < 0.5
    # At alpha = p the interval ends at 0; that of the log ratio ends elsewhere.
    assert edge.difference.high == pytest.approx(0.0, abs=1e-12)
    assert edge.lift is not None
    assert abs(edge.lift.high) > 1e-4


def test_no_lift_over_nothing() -> None:
    nothing = Summary.of(np.zeros(50), np.full(50, 3))
    for arms in ((nothing, CONTROL), (CONTROL, nothing)):
        found = ratio_difference(*arms)
        assert found.lift is None
        assert found.degrees_of_freedom == pytest.approx(CONTROL.n - 1)
        assert 0 < found.p_value < 1


def test_a_handful_of_visitors_may_leave_the_lift_open() -> None:
    arms = Summary.of([1, 3], [5, 5]), Summary.of([2, 3], [5, 5])
    lift = ratio_difference(*arms, alpha=1e-12).lift
    assert lift is not None
    assert (lift.low, lift.high) == (-1.0, math.inf)


@pytest.mark.parametrize(
    "arm",
    [
        pytest.param(Summary.of([], []), id="nobody"),
        pytest.param(Summary.of([1], [3]), id="one visitor"),
        pytest.param(Summary.of([0, 0, 0], [0, 0, 0]), id="nothing viewed"),
    ],
)
def test_says_when_visitors_are_too_few(arm: Summary) -> None:
    with pytest.raises(TooFewVisitors):
        ratio_interval(arm)
    for arms in ((arm, CONTROL), (CONTROL, arm)):
        with pytest.raises(TooFewVisitors) as caught:
            ratio_difference(*arms)
        assert isinstance(caught.value, ValueError)
        assert caught.value.code == "too_few_visitors"


def test_no_variation_is_no_certainty() -> None:
    none, all_ = Summary.of(np.zeros(50), np.ones(50)), Summary.of(np.ones(50), np.ones(50))
    for arm in (none, all_):
        with pytest.raises(TooFewVisitors, match="same ratio"):
            ratio_interval(arm)
    with pytest.raises(TooFewVisitors, match="one ratio"):
        ratio_difference(none, all_)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, 5.0, math.nan])
def test_refuses_an_alpha_out_of_range(alpha: float) -> None:
    with pytest.raises(OutOfRange, match="alpha"):
        ratio_interval(CONTROL, alpha)
    with pytest.raises(OutOfRange, match="alpha"):
        ratio_difference(CONTROL, TREATMENT, alpha)


def test_agrees_with_gbstats() -> None:
    config = FrequentistConfig(difference_type="absolute", alpha=0.05)
    for seed in range(20):
        control = Summary.of(*visitors(300 + 40 * seed, seed))
        treatment = Summary.of(*visitors(500, 100 + seed, appeal=0.9))
        arms = gb_ratio(control), gb_ratio(treatment)
        expected = TwoSidedTTest(*arms, config).compute_result()
        found = ratio_difference(control, treatment)
        assert found.difference.estimate == pytest.approx(expected.expected, rel=1e-9)
        assert found.p_value == pytest.approx(expected.p_value, rel=1e-9)
        assert [found.difference.low, found.difference.high] == pytest.approx(expected.ci, rel=1e-9)


def test_agrees_with_tea_tasting() -> None:
    metric = tea_tasting.RatioOfMeans("clicks", "seen")
    for seed in range(20):
        people = visitors(300 + 40 * seed, seed), visitors(500, 100 + seed, appeal=0.9)
        expected = metric.analyze_aggregates(
            *(tea_aggregates(clicks=clicks, seen=seen) for clicks, seen in people)
        )
        found = ratio_difference(*(Summary.of(*arm) for arm in people))
        assert found.lift is not None
        assert [
            found.p_value,
            *(found.difference.estimate, found.difference.low, found.difference.high),
            *(found.lift.estimate, found.lift.low, found.lift.high),
        ] == pytest.approx(
            [
                expected.pvalue,
                expected.effect_size,
                expected.effect_size_ci_lower,
                expected.effect_size_ci_upper,
                expected.rel_effect_size,
                expected.rel_effect_size_ci_lower,
                expected.rel_effect_size_ci_upper,
            ],
            rel=1e-9,
        )


def test_an_interval_holds_its_estimate_where_gbstats_one_sided_does_not() -> None:
    """gbstats 0.8.0 takes the width away from the estimate in place of adding it."""
    config = FrequentistConfig(difference_type="absolute", alpha=0.05)
    arms = gb_ratio(CONTROL), gb_ratio(TREATMENT)
    theirs = OneSidedTreatmentLesserTTest(*arms, config).compute_result()
    assert theirs.ci[1] < theirs.expected
    # The upper end it should have had is that of a two-sided interval at twice alpha.
    found = ratio_difference(CONTROL, TREATMENT, alpha=0.1).difference
    assert found.low < found.estimate < found.high
    assert found.high - found.estimate == pytest.approx(theirs.expected - theirs.ci[1], rel=1e-9)


@dataclass(frozen=True)
class Arm:
    """An arm of many simulated experiments: clicks and impressions (experiments, visitors)."""

    clicks: np.ndarray
    impressions: np.ndarray

    def summaries(self) -> list[Summary]:
        return [Summary.of(m, d) for m, d in zip(self.clicks, self.impressions, strict=True)]


def plain_arm(rng: np.random.Generator) -> Arm:
    """Ten impressions a visitor (Poisson), a visitor's own CTR (Beta, mean 5 %)."""
    shape = (SIMULATIONS, VISITORS)
    impressions = rng.poisson(10.0, shape)
    return Arm(rng.binomial(impressions, rng.beta(0.5, 9.5, shape)), impressions)


def uneven_arm(rng: np.random.Generator, appeal: float) -> Arm:
    """A few visitors see most of the pictures, and click on fewer of them."""
    shape = (SIMULATIONS, VISITORS)
    activity = rng.exponential(10.0, shape)
    impressions = rng.poisson(activity)
    rate = appeal * rng.beta(3.0, 7.0, shape) / (1 + activity / 40)
    return Arm(rng.binomial(impressions, rate), impressions)


def per_impression_p_value(control: Arm, treatment: Arm) -> np.ndarray:
    """The two-proportion z-test that takes every impression for an independent draw."""
    (m0, d0), (m1, d1) = (
        (arm.clicks.sum(1), arm.impressions.sum(1)) for arm in (control, treatment)
    )
    pooled = (m0 + m1) / (d0 + d1)
    z = (m1 / d1 - m0 / d0) / np.sqrt(pooled * (1 - pooled) * (1 / d0 + 1 / d1))
    return np.asarray(2 * stats.norm.sf(np.abs(z)))


def test_two_equal_arms_differ_one_time_in_twenty_unless_counted_per_impression() -> None:
    rng = np.random.default_rng(20_260)
    control, treatment = plain_arm(rng), plain_arm(rng)
    pairs = zip(control.summaries(), treatment.summaries(), strict=True)
    delta = np.mean([ratio_difference(*pair).p_value < 0.05 for pair in pairs])
    naive = np.mean(per_impression_p_value(control, treatment) < 0.05)
    print(f"A/A, alarms at 5 %: delta method {delta:.2%}, per impression {naive:.2%}")
    # Three binomial standard errors of 5 % in 2,000 are 1.5 points.
    assert 0.035 < delta < 0.065
    assert naive > 0.09


def test_the_lift_interval_covers_a_planted_lift() -> None:
    rng = np.random.default_rng(20_261)
    control, treatment = uneven_arm(rng, 1 / (1 + LIFT)), uneven_arm(rng, 1.0)
    pairs = zip(control.summaries(), treatment.summaries(), strict=True)
    lifts = [found for pair in pairs if (found := ratio_difference(*pair).lift)]
    covered = np.mean([lift.low <= LIFT <= lift.high for lift in lifts])
    centre = np.mean([math.log1p(lift.estimate) for lift in lifts])
    print(f"planted lift {LIFT:.0%}: covered {covered:.2%}, mean on the log {np.expm1(centre):.2%}")
    assert len(lifts) == SIMULATIONS
    assert 0.93 < covered < 0.97
    # The mean of 2,000 log lifts has a standard error of about 0.002.
    assert centre == pytest.approx(math.log1p(LIFT), abs=0.008)
