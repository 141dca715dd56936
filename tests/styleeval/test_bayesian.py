"""The posterior of the lift: gbstats where it is right, quadrature, and its own symmetries."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from styleeval.inference import (
    Prior,
    Summary,
    TooFewVisitors,
    lift_posterior,
    ratio_difference,
    stratified_lift_posterior,
)
from styleeval.inference.bayesian import expected_shortfall
from styleeval.inference.errors import OutOfRange
from tests.styleeval.visitors import drawn, times

CONTROL, TREATMENT = drawn(1200, 0.05, seed=1), drawn(1100, 0.058, seed=2)
FLAT = Prior(deviation=1e6)


def theirs(control: Summary, treatment: Summary, prior: Prior, alpha: float = 0.05) -> Any:
    """The result of gbstats for the same sums."""
    tests = pytest.importorskip("gbstats.bayesian.tests")
    models = pytest.importorskip("gbstats.models.statistics")

    def statistic(arm: Summary) -> Any:
        return models.RatioStatistic(
            n=arm.n,
            m_statistic=models.SampleMeanStatistic(n=arm.n, sum=arm.sum_m, sum_squares=arm.sum_mm),
            d_statistic=models.SampleMeanStatistic(n=arm.n, sum=arm.sum_d, sum_squares=arm.sum_dd),
            m_d_sum_of_products=arm.sum_md,
        )

    # Its second number is the VARIANCE, whatever the name of a prior's spread elsewhere.
    effect = tests.GaussianPrior(prior.mean, prior.deviation**2, True)
    config = tests.EffectBayesianConfig(
        difference_type="relative", prior_effect=effect, alpha=alpha
    )
    return tests.EffectBayesianABTest(
        statistic(control), statistic(treatment), config
    ).compute_result()


@pytest.mark.parametrize(
    ("prior", "alpha"), [(Prior(), 0.05), (Prior(mean=0.02, deviation=0.1), 0.2)]
)
def test_agrees_with_gbstats(prior: Prior, alpha: float) -> None:
    for seed in range(10):
        arms = drawn(300 + 200 * seed, 0.05, seed=seed), drawn(900, 0.055, seed=50 + seed)
        found, expected = (
            lift_posterior(*arms, prior=prior, alpha=alpha),
            theirs(*arms, prior, alpha),
        )
        assert found.lift.estimate == pytest.approx(expected.expected, rel=1e-9)
        assert found.deviation == pytest.approx(expected.uplift.stddev, rel=1e-9)
        assert found.chance_to_win == pytest.approx(expected.chance_to_win, rel=1e-9)
        assert [found.lift.low, found.lift.high] == pytest.approx(expected.ci, rel=1e-9)
        ours = [found.loss_of_control, found.loss_of_treatment]
        assert ours == pytest.approx(expected.risk, abs=1e-9)


def test_a_loss_far_in_the_tail_stays_a_number() -> None:
    many = times(CONTROL, 400), times(drawn(1100, 0.2, seed=3), 400)
    found = lift_posterior(*many)
    assert found.chance_to_win == 1.0
    assert found.loss_of_treatment == pytest.approx(0.0, abs=1e-300)
    assert found.loss_of_control == pytest.approx(found.lift.estimate, rel=1e-12)
    assert expected_shortfall(0.01, 4.5e-9) == 0.0
    assert expected_shortfall(-0.01, 4.5e-9) == 0.01


@pytest.mark.filterwarnings("ignore")
def test_gbstats_is_no_oracle_in_the_tails() -> None:
    """Its two tails are not each other's mirror: 1 − Φ is 0 long before the loss is. With some
    versions of SciPy it overflows as well (its pull request 5911); not with those tried here."""
    risk = pytest.importorskip("gbstats.bayesian.tests").EffectBayesianABTest.get_risk
    (up, _zero), (down, mirrored) = risk(-10.0, 1.0), risk(10.0, 1.0)
    assert (up, down) == (0.0, 10.0)
    assert expected_shortfall(10.0, 1.0) == pytest.approx(mirrored, rel=1e-10)


def test_less_loss_than_a_negative_baseline_is_a_gain() -> None:
    """gbstats 0.8.0 divides by the baseline itself, which turns the sign (pull request 6658)."""
    generator = np.random.default_rng(8)
    returns, fewer = (
        Summary.of(generator.normal(mean, 1.0, 500), np.ones(500)) for mean in (-2.0, -1.0)
    )
    assert lift_posterior(returns, fewer).chance_to_win > 0.999
    assert theirs(returns, fewer, Prior()).chance_to_win < 0.001


@pytest.mark.parametrize("z", [-12.0, -2.0, -0.1, 0.0, 0.1, 1.0, 3.0, 8.0, 20.0])
def test_the_expected_loss_is_its_integral(z: float) -> None:
    mean, deviation = 0.02 * z, 0.02
    # From 0 down: the loss times its density, scaled by the density at 0.
    scale = stats.norm.pdf(0, mean, deviation)
    integral, _error = integrate.quad(
        lambda x: x * math.exp((-(((-x - mean) / deviation) ** 2) + z * z) / 2),
        0,
        deviation * (abs(min(z, 0)) + 12),
        epsabs=0,
        epsrel=1e-11,
        limit=200,
    )
    assert expected_shortfall(mean, deviation) == pytest.approx(scale * integral, rel=1e-8)


def test_the_two_losses_differ_by_the_lift() -> None:
    found = lift_posterior(CONTROL, TREATMENT)
    assert found.loss_of_control - found.loss_of_treatment == pytest.approx(
        found.lift.estimate, rel=1e-9
    )
    assert min(found.loss_of_control, found.loss_of_treatment) > 0


def test_a_wide_prior_leaves_what_was_observed() -> None:
    found, plain = (
        lift_posterior(CONTROL, TREATMENT, prior=FLAT),
        ratio_difference(CONTROL, TREATMENT),
    )
    assert plain.lift is not None
    assert found.lift.estimate == pytest.approx(plain.lift.estimate, rel=1e-9)


def test_a_narrower_prior_draws_nearer_to_its_mean() -> None:
    spreads = [0.3, 0.1, 0.03, 0.01]
    found = [lift_posterior(CONTROL, TREATMENT, prior=Prior(deviation=s)) for s in spreads]
    means = [posterior.lift.estimate for posterior in found]
    assert means == sorted(means, reverse=True) and means[-1] > 0
    assert [p.deviation for p in found] == sorted((p.deviation for p in found), reverse=True)
    pulled = lift_posterior(CONTROL, TREATMENT, prior=Prior(mean=0.5, deviation=1e-6))
    assert pulled.lift.estimate == pytest.approx(0.5, abs=1e-6)


def test_more_visitors_narrow_it_and_say_it_louder() -> None:
    few, many = (lift_posterior(times(CONTROL, n), times(TREATMENT, n)) for n in (1, 9))
    assert many.deviation < few.deviation
    assert many.chance_to_win > few.chance_to_win > 0.5
    assert many.loss_of_treatment < few.loss_of_treatment


def test_equal_arms_are_a_coin() -> None:
    found = lift_posterior(CONTROL, CONTROL)
    assert found.chance_to_win == 0.5
    assert found.loss_of_control == found.loss_of_treatment > 0


def test_units_scale_out() -> None:
    cents = [
        Summary(
            **{
                **arm.as_dict(),
                "sum_m": 100 * arm.sum_m,
                "sum_mm": 1e4 * arm.sum_mm,
                "sum_md": 100 * arm.sum_md,
            }
        )  # type: ignore[arg-type]
        for arm in (CONTROL, TREATMENT)
    ]
    assert lift_posterior(*cents).lift.estimate == pytest.approx(
        lift_posterior(CONTROL, TREATMENT).lift.estimate, rel=1e-9
    )


def test_phases_are_averaged_not_added() -> None:
    assert stratified_lift_posterior([(CONTROL, TREATMENT)]) == lift_posterior(CONTROL, TREATMENT)
    quiet = drawn(4000, 0.05, seed=4), drawn(400, 0.05, seed=5)
    busy = drawn(400, 0.15, seed=6), drawn(4000, 0.15, seed=7)
    added = lift_posterior(quiet[0] + busy[0], quiet[1] + busy[1])
    assert added.chance_to_win > 0.999
    assert 0.01 < stratified_lift_posterior([quiet, busy]).chance_to_win < 0.99


def test_credible_intervals_hold_what_was_drawn_from_the_prior() -> None:
    """Calibration: lifts drawn from the prior lie in 90 % intervals 90 % of the time."""
    generator = np.random.default_rng(12)
    prior, held = Prior(deviation=0.2), 0
    for _ in range(500):
        lift = float(np.clip(generator.normal(0, 0.2), -0.9, None))
        arms = drawn(800, 0.06, generator), drawn(800, 0.06 * (1 + lift), generator)
        found = lift_posterior(*arms, prior=prior, alpha=0.1).lift
        held += found.low <= lift <= found.high
    # 450 of 500; four standard deviations are 27.
    assert 423 <= held <= 477


def test_too_little_is_no_posterior() -> None:
    silent = Summary.of(np.zeros(200), np.full(200, 5))
    with pytest.raises(TooFewVisitors, match="control's ratio is 0"):
        lift_posterior(silent, TREATMENT)
    with pytest.raises(TooFewVisitors):
        lift_posterior(CONTROL, Summary.of([1.0], [3.0]))
    same = Summary.of(np.ones(200), np.full(200, 5))
    with pytest.raises(TooFewVisitors, match="one ratio"):
        lift_posterior(same, same)
    with pytest.raises(OutOfRange, match="alpha"):
        lift_posterior(CONTROL, TREATMENT, alpha=0)


@pytest.mark.parametrize(
    ("mean", "deviation"), [(0, 0), (0, -1), (0, math.inf), (math.nan, 1), (0, math.nan)]
)
def test_an_improper_prior_is_refused(mean: float, deviation: float) -> None:
    with pytest.raises(OutOfRange, match="prior"):
        Prior(mean=mean, deviation=deviation)
