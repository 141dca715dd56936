"""Plans: tea-tasting's numbers for ratios, simulated ones for shares, and honest refusals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import tea_tasting
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from styleeval.inference import (
    Proportion,
    ProportionDesign,
    RatioDesign,
    Summary,
    TooFewVisitors,
    days_for,
    power_of,
    proportion_difference,
    ratio_difference,
    smallest_lift,
    visitors_for,
)
from styleeval.inference.errors import OutOfRange
from styleeval.inference.power import Design
from tests.styleeval.oracles import crowd, steady, tea_aggregates

PEOPLE = crowd(4000, 1)
PILOT = Summary.of(*PEOPLE)
SHARES = (0.5, 0.2, 0.9)


def theirs(share: float, **settings: float) -> tea_tasting.RatioOfMeans:
    ratio = share / (1 - share)
    return tea_tasting.RatioOfMeans("clicks", "seen", ratio=ratio, **settings)  # type: ignore[arg-type]


def solved(metric: tea_tasting.RatioOfMeans, what: str) -> float:
    """Its solvers end in NaN where SciPy's noncentral t has one; its powers are right."""
    aggregates = tea_aggregates(clicks=PEOPLE[0], seen=PEOPLE[1])
    (row,) = metric.solve_power_from_aggregates(aggregates, what)  # type: ignore[arg-type]
    return float(getattr(row, what))


@pytest.mark.parametrize("share", SHARES)
def test_agrees_with_tea_tasting(share: float) -> None:
    design = replace(RatioDesign.from_pilot(PILOT, treatment_share=share), variance_growth=0.0)
    for lift in (0.02, 0.1, -0.1, 0.3):
        metric = theirs(share, rel_effect_size=lift, n_obs=6000)
        assert power_of(design, lift, 6000) == pytest.approx(solved(metric, "power"), rel=1e-9)
    for lift in (0.03, 0.1):
        needed = visitors_for(design, lift)
        enough, short = (
            solved(theirs(share, rel_effect_size=lift, n_obs=count), "power")
            for count in (needed, needed - 1)
        )
        assert short < 0.8 <= enough
    least = smallest_lift(design, 6000, power=0.9, alpha=0.01)
    metric = theirs(share, rel_effect_size=least, n_obs=6000, alpha=0.01)
    assert solved(metric, "power") == pytest.approx(0.9, rel=1e-9)


@pytest.mark.parametrize("share", [0.5, 0.25])
def test_shares_have_the_power_that_is_simulated(share: float) -> None:
    rng = np.random.default_rng(12)
    design = ProportionDesign(share=0.2, treatment_share=share)
    visitors, runs = 2000, 3000
    control, treatment = (round(it) for it in design.arms(visitors))
    pairs = zip(rng.binomial(control, 0.2, runs), rng.binomial(treatment, 0.25, runs), strict=True)
    found = [
        proportion_difference(
            Proportion(visitors=control, successes=int(few)),
            Proportion(visitors=treatment, successes=int(many)),
        ).p_value
        for few, many in pairs
    ]
    # Three binomial standard errors of 75 % in 3,000 are 2.4 points.
    assert np.mean(np.array(found) < 0.05) == pytest.approx(
        power_of(design, 0.25, visitors), abs=0.024
    )


def test_a_share_by_the_textbook() -> None:
    """Fleiss's formula, equal arms, without continuity correction."""
    one, other = 0.2, 0.25
    z, reached = stats.norm.isf(0.025), stats.norm.ppf(0.8)
    mean = (one + other) / 2
    root = z * math.sqrt(2 * mean * (1 - mean))
    root += reached * math.sqrt(one * (1 - one) + other * (1 - other))
    expected = 2 * (root / (other - one)) ** 2
    assert visitors_for(ProportionDesign(share=one), 0.25) == math.ceil(expected)


DESIGNS: list[Design] = [
    design
    for share in SHARES
    for design in (
        RatioDesign(ratio=0.05, variance=0.004, treatment_share=share),
        RatioDesign(ratio=0.05, variance=0.004, treatment_share=share, variance_growth=0.0),
        ProportionDesign(share=0.3, treatment_share=share),
    )
]


@steady
@given(
    st.sampled_from(DESIGNS),
    st.floats(0.02, 0.6),
    st.floats(0.3, 0.97),
    st.sampled_from([0.01, 0.0417, 0.05]),
)
def test_the_three_questions_are_one(
    design: Design, lift: float, power: float, alpha: float
) -> None:
    visitors = visitors_for(design, lift, power=power, alpha=alpha)
    assert power_of(design, lift, visitors, alpha=alpha) >= power - 1e-9
    if visitors > 100:
        assert power_of(design, lift, visitors - 1, alpha=alpha) < power
        assert smallest_lift(design, visitors, power=power, alpha=alpha) <= lift * (1 + 1e-9)
    assert visitors_for(design, lift / 2, power=power, alpha=alpha) >= visitors
    assert visitors_for(design, lift, power=power, alpha=alpha / 2) >= visitors
    assert power_of(design, 0.0, 1000, alpha=alpha) == pytest.approx(alpha, rel=1e-9)


def test_equal_arms_need_the_fewest_visitors_and_half_the_lift_four_times_as_many() -> None:
    alike = RatioDesign(ratio=0.05, variance=0.004, variance_growth=0.0)
    needed = {
        share: visitors_for(replace(alike, treatment_share=share), 0.1) for share in (0.5, 0.3, 0.1)
    }
    assert needed[0.5] < needed[0.3] < needed[0.1]
    # Both arms alike in variance: in proportion to 1 / (share · (1 − share)).
    assert needed[0.1] / needed[0.5] == pytest.approx(0.25 / 0.09, rel=0.01)
    assert visitors_for(alike, 0.05) / needed[0.5] == pytest.approx(4, rel=0.01)


def test_a_lift_that_scales_each_visitors_clicks_has_the_power_that_is_simulated() -> None:
    """Not so the textbook's equal variance, which promises more."""
    rng = np.random.default_rng(5)
    runs, each, lift = 1500, 1000, 0.25

    def arm(grown: float) -> list[Summary]:
        seen = rng.poisson(10, (runs, each))
        clicks = rng.binomial(seen, rng.beta(0.5 * grown, 10 - 0.5 * grown, (runs, each)))
        return [Summary.of(*pair) for pair in zip(clicks, seen, strict=True)]

    found = [
        ratio_difference(control, treatment).p_value < 0.05
        for control, treatment in zip(arm(1.0), arm(1 + lift), strict=True)
    ]
    seen = rng.poisson(10, 400_000)
    clicks = rng.binomial(seen, rng.beta(0.5, 9.5, seen.size))
    design = RatioDesign.from_pilot(Summary.of(clicks, seen))
    promised = power_of(design, lift, 2 * each)
    # Three binomial standard errors of 70 % in 1,500 are 3.5 points.
    assert np.mean(found) == pytest.approx(promised, abs=0.035)
    assert power_of(replace(design, variance_growth=0.0), lift, 2 * each) > promised + 0.04


def test_days() -> None:
    assert days_for(1000, 100.0) == 10
    assert days_for(1001, 100.0) == 11
    assert days_for(3, 1e9) == 1
    for daily in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(OutOfRange, match="daily"):
            days_for(1000, daily)


def test_a_pilot_too_small_is_no_plan() -> None:
    with pytest.raises(TooFewVisitors, match="99 of 100 visitors"):
        RatioDesign.from_pilot(Summary.of(*crowd(99, 1)))
    with pytest.raises(TooFewVisitors, match="of 25 clicks"):
        RatioDesign.from_pilot(Summary.of(np.zeros(500), np.ones(500)))
    with pytest.raises(TooFewVisitors, match="same ratio"):
        RatioDesign.from_pilot(Summary.of(np.ones(500), np.ones(500)))


@pytest.mark.parametrize(
    "asked",
    [
        lambda: RatioDesign(ratio=0.0, variance=1.0),
        lambda: RatioDesign(ratio=0.1, variance=-1.0),
        lambda: RatioDesign(ratio=0.1, variance=1.0, treatment_share=1.0),
        lambda: ProportionDesign(share=1.0),
        lambda: ProportionDesign(share=0.5, treatment_share=0.0),
        lambda: visitors_for(ProportionDesign(share=0.5), 0.0),
        lambda: visitors_for(ProportionDesign(share=0.5), 1.1),
        lambda: visitors_for(ProportionDesign(share=0.5), -1.1),
        lambda: visitors_for(ProportionDesign(share=0.5), math.nan),
        lambda: visitors_for(ProportionDesign(share=0.5), 0.1, power=0.01),
        lambda: visitors_for(ProportionDesign(share=0.5), 1e-9),
        lambda: power_of(ProportionDesign(share=0.5), 0.1, 3),
        lambda: power_of(ProportionDesign(share=0.5), 0.1, 100, alpha=0),
    ],
)
def test_refuses_plans_that_make_no_sense(asked: object) -> None:
    with pytest.raises(OutOfRange):
        asked()  # type: ignore[operator]


def test_a_lift_that_no_treatment_could_show() -> None:
    with pytest.raises(TooFewVisitors, match="any lift"):
        smallest_lift(ProportionDesign(share=0.99), 20)
