"""Splits of several phases, each with its own weights; and which faults a split can show at all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from styleeval.inference import detection_chance, phased_ratio_mismatch, sample_ratio_mismatch
from styleeval.inference.errors import InvalidSplit, OutOfRange, ShapesDiffer

EVEN, UNEVEN = (0.5, 0.5), (0.2, 0.8)


def test_one_phase_is_the_plain_check() -> None:
    for counts, weights in (([480, 560, 460], [1, 1, 1]), ([20_000, 20_600], [1, 1])):
        plain, phased = (
            sample_ratio_mismatch(counts, weights),
            phased_ratio_mismatch([(counts, weights)]),
        )
        assert phased.p_value == pytest.approx(plain.p_value, rel=1e-9)
        assert phased.lasting_p_value == pytest.approx(phased.passing_p_value, rel=1e-9)
        assert phased.expected == pytest.approx(plain.expected, rel=1e-12)
        assert phased.largest_deviation == pytest.approx(plain.largest_deviation, rel=1e-12)
        assert (phased.mismatched, phased.phases) == (plain.mismatched, (plain,))


def test_equal_weights_add_up_to_pearson() -> None:
    """With one split throughout, the sums are one multinomial."""
    phases = [([480, 560, 460], [1, 1, 1]), ([900, 1010, 1000], [1, 1, 1])]
    added = sample_ratio_mismatch([1380, 1570, 1460], [1, 1, 1])
    assert phased_ratio_mismatch(phases).lasting_p_value == pytest.approx(added.p_value, rel=1e-9)


def test_two_arms_by_hand() -> None:
    found = phased_ratio_mismatch([([5100, 4900], EVEN), ([2080, 7920], UNEVEN)])
    # 180 too many in an arm of variance 10,000 · (0.25 + 0.16); χ² is 4 and 4.
    assert found.lasting_p_value == pytest.approx(math.erfc(180 / math.sqrt(2 * 4100)), rel=1e-9)
    assert found.passing_p_value == pytest.approx(math.exp(-4), rel=1e-9)
    assert found.p_value == pytest.approx(2 * found.lasting_p_value, rel=1e-12)
    assert found.expected == pytest.approx((7000, 13_000), rel=1e-12)


def test_a_change_of_weights_is_no_mismatch() -> None:
    """Against the last weights, or their mean, honest phases would look broken."""
    phases = [([50_080, 49_920], EVEN), ([1_990, 8_010], UNEVEN)]
    assert phased_ratio_mismatch(phases).mismatched is False
    assert sample_ratio_mismatch([52_070, 57_930], UNEVEN).mismatched is True
    assert sample_ratio_mismatch([52_070, 57_930], (0.35, 0.65)).mismatched is True


def test_a_drift_that_lasts_is_found_where_no_phase_shows_it() -> None:
    phases = [([5_120 + step, 4_880 - step], EVEN) for step in range(10)]
    assert not any(sample_ratio_mismatch(*phase).mismatched for phase in phases)
    assert phased_ratio_mismatch(phases).mismatched is True


def test_faults_that_cancel_are_found() -> None:
    phases = [([5_400, 4_600], EVEN), ([4_600, 5_400], EVEN)]
    found = phased_ratio_mismatch(phases)
    assert found.lasting_p_value == 1.0
    assert found.largest_deviation == 0.0
    assert found.mismatched is True


def test_the_order_of_phases_and_arms_says_nothing() -> None:
    phases = [([480, 560, 460], [1, 1, 1]), ([130, 70, 210], [1, 1, 2])]
    one = phased_ratio_mismatch(phases)
    other = phased_ratio_mismatch([(c[::-1], w[::-1]) for c, w in phases[::-1]])
    assert other.lasting_p_value == pytest.approx(one.lasting_p_value, rel=1e-9)
    assert other.passing_p_value == pytest.approx(one.passing_p_value, rel=1e-9)


def test_empty_phases_change_nothing() -> None:
    phases = [([5100, 4900], EVEN), ([2080, 7920], UNEVEN)]
    full, padded = (phased_ratio_mismatch(p) for p in (phases, [*phases, ([0, 0], EVEN)]))
    assert padded.p_value == full.p_value
    nobody = phased_ratio_mismatch([([0, 0], EVEN), ([0, 0], UNEVEN)])
    assert (nobody.mismatched, nobody.p_value) == (None, 1.0)


def test_arms_that_come_and_go() -> None:
    two = ([5100, 4900, 0], [1, 1, 0])
    three = ([2080, 4000, 3920], [1, 2, 2])
    found = phased_ratio_mismatch([two, three])
    assert found.phases[0].p_value == sample_ratio_mismatch([5100, 4900], [1, 1]).p_value
    assert found.expected == pytest.approx((7000, 9000, 4000), rel=1e-12)
    statistic = sum(phase.statistic for phase in found.phases)
    # Three degrees of freedom: one of the first phase, two of the second.
    assert found.passing_p_value == pytest.approx(stats.chi2.sf(statistic, 3), rel=1e-9)
    alone = phased_ratio_mismatch([three, ([700, 0, 0], [1, 0, 0])])
    assert alone.lasting_p_value == pytest.approx(alone.phases[0].p_value, rel=1e-9)
    # Arms that never met: each pair says something of its own.
    apart = [([5100, 4900, 0, 0], [1, 1, 0, 0]), ([0, 0, 5100, 4900], [0, 0, 1, 1])]
    assert phased_ratio_mismatch(apart).lasting_p_value == pytest.approx(math.exp(-4), rel=1e-9)


def test_a_visitor_in_an_arm_without_weight_is_no_chance() -> None:
    found = phased_ratio_mismatch([([5000, 5000], EVEN), ([900, 1], [1, 0])])
    assert (found.mismatched, found.p_value, found.phases[1].mismatched) == (True, 0.0, True)


def test_few_visitors_add_up_before_it_decides() -> None:
    phase = ([10, 0], EVEN)
    assert sample_ratio_mismatch(*phase).mismatched is None
    assert phased_ratio_mismatch([phase]).mismatched is None
    assert phased_ratio_mismatch([phase, phase]).mismatched is True


def test_a_harmless_drift_can_be_let_through() -> None:
    phases = [([5_000_000, 5_020_000], EVEN), ([2_000_000, 8_020_000], UNEVEN), ([13, 20], EVEN)]
    assert phased_ratio_mismatch(phases).mismatched is True
    # The last phase is far off by chance alone; it is small, and does not undo the allowance.
    assert phased_ratio_mismatch(phases, min_deviation=0.01).mismatched is False


def test_honest_phases_alarm_as_often_as_the_threshold_says() -> None:
    generator = np.random.default_rng(21)
    weights = ([0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [1 / 3, 1 / 3, 1 / 3])
    found = [
        phased_ratio_mismatch([(generator.multinomial(2000, w), w) for w in weights])
        for _ in range(2500)
    ]
    lasting, passing, both = (
        np.mean([value(one) < 0.05 for one in found])
        for value in (
            lambda one: one.lasting_p_value,
            lambda one: one.passing_p_value,
            lambda one: one.p_value,
        )
    )
    # Three binomial standard errors of 5 % in 2,500 are 1.3 points; Bonferroni's bound is below.
    assert lasting == pytest.approx(0.05, abs=0.013)
    assert passing == pytest.approx(0.05, abs=0.013)
    assert both < 0.05 + 0.01


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 0.001), (0.505, 0.448), (0.509, 0.992), (0.51, 0.9988)]
)
def test_which_faults_100_000_visitors_show(share: float, expected: float) -> None:
    """51 to 49 is always found, 50.5 to 49.5 not every second time."""
    actual = (share, 1 - share)
    chance = detection_chance(100_000, EVEN, actual)
    assert chance == pytest.approx(expected, abs=0.001)
    draws = np.random.default_rng(31).binomial(100_000, share, 1500)
    found = np.mean([bool(sample_ratio_mismatch([n, 100_000 - n], EVEN).mismatched) for n in draws])
    assert found == pytest.approx(chance, abs=4 * math.sqrt(chance * (1 - chance) / 1500) + 0.001)


def test_splitting_into_phases_keeps_most_of_the_chance() -> None:
    """Ten phases of 10,000 visitors, each 51 to 49 where 50 to 50 was planned."""
    draws = np.random.default_rng(32).binomial(10_000, 0.51, (400, 10))
    found = [
        phased_ratio_mismatch([([n, 10_000 - n], EVEN) for n in row]).mismatched for row in draws
    ]
    # √100,000 · 0.02 is 6.32; half of 0.001 asks for 3.48: Φ(2.84) is 99.8 %.
    assert np.mean(found) > 0.985


@pytest.mark.parametrize(
    ("phases", "error", "message"),
    [
        ([], InvalidSplit, "at least one phase"),
        ([([1, 2], EVEN), ([1, 2, 3], [1, 1, 1])], ShapesDiffer, "different numbers of arms"),
        ([([1, 2], EVEN), ([1, 2], [0, 0])], InvalidSplit, "weight 0"),
        ([([1, 2], EVEN), ([1, 2], [1, -1])], InvalidSplit, "weight -1"),
        ([([1, -2], EVEN)], InvalidSplit, "-2 visitors"),
    ],
)
def test_refuses_phases_that_cannot_be(
    phases: list[tuple[list[int], list[float]]], error: type[ValueError], message: str
) -> None:
    with pytest.raises(error, match=message):
        phased_ratio_mismatch(phases)


def test_refuses_shares_that_cannot_be() -> None:
    with pytest.raises(ShapesDiffer):
        detection_chance(100, EVEN, (1, 1, 1))
    with pytest.raises(InvalidSplit, match="weight -1"):
        detection_chance(100, EVEN, (2, -1))
    with pytest.raises(OutOfRange, match="threshold"):
        detection_chance(100, EVEN, EVEN, threshold=0)
