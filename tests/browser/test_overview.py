"""The overview in a browser: it follows the queue, stops when nobody looks, needs no script."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from shop_style.models import Status, StyleVariant

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.admin.urls")]

PAGE = "/admin/shop_style/overview/"


@pytest.fixture
def open_overview(open_page: Any, make_chair: Any, make_style: Any, publish_variant: Any) -> Any:
    """The overview with one that waits and one that failed, as a superuser sees it."""

    def open_it(**options: Any) -> Any:
        chair, style = make_chair(), make_style()
        publish_variant(chair, style, status=Status.PENDING, recipe_digest="a", review="unreviewed")
        publish_variant(
            chair, style, status=Status.FAILED, recipe_digest="b", error_code="undecodable"
        )
        client = Client()
        client.force_login(User.objects.create_superuser("mira"))
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
        state = {"cookies": [{**cookie, "domain": "localhost", "path": "/", "expires": -1}]}
        return open_page(PAGE, storage_state={**state, "origins": []}, **options)

    return open_it


def tiles(page: Any) -> list[str]:
    return [text.strip() for text in page.locator(".ss-tiles dd").all_inner_texts()]


@pytest.mark.slow
def test_the_queue_is_followed_until_nobody_looks(open_overview: Any) -> None:
    page = open_overview(viewport={"width": 1280, "height": 900})
    page.clock.install()
    page.reload()
    assert tiles(page) == ["1", "0", "0", "1", "0"]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/queue/" in request.url else 0)
    StyleVariant.objects.filter(status=Status.PENDING).update(
        status=Status.RUNNING,
        stage="stylise",
        progress=0.5,
        started_at=timezone.now(),
        lease_expires_at=timezone.now() + timedelta(minutes=5),
    )
    with page.expect_response("**/queue/"):
        page.clock.fast_forward(6_000)
    page.wait_for_selector(".ss-at-work progress[value='50']")
    assert tiles(page) == ["0", "1", "0", "1", "0"]
    assert page.inner_text("[data-said]") == "0 waiting, 1 running, 1 failed."
    # A part that somebody stands in is not drawn away; it is drawn once they are elsewhere.
    page.locator(".ss-failures a.button").focus()
    StyleVariant.objects.filter(status=Status.FAILED).delete()
    with page.expect_response("**/queue/"):
        page.clock.fast_forward(6_000)
    page.wait_for_function("document.querySelectorAll('.ss-tiles dd')[3].innerText.trim() === '0'")
    assert page.locator(".ss-failures li").count() == 1
    page.locator(".ss-poll input").focus()
    with page.expect_response("**/queue/"):
        page.clock.fast_forward(6_000)
    page.wait_for_selector(".ss-failures", state="detached")
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    asked.clear()
    page.clock.fast_forward(120_000)
    assert asked == []
    with page.expect_response("**/queue/"):
        page.evaluate(
            "Object.defineProperty(document, 'hidden', { value: false, configurable: true });"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
    page.uncheck(".ss-poll input")
    asked.clear()
    page.clock.fast_forward(120_000)
    assert asked == [] and page.problems == []


@pytest.mark.slow
def test_a_retry_asks_once_without_a_script(open_overview: Any) -> None:
    page = open_overview(java_script_enabled=False, viewport={"width": 390, "height": 800})
    assert page.locator(".ss-poll input").count() == 0
    page.locator(".ss-failures a.button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=1 variant that failed is put into the queue again")
    assert StyleVariant.objects.filter(status=Status.FAILED).count() == 1
    page.locator("input[name=confirmed]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".messagelist")
    assert page.inner_text(".messagelist li") == "1 variant waits again."
    assert tiles(page) == ["2", "0", "0", "0", "0"]


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_nothing_lies_beside_the_page(open_overview: Any, width: int) -> None:
    page = open_overview(viewport={"width": width, "height": 900})
    beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(beyond) == 0
