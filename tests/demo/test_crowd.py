"""Simulated shoppers: what was planted is there, and nothing else is."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from shop_style.demo.crowd import (
    CLICKS,
    CRAWLERS,
    MOBILE,
    PAGES,
    PLANTED_LIFT,
    PRIVATE,
    Shopper,
    Tile,
    browse,
    click_chance,
    reports,
    seen_share,
    shopper,
)
from shop_style.experiments.visitor import crawls, device_class

CROWD = [shopper(number, seed=1) for number in range(3000)]


def tiles(*, styled: bool, number: int = 12) -> list[Tile]:
    return [Tile(place=place, position=place, is_styled=styled) for place in range(number)]


def click_rates(*, styled: bool, lift: float) -> list[tuple[int, int]]:
    """Clicks and pictures seen of each shopper, over the visit."""
    totals = []
    for who in CROWD:
        views = [
            browse(who, tiles(styled=styled), page=page, seed=1, lift=lift)
            for page in range(who.pages)
        ]
        totals.append(
            (sum(len(view.clicked) for view in views), sum(len(view.viewable) for view in views))
        )
    return totals


def rate(totals: list[tuple[int, int]]) -> float:
    return sum(clicks for clicks, _ in totals) / sum(seen for _, seen in totals)


def test_the_planted_lift_is_the_ratio_of_click_through_rates() -> None:
    originals = click_rates(styled=False, lift=PLANTED_LIFT)
    styled = click_rates(styled=True, lift=PLANTED_LIFT)
    # Both arms take the same draws. What differs are the 560 clicks or so that the lift adds to
    # 2,200: their own spread is 24 of 2,200, or 0.011; four of those are allowed.
    assert rate(styled) / rate(originals) - 1 == pytest.approx(PLANTED_LIFT, abs=0.045)
    assert [seen for _, seen in styled] == [seen for _, seen in originals]


def test_without_a_lift_a_style_changes_nothing() -> None:
    assert click_rates(styled=True, lift=0) == click_rates(styled=False, lift=0)


def test_the_cap_on_probabilities_takes_nothing_from_the_lift() -> None:
    first = Tile(place=0, position=0, is_styled=True)
    uncapped = [who.propensity * (1 + PLANTED_LIFT) for who in CROWD]
    capped = [click_chance(who.propensity, first, PLANTED_LIFT) for who in CROWD]
    assert capped == pytest.approx(uncapped)


def test_further_down_less_is_seen_and_clicked() -> None:
    places = range(40)
    seen = [seen_share(place) for place in places]
    clicked = [
        click_chance(0.1, Tile(place=place, position=place, is_styled=False), 0.25)
        for place in places
    ]
    for falling in (seen, clicked):
        assert falling == sorted(falling, reverse=True)
        assert 0 < falling[-1] < falling[0] < 1
    # Viewable impressions of the last of twelve, as played: 98 % fall to 43 %.
    last = sum(
        11 in browse(who, tiles(styled=False), page=0, seed=1).viewable for who in CROWD
    ) / len(CROWD)
    assert last == pytest.approx(seen_share(11), abs=4 * (0.43 * 0.57 / len(CROWD)) ** 0.5)


def test_clicks_cluster_by_shopper() -> None:
    totals = np.array(click_rates(styled=False, lift=0))
    clicks, seen = totals[:, 0], totals[:, 1]
    residuals = clicks - seen * clicks.sum() / seen.sum()
    binomial = rate(totals.tolist()) * seen.sum()
    # A per-impression test takes this ratio for 1 and is sure too soon.
    assert 1.2 < (residuals**2).sum() / binomial < 2.5


def test_the_crowd_is_made_up_as_said() -> None:
    kinds = Counter(who.kind for who in CROWD)
    share = {kind: number / len(CROWD) for kind, number in kinds.items()}
    # Three standard deviations of a share of 4 % among 3,000 are 1.1 points.
    assert share["crawler"] == pytest.approx(CRAWLERS, abs=0.011)
    assert share["private"] == pytest.approx(PRIVATE, abs=0.011)
    shoppers = [who for who in CROWD if who.kind == "shopper"]
    mobile = sum(device_class(who.agent) == "mobile" for who in shoppers) / len(shoppers)
    assert mobile == pytest.approx(MOBILE, abs=0.03)
    mean_pages = sum(pages * weight for pages, weight in PAGES.items())
    assert np.mean([who.pages for who in shoppers]) == pytest.approx(mean_pages, abs=0.06)
    mean = CLICKS[0] / sum(CLICKS)
    assert np.mean([who.propensity for who in shoppers]) == pytest.approx(mean, abs=0.003)
    assert len({who.keeps_cookies for who in shoppers}) == 2


def test_the_server_takes_crawlers_for_crawlers_and_nobody_else() -> None:
    for who in CROWD:
        assert crawls(who.agent) == (who.kind == "crawler")


def test_a_shopper_of_a_number_does_the_same_whoever_asks_and_when() -> None:
    random.seed(99)
    again = [shopper(number, seed=1) for number in reversed(range(200))]
    assert again[::-1] == CROWD[:200]
    assert [shopper(number, seed=2) for number in range(200)] != CROWD[:200]
    who = CROWD[7]
    one = browse(who, tiles(styled=True), page=0, seed=1)
    assert browse(who, tiles(styled=True), page=0, seed=1) == one
    assert browse(who, tiles(styled=True), page=1, seed=1) != one


def all_reports(who: Shopper) -> list[list[dict[str, object]]]:
    view = browse(who, tiles(styled=True), page=0, seed=1)
    return reports(who, view, page=0, seed=1)


def test_reports_hold_what_happened_now_and_then_twice_or_the_click_first() -> None:
    twice = click_first = clicking = 0
    for who in CROWD[:1000]:
        view = browse(who, tiles(styled=True), page=0, seed=1)
        batches = all_reports(who)
        events = {(item["kind"], item["position"]) for batch in batches for item in batch}
        assert events == {
            *(("rendered", position) for position in view.rendered),
            *(("viewable", position) for position in view.viewable),
            *(("click", position) for position in view.clicked),
        }
        twice += len(batches) > 1 + bool(view.clicked)
        clicking += bool(view.clicked)
        click_first += batches[0][0]["kind"] == "click"
    assert 60 < twice < 140  # one in ten of 1,000
    assert 0.1 < click_first / clicking < 0.3  # one in five


def test_a_page_without_tracked_pictures_is_not_reported() -> None:
    view = browse(CROWD[0], [], page=0, seed=1)
    assert reports(CROWD[0], view, page=0, seed=1) == []
