"""Evidence against a split: how often it errs over many looks, and how soon it finds a leak."""

from __future__ import annotations

import math

import numpy as np
import pytest

from styleeval.inference import multinomial_evidence
from styleeval.inference.errors import InvalidSplit


def test_it_begins_at_none_and_adds_up_over_nothing() -> None:
    assert multinomial_evidence([0, 0], [0.5, 0.5]) == pytest.approx(0)


def test_one_visitor_proves_nothing_by_the_prior_around_the_weights() -> None:
    """The first visitor's predictive chance is the weight itself."""
    for weights in ([0.5, 0.5], [0.2, 0.8]):
        assert multinomial_evidence([1, 0], weights) == pytest.approx(0, abs=1e-9)


def test_two_visitors_by_hand() -> None:
    """Dirichlet(1, 1) at half and half: P(two alike in the first arm) is 1/3 against 1/4."""
    found = multinomial_evidence([2, 0], [1, 1], concentration=2)
    assert found == pytest.approx(math.log((1 / 3) / (1 / 4)))


def test_order_of_arms_and_scale_of_weights_change_nothing() -> None:
    one = multinomial_evidence([300, 500, 200], [0.3, 0.5, 0.2])
    assert multinomial_evidence([200, 300, 500], [2, 3, 5]) == pytest.approx(one)


def test_over_every_look_it_errs_less_often_than_promised() -> None:
    """400 fair experiments of 2,000 visitors, looked at after each one: 1 in 100 at most; 12 of
    400 would have p < 0.001 then."""
    rng = np.random.default_rng(5)
    alarms = 0
    for _ in range(400):
        first = np.cumsum(rng.random(2000) < 0.5)[19::20]
        alarms += any(
            multinomial_evidence([int(n), 20 * (k + 1) - int(n)], [0.5, 0.5]) > math.log(100)
            for k, n in enumerate(first)
        )
    assert alarms < 12


def test_one_point_of_a_hundred_thousand_visitors_is_found() -> None:
    assert multinomial_evidence([51_000, 49_000], [0.5, 0.5]) > math.log(1000)
    assert multinomial_evidence([50_100, 49_900], [0.5, 0.5]) < 0.1


@pytest.mark.parametrize(
    ("counts", "weights"), [([1], [0.5, 0.5]), ([1, 2], [0, 1]), ([-1, 2], [0.5, 0.5])]
)
def test_what_does_not_fit_is_refused(counts: list[int], weights: list[float]) -> None:
    with pytest.raises(InvalidSplit):
        multinomial_evidence(counts, weights)
