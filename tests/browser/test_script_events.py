"""Every way to click, to leave and to lose a network: the database holds what the person did."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from shop_style.models import Event
from tests.browser import storefront
from tests.browser.conftest import FLAGS
from tests.conftest import BROWSER

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.browser.storefront"),
    pytest.mark.slow,
]
TILES = range(6)


@pytest.fixture(autouse=True)
def shop(make_shop: Any) -> Any:
    """Six tiles of 400 pixels, one below the other, and a server that refuses nothing."""
    shop = make_shop(6)
    shop.start()
    storefront.refusals.clear()
    storefront.seen.clear()
    return shop


def happened() -> Counter[tuple[str, int]]:
    """How often each event is stored."""
    return Counter(Event.objects.values_list("kind", "position"))


def clicks() -> list[int]:
    rows = Event.objects.filter(kind="click").order_by("position")
    return [
        position for position in rows.values_list("position", flat=True) if position is not None
    ]


def wait_until(condition: Any, seconds: float = 12.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not condition():
        time.sleep(0.05)
    assert condition(), happened()


def tile(page: Any, number: int) -> Any:
    return page.locator("a.name").nth(number)


def test_each_kind_of_click_counts_once_and_a_right_click_never(open_page: Any) -> None:
    page = open_page()
    with page.context.expect_page():
        tile(page, 0).click(button="middle")
    with page.context.expect_page():
        tile(page, 1).click(modifiers=["Control"])
    tile(page, 2).click(button="right")
    page.keyboard.press("Escape")
    page.mouse.click(700, 300)  # beside all tiles
    tile(page, 3).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/elsewhere/")
    wait_until(lambda: clicks() == [0, 1, 3])
    page.wait_for_timeout(300)
    assert clicks() == [0, 1, 3]
    assert page.problems == []


def test_a_double_click_is_one(open_page: Any) -> None:
    page = open_page()
    page.evaluate("document.addEventListener('click', event => event.preventDefault())")
    tile(page, 1).dblclick()
    tile(page, 1).click()
    wait_until(lambda: clicks() == [1])
    page.wait_for_timeout(300)
    assert happened()["click", 1] == 1


def test_a_hasty_shopper_loses_nothing(open_page: Any, live_server: Any) -> None:
    """Six pages, each left in the moment of its first click."""
    page = open_page("/elsewhere/")
    for number in TILES:
        page.goto(live_server.url + "/", wait_until="domcontentloaded")
        tile(page, number).evaluate("link => link.click()")
        page.wait_for_url("**/elsewhere/")
    wait_until(lambda: clicks() == [*TILES])
    # Each of the six pages was rendered whole, by one visitor.
    wait_until(lambda: all(happened()["rendered", number] == 6 for number in TILES))
    assert Event.objects.values("page_view").distinct().count() == 6
    assert Event.objects.values("visitor").distinct().count() == 1


def test_what_a_server_refuses_is_tried_again_and_counts_once(open_page: Any) -> None:
    storefront.refusals[:] = [500, 429]
    page = open_page()
    wait_until(lambda: all(happened()["rendered", number] == 1 for number in TILES), 25)
    assert storefront.seen == [500, 429]
    assert page.problems == []


def test_what_a_network_loses_comes_when_it_is_back(open_page: Any) -> None:
    page = open_page()
    wait_until(lambda: happened()["viewable", 0] == 1)
    page.context.set_offline(True)
    page.evaluate("document.addEventListener('click', event => event.preventDefault())")
    tile(page, 1).click()
    page.wait_for_timeout(600)
    assert clicks() == []
    page.context.set_offline(False)
    wait_until(lambda: clicks() == [1])
    assert page.problems == []


def test_a_server_that_stays_down_is_left_alone_and_the_page_works(open_page: Any) -> None:
    storefront.refusals[:] = [500] * 50
    page = open_page()
    page.wait_for_timeout(2600)
    tile(page, 1).click()
    page.wait_for_url("**/elsewhere/")
    page.wait_for_timeout(300)
    assert 1 <= len(storefront.seen) <= 5
    assert not Event.objects.exists() and page.problems == []


@pytest.mark.parametrize("agreed", [True, False])
def test_nothing_is_sent_before_consent_and_all_of_it_after(
    open_page: Any, live_server: Any, agreed: bool
) -> None:
    page, sent = open_page("/elsewhere/"), []
    page.on("request", lambda request: sent.append(request.url) if "events" in request.url else 0)
    page.goto(live_server.url + "/consent/")
    page.wait_for_timeout(2600)
    assert sent == []
    page.evaluate(
        "agreed => document.dispatchEvent(new CustomEvent('shop-style-consent', {detail: agreed}))",
        agreed,
    )
    if agreed:
        wait_until(lambda: happened()["rendered", 5] == 1 and happened()["viewable", 0] == 1)
    else:
        page.evaluate("document.addEventListener('click', event => event.preventDefault())")
        tile(page, 0).click()
        page.wait_for_timeout(2600)
        assert sent == [] and not Event.objects.exists()


def test_who_asks_not_to_be_tracked_sends_nothing_from_a_cached_page(
    open_page: Any, live_server: Any
) -> None:
    """The page has a token, as one out of a cache may; the browser says no."""
    page = open_page("/elsewhere/")
    page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    page.goto(live_server.url + "/")
    assert page.locator("script[data-token]").count() == 1
    tile(page, 0).click()
    page.wait_for_timeout(600)
    assert not Event.objects.exists()


def test_a_page_fetched_ahead_begins_when_it_is_shown(open_page: Any, live_server: Any) -> None:
    page = open_page("/elsewhere/")
    page.add_init_script("Object.defineProperty(document, 'prerendering', {value: true})")
    page.goto(live_server.url + "/")
    page.wait_for_timeout(2600)
    assert not Event.objects.exists()
    page.evaluate("document.dispatchEvent(new Event('prerenderingchange'))")
    wait_until(lambda: happened()["rendered", 5] == 1 and happened()["viewable", 0] == 1)


@pytest.fixture
def remembering(chromium: Any) -> Iterator[Any]:
    """A Chromium with its back/forward cache, which Playwright switches off."""
    browser = chromium.browser_type.launch(
        executable_path=_executable(),
        args=FLAGS,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield browser
    browser.close()


def _executable() -> str:
    import shutil

    return str(shutil.which("chromium") or shutil.which("google-chrome"))


def test_back_to_a_page_that_was_kept_goes_on_where_it_was(
    remembering: Any, live_server: Any
) -> None:
    page = remembering.new_context(
        viewport={"width": 800, "height": 600}, user_agent=BROWSER
    ).new_page()
    page.add_init_script(
        "addEventListener('pageshow', event => { window.wasKept = event.persisted; })"
    )
    page.goto(live_server.url + "/")
    tile(page, 0).click()
    page.wait_for_url("**/elsewhere/")
    page.go_back(wait_until="commit")
    page.wait_for_function("window.wasKept !== undefined")
    kept = page.evaluate("window.wasKept")
    page.wait_for_timeout(1500)
    tile(page, 1).click()
    page.wait_for_url("**/elsewhere/")
    wait_until(lambda: clicks() == [0, 1])
    assert Event.objects.values("visitor").distinct().count() == 1
    views = Event.objects.values("page_view").distinct().count()
    # Kept as it was it is the same look at the page; fetched anew it is another.
    assert views == (1 if kept else 2)
    assert happened()["rendered", 5] == views
