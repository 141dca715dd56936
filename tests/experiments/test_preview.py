"""A look at an arm by a signed link: what its visitors see, and nothing of it counts."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from shop_style.experiments.preview import preview_link, preview_value
from shop_style.experiments.tally import tally
from shop_style.models import DailyTally, Event
from tests.experiments.test_storefront import is_styled, page, token_of, two_arms

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.experiments.storefront")]


def links(shop: Any) -> dict[bool, str]:
    """By whether the arm has a style."""
    return {not arm.is_control: preview_link(arm) for arm in shop.experiment.arms.all()}


def test_whoever_has_the_link_sees_the_arm_uncounted(browser: Any, make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    for styled, client in two_arms(browser).items():
        mine = client.cookies["shop_style_visitor"].value
        tally.write()
        before = list(DailyTally.objects.order_by("pk").values())
        for wanted, address in links(shop).items():
            for someone in (client, browser(), browser(sec_gpc="1")):
                response = someone.get(address)
                html = response.content.decode()
                assert is_styled(html) == wanted and not token_of(html)
                assert "data-shop-style=" not in html and not response.cookies
                assert "private" in response["Cache-Control"]
                assert "no-store" in response["Cache-Control"]
                assert response["X-Robots-Tag"] == "noindex"
        assert client.cookies["shop_style_visitor"].value == mine
        assert is_styled(page(client)) == styled
        tally.write()
        tokens = [row for row in DailyTally.objects.values() if row["kind"] != "token"]
        assert tokens == [row for row in before if row["kind"] != "token"]
    assert not Event.objects.exists()


def test_a_paused_one_and_a_draft_can_be_looked_at(browser: Any, make_shop: Any) -> None:
    from shop_style.experiments import lifecycle

    shop = make_shop()
    for wanted, address in links(shop).items():
        assert is_styled(page(browser(), address)) == wanted
    shop.start()
    lifecycle.pause(shop.experiment, actor="ada")
    for wanted, address in links(shop).items():
        assert is_styled(page(browser(), address)) == wanted


def test_a_forged_or_old_link_shows_originals_and_enrols_nobody(
    browser: Any, make_shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_shop()
    shop.start()
    arm = shop.experiment.arms.get(slug="warm")
    old = preview_link(arm)
    later = time.time() + 86_401
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    naked = f"/?shop_style_arm={shop.experiment.slug}:{arm.slug}"
    for address in (old, naked, f"{old}x", "/?shop_style_arm=", "/?shop_style_arm=" + "x" * 9000):
        client = browser()
        html = page(client, address)
        assert not is_styled(html) and not token_of(html)
        assert "shop_style_visitor" not in client.cookies


def test_headless_storefronts_send_it_as_preview(browser: Any, make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    visitor = two_arms(browser)[False].cookies["shop_style_visitor"].value
    body = {
        "objects": shop.names(),
        "placement": "listing",
        "visitor": visitor,
        "preview": preview_value(shop.experiment.arms.get(slug="warm")),
    }
    answer = browser().post(
        "/shop-style/placement/", json.dumps(body), content_type="application/json"
    )
    found = answer.json()
    assert {item["picture"]["style"] for item in found["pictures"]} == {"warm"}
    assert not any(item["tracked"] for item in found["pictures"])
    assert (found["token"], found["visitor"]) == ("", visitor) and not answer.cookies
