"""Limits: by address, not by what a sender claims, and lifted when the cache is down."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import caches

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def limits(settings: Any) -> Any:
    settings.SHOP_STYLE = {
        **settings.SHOP_STYLE,
        "THROTTLES": {"placement": "3/min", "events": "2/min", "visitor": "1/min"},
    }
    return settings


BODY = {"objects": ["shop.chair:1"]}


def test_the_fourth_request_of_a_minute_is_told_when_to_come_back(post: Any) -> None:
    assert [post("placement", BODY).status_code for _ in range(4)] == [200, 200, 200, 429]
    last = post("placement", BODY)
    assert last.json()["code"] == "throttled" and 1 <= int(last["Retry-After"]) <= 61
    # Each group has its own count.
    assert post("events", {"token": "x", "events": [1]}).status_code == 400


def test_being_forgotten_has_a_small_limit_of_its_own(post: Any) -> None:
    answers = [post("visitor/forget", {"visitor": "forged"}).status_code for _ in range(2)]
    assert answers == [404, 429]
    assert post("visitor/merge", {"visitor": "forged"}).status_code in (401, 403)
    assert post("placement", BODY).status_code == 200


def test_a_forged_forwarding_header_passes_no_limit(post: Any) -> None:
    answers = [
        post("placement", BODY, **{"x-forwarded-for": f"10.0.0.{n}"}).status_code for n in range(5)
    ]
    assert answers == [200, 200, 200, 429, 429]


def test_behind_a_known_proxy_each_shopper_has_a_count(post: Any, settings: Any) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    answers = [
        post("placement", BODY, **{"x-forwarded-for": f"6.6.6.6, 10.0.0.{n}"}).status_code
        for n in range(5)
    ]
    assert answers == [200] * 5
    forged = [
        post("placement", BODY, **{"x-forwarded-for": f"1.1.1.{n}, 10.0.0.9"}).status_code
        for n in range(5)
    ]
    assert forged == [200, 200, 200, 429, 429]


def test_a_stopped_cache_limits_nobody(post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any, **__: Any) -> Any:
        raise ConnectionError("the cache is away")

    for name in ("get", "set"):
        monkeypatch.setattr(caches["default"], name, stopped)
    assert [post("placement", BODY).status_code for _ in range(6)] == [200] * 6


def test_a_rate_that_makes_no_sense_limits_nobody_and_is_found_by_the_check(
    post: Any, settings: Any
) -> None:
    from shop_style.checks import check_settings

    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "THROTTLES": {"placement": "often"}}
    assert post("placement", BODY).status_code == 200
    assert [item.id for item in check_settings()] == ["shop_style.E010"]
