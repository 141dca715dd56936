"""Shares compared inside phases: by hand, for one phase, and where sums would mislead."""

from __future__ import annotations

import math

import numpy as np
import pytest

from styleeval.inference import (
    Proportion,
    TooFewVisitors,
    proportion_difference,
    stratified_shares,
)


def pair(a: int, n: int, b: int, m: int) -> tuple[Proportion, Proportion]:
    return Proportion(visitors=n, successes=a), Proportion(visitors=m, successes=b)


def test_one_phase_is_pearsons_test_but_for_its_size() -> None:
    one, other = pair(30, 1000, 52, 1100)
    found = stratified_shares([(one, other)])
    plain = proportion_difference(one, other)
    assert found.difference == pytest.approx(plain.difference.estimate, rel=1e-12)
    assert (found.control, found.treatment) == pytest.approx((one.share, other.share))
    assert found.p_value == pytest.approx(plain.p_value, rel=0.01)


def test_worked_by_hand() -> None:
    """Two tables: expected 6 and 15/2 successes, variances 20·10·20·10/(30²·29)…"""
    strata = [pair(2, 10, 8, 20), pair(5, 20, 9, 20)]
    expected = 20 * 10 / 30 + 20 * 14 / 40
    variance = 20 * 10 * 10 * 20 / (30**2 * 29) + 20 * 20 * 14 * 26 / (40**2 * 39)
    z = (8 + 9 - expected) / math.sqrt(variance)
    assert stratified_shares(strata).p_value == pytest.approx(math.erfc(z / math.sqrt(2)))


def test_phases_of_unequal_split_are_no_difference() -> None:
    strata = [pair(20, 10_000, 20, 10_000), pair(20, 1_000, 180, 9_000)]
    found = stratified_shares(strata)
    assert found.p_value == 1 and found.control == pytest.approx(found.treatment)
    added = proportion_difference(strata[0][0] + strata[1][0], strata[0][1] + strata[1][1])
    assert added.p_value < 1e-6


def test_equal_arms_are_wrong_as_often_as_promised() -> None:
    rng = np.random.default_rng(4)
    values = []
    for _ in range(2000):
        strata = [
            pair(rng.binomial(n, p), n, rng.binomial(m, p), m)
            for n, m, p in ((900, 900, 0.01), (200, 1800, 0.03), (50, 10, 0.1))
        ]
        values.append(stratified_shares(strata).p_value)
    assert 0.035 < np.mean(np.array(values) < 0.05) < 0.065


def test_nothing_to_go_by() -> None:
    for strata in ([], [pair(0, 10, 0, 10)], [pair(10, 10, 10, 10)], [pair(0, 0, 1, 10)]):
        with pytest.raises(TooFewVisitors):
            stratified_shares(strata)
