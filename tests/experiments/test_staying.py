"""Who was asked stays where that put them: in an arm, or out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.experiments.visits import visit, visit_arm

pytestmark = pytest.mark.django_db


def test_elsewhere_visitors_see_their_arm_uncounted_and_nobody_enters(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    for styled in (False, True):
        seen = visit_arm(shop, styled=styled)
        elsewhere = visit(shop, seen.visitor, placement="recommendations")
        assert {item.rendering.is_styled for item in elsewhere.placed} == {styled}
        assert not any(item.tracked for item in elsewhere.placed) and elsewhere.page.varies
    for _ in range(12):
        stranger = visit(shop, placement="recommendations")
        assert not stranger.is_styled and stranger.page.token() == ""


def test_who_was_not_let_in_stays_out_on_every_page(make_shop: Any, browser: Any) -> None:
    """Another draw a page would let in whoever browses for long enough."""
    shop = make_shop(2, coverage=0.3, layer="home", layer_from=0.0, layer_to=0.7)
    shop.start()
    inside = 0
    for index in range(60):
        client, kept, answers = browser(), "", []
        for _ in range(6):
            answer = api_page(client, shop, "listing", kept)
            if index % 2:  # a headless caller; the others keep the cookie
                client.cookies.clear()
                kept = answer["visitor"]
            assert answer["visitor"]
            answers.append(answer["pictures"][0]["tracked"])
        assert len(set(answers)) == 1
        inside += answers[0]
    # A share of 0.21 of 60; outside with p < 1e-4.
    assert 2 <= inside <= 25


def api_page(client: Any, shop: Any, placement: str, visitor: str = "") -> Any:
    body = {"objects": shop.names(), "placement": placement, "visitor": visitor}
    return client.post(
        "/shop-style/placement/", json.dumps(body), content_type="application/json"
    ).json()


def test_a_visitor_keeps_the_arm_over_pages_that_track_nothing(
    make_shop: Any, browser: Any
) -> None:
    shop = make_shop(2)
    shop.start()
    for _ in range(8):
        kept, arms = "", []
        for placement in ("listing", "elsewhere", "listing", "elsewhere", "listing"):
            answer = api_page(browser(), shop, placement, kept)
            kept = answer["visitor"]
            arms.append(answer["pictures"][0]["picture"]["style"])
        assert len(set(arms)) == 1
