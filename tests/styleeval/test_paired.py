"""Arms that share their visitors: the variance holds what simulation and residuals say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from styleeval.inference import (
    PairedSummary,
    State,
    Summary,
    TooFewVisitors,
    compare_paired,
    paired_difference,
    ratio_difference,
)
from styleeval.inference.errors import InvalidSummary, ShapesDiffer

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def visitors(rng: np.random.Generator, n: int, lift: float = 0.0) -> Arrays:
    """Clicks and impressions of the control and of the treatment; each visitor has a CTR of its
    own, so that the two arms of one visitor are alike."""
    own = rng.beta(1.0, 12.0, n)
    d_control, d_treatment = rng.poisson(12, n), rng.poisson(12, n)
    m_control = rng.binomial(d_control, own)
    m_treatment = rng.binomial(d_treatment, np.minimum(1, own * (1 + lift)))
    return m_control, d_control, m_treatment, d_treatment


def paired(arrays: Arrays) -> PairedSummary:
    m_control, d_control, m_treatment, d_treatment = arrays
    return PairedSummary.of((m_control, d_control), (m_treatment, d_treatment))


def test_the_variance_is_that_of_each_visitors_residual() -> None:
    """The same number without any of its algebra."""
    m_c, d_c, m_t, d_t = visitors(np.random.default_rng(1), 400, 0.2)
    rates = m_c.sum() / d_c.sum(), m_t.sum() / d_t.sum()
    residuals = (m_t - rates[1] * d_t) / d_t.sum() - (m_c - rates[0] * d_c) / d_c.sum()
    expected = np.sqrt(400 / 399 * (residuals**2).sum())
    found = paired_difference([paired((m_c, d_c, m_t, d_t))])
    assert found.standard_error == pytest.approx(expected, rel=1e-9)
    assert found.difference.estimate == pytest.approx(rates[1] - rates[0], rel=1e-12)
    assert found.degrees_of_freedom == pytest.approx(399) and found.method == "delta_paired"


def test_without_a_shared_visitor_it_is_the_plain_difference() -> None:
    m_c, d_c, m_t, d_t = visitors(np.random.default_rng(2), 5000)
    control, treatment = Summary.of(m_c[:2500], d_c[:2500]), Summary.of(m_t[2500:], d_t[2500:])
    nobody = {"both": 0, "sum_mm": 0, "sum_md": 0, "sum_dm": 0, "sum_dd": 0}
    item = PairedSummary(control=control, treatment=treatment, **nobody)
    plain = ratio_difference(control, treatment)
    # Of n/(n − 1) over 5,000 visitors instead of over 2,500 twice.
    assert paired_difference([item]).standard_error == pytest.approx(plain.standard_error, rel=3e-4)


def test_equal_arms_are_called_different_as_often_as_promised() -> None:
    rng = np.random.default_rng(3)
    runs = 2000
    wrong = {"paired": 0, "independent": 0}
    for _ in range(runs):
        item = paired(visitors(rng, 500))
        wrong["paired"] += paired_difference([item]).p_value < 0.05
        wrong["independent"] += ratio_difference(item.control, item.treatment).p_value < 0.05
    print({name: f"{number / runs:.2%}" for name, number in wrong.items()})
    # Three and a half standard errors of 5 % over 2,000 runs.
    assert abs(wrong["paired"] / runs - 0.05) < 3.5 * (0.05 * 0.95 / runs) ** 0.5
    # One who clicks much clicks in both arms: taking them for strangers is too careful.
    assert wrong["independent"] < 0.7 * wrong["paired"]


def test_a_planted_lift_lies_in_its_interval_over_two_phases() -> None:
    rng = np.random.default_rng(4)
    runs = 1000
    inside = 0
    for _ in range(runs):
        lift = paired_difference(
            [paired(visitors(rng, 400, 0.15)), paired(visitors(rng, 600, 0.15))]
        ).lift
        assert lift is not None
        inside += lift.low < 0.15 < lift.high
    assert abs(inside / runs - 0.95) < 3.5 * (0.05 * 0.95 / runs) ** 0.5


def test_little_data_is_a_state_and_nonsense_an_error() -> None:
    small = paired(visitors(np.random.default_rng(5), 60))
    assert compare_paired([small]).state == State.NOT_ENOUGH_DATA
    large = paired(visitors(np.random.default_rng(5), 20_000, 0.3))
    assert compare_paired([large]).state == State.HIGHER
    same = np.ones(200), np.full(200, 4.0)
    with pytest.raises(TooFewVisitors):
        paired_difference([PairedSummary.of(same, same)])
    assert compare_paired([PairedSummary.of(same, same)]).state == State.NOT_ENOUGH_DATA
    with pytest.raises(TooFewVisitors):
        paired_difference([])
    with pytest.raises(InvalidSummary):
        dataclasses.replace(small, both=61)
    with pytest.raises(ShapesDiffer):
        PairedSummary.of(same, (np.ones(3), np.ones(3)))
