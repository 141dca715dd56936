"""What a person did in a real browser is what the database says, event for event."""

from __future__ import annotations

import time
from typing import Any

import pytest

from shop_style.models import Event, StyleVariant

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.browser.storefront"),
]


def stored(kind: str) -> list[int]:
    """Positions of the events of a kind."""
    found = Event.objects.filter(kind=kind).order_by("position")
    return [
        position for position in found.values_list("position", flat=True) if position is not None
    ]


def wait_for(kind: str, positions: list[int], seconds: float = 8.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and stored(kind) != positions:
        time.sleep(0.05)
    assert stored(kind) == positions


def in_arm(open_page: Any, *, styled: bool, **options: Any) -> Any:
    """A browser whose visitor is in this arm."""
    for _ in range(40):
        page = open_page(**options)
        if bool(page.locator("picture source").count()) == styled:
            return page
        page.context.close()
        Event.objects.all().delete()
    raise AssertionError("forty visitors, and none in this arm")


@pytest.fixture
def shop(make_shop: Any) -> Any:
    """Six tiles of 400 pixels each, one below the other: the window shows one and a half."""
    shop = make_shop(6)
    shop.start()
    return shop


@pytest.mark.slow
def test_rendered_at_once_viewable_after_a_second_of_half_a_picture(
    shop: Any, open_page: Any
) -> None:
    page = open_page()
    wait_for("rendered", [0, 1, 2, 3, 4, 5])
    # The second tile shows exactly half of itself: 200 of its 400 pixels.
    wait_for("viewable", [0, 1])
    page.evaluate("window.scrollTo(0, 1600)")
    page.wait_for_timeout(400)
    page.evaluate("window.scrollTo(0, 0)")  # too quick to count
    page.wait_for_timeout(3500)
    assert stored("viewable") == [0, 1]
    page.evaluate("window.scrollTo(0, 1600)")
    wait_for("viewable", [0, 1, 4, 5])
    assert page.problems == []


@pytest.mark.slow
def test_a_click_survives_leaving_the_page_at_once(shop: Any, open_page: Any) -> None:
    page = open_page()
    page.locator("a.name").nth(2).click()  # the name, which is part of the tile
    page.wait_for_url("**/elsewhere/")
    wait_for("click", [2])
    assert 2 in stored("viewable")
    page.goto(page.url.removesuffix("elsewhere/"))
    wait_for("rendered", [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5])  # another page view
    page.locator("picture").nth(0).click()
    wait_for("click", [0, 2])
    assert Event.objects.values("visitor").distinct().count() == 1
    assert page.problems == []


@pytest.mark.slow
def test_what_waits_is_sent_when_the_page_is_closed(shop: Any, open_page: Any) -> None:
    page = open_page()
    page.close(run_before_unload=True)
    wait_for("rendered", [0, 1, 2, 3, 4, 5])


@pytest.mark.slow
def test_a_file_that_is_gone_shows_the_original_and_the_visitor_stays_in_the_arm(
    shop: Any, open_page: Any
) -> None:
    lost = StyleVariant.objects.get(object_id=str(shop.chairs[1].pk))
    page = in_arm(open_page, styled=True, lost=lost.file_names())
    wait_for("failed", [1])
    image = page.locator("picture img").nth(1)
    page.wait_for_function(
        "image => image.complete && image.naturalWidth > 0", arg=image.element_handle()
    )
    assert image.evaluate("image => image.currentSrc").endswith(shop.chairs[1].photo.url)
    assert 1 in stored("rendered")
    assert Event.objects.filter(kind="failed").get().arm.slug == "warm"


@pytest.mark.slow
def test_who_asks_not_to_be_tracked_is_not(shop: Any, open_page: Any) -> None:
    page = open_page(extra_http_headers={"Sec-GPC": "1"})
    page.locator("picture").nth(0).click()
    page.wait_for_timeout(2500)
    assert not Event.objects.exists() and page.context.cookies() == []
    assert page.problems == []


@pytest.mark.slow
def test_without_a_script_the_pictures_are_the_same(shop: Any, open_page: Any) -> None:
    page = in_arm(open_page, styled=True, java_script_enabled=False)
    assert page.locator("picture source").count() == 12
    page.wait_for_timeout(1500)
    assert not Event.objects.exists()
