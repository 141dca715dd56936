"""The model of shoppers: what it draws is what its truth expects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.simulation.shopper import USUAL, Behaviour, Habit, Shopper
from tests.simulation.truth import launch, launch_effect, tile_effect

ONE_SORT = Behaviour(
    products=(1.0, 1.0, 1.0, 1.0),
    style=2.0,
    bias=1.0,
    scroll=1.0,
    habits=(Habit(share=1.0, reluctance=4.0, pages=(1.0,)),),
)
"""Everybody looks at all of four equal tiles; half of the pages end in a click."""


def drawn(behaviour: Behaviour, visitors: int, *, styled: bool) -> np.ndarray:
    """Clicks and viewable impressions of so many visitors, (visitors, 2)."""
    rng, found = np.random.default_rng(4), np.zeros((visitors, 2))
    for row in found:
        shopper = Shopper.drawn(behaviour, rng)
        for _ in range(shopper.pages()):
            depth, clicks = shopper.look(shopper.first_product(), [styled] * behaviour.tiles)
            row += (len(clicks), depth)
    return found


@pytest.mark.parametrize("styled", [False, True])
def test_drawn_shoppers_click_as_often_as_expected(styled: bool) -> None:
    found, expected = drawn(USUAL, 4000, styled=styled), launch(USUAL, styled=styled)
    error = found.std(0, ddof=1) / np.sqrt(len(found))
    # Five standard errors: off by chance once in a million.
    assert abs(found.mean(0) - (expected.clicks, expected.viewable)).max() < 5 * error.max()
    assert (abs(found.mean(0) - (expected.clicks, expected.viewable)) < 5 * error).all()


def test_the_truth_of_a_simple_shop_is_known_by_hand() -> None:
    assert launch(ONE_SORT, styled=False).rate == pytest.approx(0.5 / 4)
    assert launch(ONE_SORT, styled=True).rate == pytest.approx(8 / 12 / 4)
    # Everybody styled: 2/3 of pages instead of 1/2. A styled tile has twice its neighbours' weight.
    assert launch_effect(ONE_SORT) == pytest.approx(1 / 3)
    assert 0.6 < tile_effect(ONE_SORT) <= 1.0


def test_a_click_is_taken_from_the_neighbours() -> None:
    weights = np.array([1.0, 1.0, 1.0])
    plain = ONE_SORT.clicked(weights, reluctance=3.0)
    styled = ONE_SORT.clicked(weights * (2.0, 1.0, 1.0), reluctance=3.0)
    assert styled[0] > plain[0] and (styled[1:] < plain[1:]).all()
    assert styled.sum() - plain.sum() < styled[0] - plain[0]


def test_a_style_that_changes_nothing_has_no_effect() -> None:
    same = replace(USUAL, style=1.0)
    assert launch_effect(same) == pytest.approx(0, abs=1e-12)
    assert tile_effect(same) == pytest.approx(0, abs=1e-12)


def test_tiles_drawn_one_by_one_promise_more_than_a_launch_earns() -> None:
    assert tile_effect(USUAL) > 2 * launch_effect(USUAL) > 0
    # Where hardly anybody clicks there is nothing to take from neighbours.
    shy = tuple(replace(habit, reluctance=1e4) for habit in USUAL.habits)
    rarely = replace(USUAL, habits=shy, bots=0.0)
    assert tile_effect(rarely) == pytest.approx(launch_effect(rarely), abs=0.002)
    assert launch_effect(rarely) == pytest.approx(USUAL.style - 1, abs=0.002)


def test_bots_water_a_launch_down() -> None:
    assert launch_effect(replace(USUAL, bots=0.0)) > launch_effect(USUAL)
    assert launch_effect(replace(USUAL, bots=1.0)) == 0
