from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from styleeval.inference import sample_ratio_mismatch
from styleeval.inference.errors import InvalidSplit, ShapesDiffer

SPLITS = [
    ([20_000, 20_600], [0.5, 0.5]),
    ([480, 520, 1000], [1, 1, 2]),
    ([0, 400], [0.1, 0.9]),
    ([33, 29, 41, 30], [0.25, 0.25, 0.25, 0.25]),
]


@pytest.mark.parametrize(("counts", "weights"), SPLITS)
def test_agrees_with_scipy(counts: list[int], weights: list[float]) -> None:
    plan = np.array(weights) / np.sum(weights) * sum(counts)
    expected = stats.chisquare(counts, plan)
    found = sample_ratio_mismatch(counts, weights)
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-10)
    assert found.expected == pytest.approx(tuple(plan), rel=1e-12)


def test_a_worked_split() -> None:
    found = sample_ratio_mismatch([20_000, 20_600], [0.5, 0.5])
    # 2 · 300² / 20,300; one degree of freedom, so p is erfc(√(χ²/2)).
    assert found.statistic == pytest.approx(180_000 / 20_300, rel=1e-12)
    assert found.p_value == pytest.approx(math.erfc(math.sqrt(90_000 / 20_300)), rel=1e-10)
    assert found.p_value == pytest.approx(0.0029037, abs=5e-8)  # as gbstats 0.8.0 gives it
    assert found.largest_deviation == pytest.approx(300 / 20_300, rel=1e-12)
    assert found.mismatched is False


def test_three_arms_have_two_degrees_of_freedom() -> None:
    found = sample_ratio_mismatch([480, 560, 460], [1, 1, 1])
    assert found.p_value == pytest.approx(math.exp(-found.statistic / 2), rel=1e-10)


def test_a_perfect_split_has_nothing_to_say() -> None:
    found = sample_ratio_mismatch([300, 100], [3, 1])
    assert (found.statistic, found.p_value, found.largest_deviation) == (0.0, 1.0, 0.0)
    assert found.mismatched is False


def test_an_empty_arm_counts() -> None:
    found = sample_ratio_mismatch([500, 500, 0], [1, 1, 1])
    assert found.mismatched is True
    assert found.largest_deviation == 1.0


def test_only_the_shares_of_the_weights_matter() -> None:
    shares, parts = (sample_ratio_mismatch([30, 70], w) for w in ([0.3, 0.6], [1.0, 2.0]))
    assert shares.p_value == pytest.approx(parts.p_value, rel=1e-12)
    assert shares.expected == pytest.approx((100 / 3, 200 / 3), rel=1e-12)


def test_the_order_of_the_arms_does_not_matter() -> None:
    forth = sample_ratio_mismatch([480, 620, 900], [1, 1, 2])
    back = sample_ratio_mismatch([900, 620, 480], [2, 1, 1])
    assert back.p_value == pytest.approx(forth.p_value, rel=1e-12)
    assert back.largest_deviation == forth.largest_deviation


def test_equal_weights_are_not_assumed() -> None:
    assert sample_ratio_mismatch([900, 100], [0.9, 0.1]).mismatched is False
    assert sample_ratio_mismatch([900, 100], [0.5, 0.5]).mismatched is True


def test_is_undecided_while_visitors_are_few() -> None:
    assert sample_ratio_mismatch([15, 0], [1, 1]).mismatched is None
    assert sample_ratio_mismatch([16, 0], [1, 1]).mismatched is True
    assert sample_ratio_mismatch([15, 0], [1, 1], min_expected=5).mismatched is True
    assert sample_ratio_mismatch([79, 0], [9, 1]).mismatched is None
    nobody = sample_ratio_mismatch([0, 0], [1, 1], min_expected=0)
    assert (nobody.mismatched, nobody.p_value, nobody.expected) == (None, 1.0, (0.0, 0.0))


def test_a_drift_too_small_to_matter_can_be_let_through() -> None:
    counts = [10_000_000, 10_040_000]
    assert sample_ratio_mismatch(counts, [1, 1]).mismatched is True
    found = sample_ratio_mismatch(counts, [1, 1], min_deviation=0.005)
    assert found.p_value < 1e-15
    assert found.mismatched is False
    assert sample_ratio_mismatch(counts, [1, 1], min_deviation=0.0005).mismatched is True


def test_the_threshold_decides() -> None:
    p_value = sample_ratio_mismatch([20_000, 20_600], [1, 1]).p_value
    for factor, mismatched in ((1.001, True), (0.999, False)):
        found = sample_ratio_mismatch([20_000, 20_600], [1, 1], threshold=p_value * factor)
        assert found.mismatched is mismatched


def test_a_fair_split_alarms_as_often_as_the_threshold_says() -> None:
    weights = [0.2, 0.3, 0.5]
    draws = np.random.default_rng(11).multinomial(3000, weights, size=4000)
    alarms = [sample_ratio_mismatch(row, weights, threshold=0.05).mismatched for row in draws]
    # Three binomial standard errors of 5 % in 4,000 are one point.
    assert np.mean(alarms) == pytest.approx(0.05, abs=0.0105)


@pytest.mark.parametrize(
    ("counts", "weights", "error", "message"),
    [
        ([10, 20], [1, 1, 1], ShapesDiffer, "2 counts, 3 weights"),
        ([10], [1], InvalidSplit, "two arms"),
        ([10, -1], [1, 1], InvalidSplit, "-1 visitors"),
        ([10, 1.5], [1, 1], InvalidSplit, "1.5 visitors"),
        ([10, math.nan], [1, 1], InvalidSplit, "nan visitors"),
        ([10, math.inf], [1, 1], InvalidSplit, "inf visitors"),
        ([10, 20], [1, 0], InvalidSplit, "weight 0"),
        ([10, 20], [2, -1], InvalidSplit, "weight -1"),
        ([10, 20], [1, math.inf], InvalidSplit, "weight inf"),
    ],
)
def test_refuses_splits_that_cannot_be(
    counts: list[float], weights: list[float], error: type[ValueError], message: str
) -> None:
    with pytest.raises(error, match=message):
        sample_ratio_mismatch(counts, weights)  # type: ignore[arg-type]
