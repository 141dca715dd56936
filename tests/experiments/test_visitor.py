"""The visitor cookie, and who takes no part."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import signing
from django.http import HttpResponse

from shop_style.experiments import visitor as module
from shop_style.experiments.visitor import (
    Visitor,
    crawls,
    device_class,
    identify,
    known_visitor,
    set_cookie,
)
from tests.conftest import BROWSER

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Mobile/15E148"
IPAD = "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605 Safari/604.1"
TABLET = "Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def refuse(request: Any) -> bool:
    return False


def agree(request: Any) -> bool:
    return request.COOKIES.get("banner") == "yes"


def crash(request: Any) -> bool:
    raise RuntimeError("the banner's service is away")


def request_of(rf: Any, **headers: str) -> Any:
    return rf.get("/", headers={"user-agent": BROWSER, **headers})


def test_a_cookie_brings_the_same_visitor_back_with_the_phases_entered(rf: Any) -> None:
    first = identify(request_of(rf)).entered(7, 3)
    request = request_of(rf)
    request.COOKIES["shop_style_visitor"] = first.signed()
    assert identify(request) == first
    assert first.phases == {7: 3}
    assert len(first.id) == 32 and identify(request_of(rf)).id != first.id


def test_what_a_headless_caller_sends_goes_before_the_cookie(rf: Any) -> None:
    one, other = (identify(request_of(rf)) for _ in range(2))
    request = request_of(rf)
    request.COOKIES["shop_style_visitor"] = one.signed()
    assert identify(request, other.signed()) == other


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "a" * 5000,
        signing.dumps(["0" * 32, 20_000, []], salt="another.salt"),
        signing.dumps(["0" * 32, 20_000], salt="shop_style.visitor"),
        signing.dumps(["not hex", 20_000, []], salt="shop_style.visitor"),
        signing.dumps([{"a": 1}, 20_000, []], salt="shop_style.visitor"),
        signing.dumps(["0" * 32, "soon", []], salt="shop_style.visitor"),
        signing.dumps(["0" * 32, 1, []], salt="shop_style.visitor"),  # born in 1970
    ],
    # Signatures hold the second they were made in, and each process of the tests makes its own.
    ids=["empty", "short", "long", "salt", "parts", "hex", "kind", "day", "old"],
)
def test_a_value_that_is_not_ours_or_too_old_is_nobody(rf: Any, value: str) -> None:
    assert known_visitor(value) is None
    request = request_of(rf)
    request.COOKIES["shop_style_visitor"] = value
    assert identify(request).id  # a new one


def test_a_rotated_secret_key_keeps_visitors(settings: Any) -> None:
    value = Visitor(id="0" * 32, born=module._today()).signed()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the next one"
    assert known_visitor(value) is not None
    settings.SECRET_KEY_FALLBACKS = []
    assert known_visitor(value) is None


def test_the_cookie_ends_thirteen_months_after_the_first_page(
    rf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = identify(request_of(rf))
    response = HttpResponse()
    set_cookie(response, request_of(rf), visitor)
    cookie = response.cookies["shop_style_visitor"]
    assert 394 * 86_400 <= cookie["max-age"] <= 395 * 86_400
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and not cookie["secure"]
    later = HttpResponse()
    old = Visitor(id=visitor.id, born=visitor.born - 300)
    set_cookie(later, rf.get("/", secure=True), old)
    assert later.cookies["shop_style_visitor"]["max-age"] <= 95 * 86_400
    assert later.cookies["shop_style_visitor"]["secure"]
    monkeypatch.setattr(module, "_today", lambda: visitor.born + 395)
    assert known_visitor(visitor.signed()) is None


def test_many_experiments_fit_into_the_cookie() -> None:
    visitor = Visitor(id="f" * 32, born=20_000)
    for number in range(500):
        visitor = visitor.entered(100_000 + number, 100_000 + number)
    assert len(visitor.signed()) < 3000
    assert max(visitor.phases) == 100_499 and len(visitor.phases) == 40


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"user-agent": GOOGLEBOT}, "crawler"),
        ({"user-agent": ""}, "crawler"),
        ({"user-agent": "curl/8.0"}, "crawler"),
        ({"sec-gpc": "1"}, "gpc"),
        ({"dnt": "1"}, "dnt"),
        ({"dnt": "0", "sec-gpc": "0"}, ""),
        ({}, ""),
    ],
)
def test_who_takes_no_part_has_no_number(rf: Any, headers: dict[str, str], why: str) -> None:
    found = identify(request_of(rf, **headers))
    assert found.excluded == why
    assert bool(found.id) == (not why)


def test_no_cookie_lifts_an_exclusion(rf: Any) -> None:
    request = request_of(rf, **{"sec-gpc": "1"})
    request.COOKIES["shop_style_visitor"] = Visitor(id="0" * 32, born=module._today()).signed()
    assert identify(request).id == ""


@pytest.mark.parametrize(("name", "why"), [("refuse", "no_consent"), ("crash", "no_consent")])
def test_without_consent_no_part_is_taken(rf: Any, settings: Any, name: str, why: str) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "CONSENT": f"{__name__}.{name}"}
    assert identify(request_of(rf)).excluded == why


def test_consent_is_asked_of_the_request(rf: Any, settings: Any) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "CONSENT": f"{__name__}.agree"}
    assert identify(request_of(rf)).excluded == "no_consent"
    request = request_of(rf)
    request.COOKIES["banner"] = "yes"
    assert identify(request).excluded == ""


def test_devices_and_crawlers_by_user_agent() -> None:
    assert [device_class(agent) for agent in (BROWSER, IPHONE, PHONE, IPAD, TABLET)] == [
        "desktop",
        "mobile",
        "mobile",
        "tablet",
        "tablet",
    ]
    assert not any(crawls(agent) for agent in (BROWSER, IPHONE, PHONE, IPAD, TABLET))
