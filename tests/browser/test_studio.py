"""A person at the board in a real browser: what was pressed is what the database holds."""

from __future__ import annotations

import io
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image

from shop_style.models import AuditEntry, Status, StyleVariant
from tests.admin.conftest import CARD_2
from tests.browser.board import BOARD, SIZE, four_that_wait, reviews, signed_in, soon, wait_for

TWICE = """(key) => { for (const _ of [1, 2])
  document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true})); }"""
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.admin.urls")]


@pytest.fixture
def variants(make_chair: Any, make_style: Any, publish_variant: Any) -> list[StyleVariant]:
    return four_that_wait(make_chair, make_style(), publish_variant)


@pytest.fixture
def open_board(open_page: Any, live_server: Any) -> Any:
    return partial(signed_in, open_page, live_server.url)


def colour_at(page: Any, x: float) -> tuple[int, ...]:
    """What the big picture shows at a share of its width, near its top."""
    shot = page.locator("[data-compare]").screenshot()
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    colour: Any = image.getpixel((round(x * (image.width - 1)), 3))
    return tuple(colour)


def is_original(colour: tuple[int, ...]) -> bool:
    return colour[2] > colour[0]


@pytest.mark.slow
def test_a_board_is_reviewed_by_keys_alone(open_board: Any, variants: list[StyleVariant]) -> None:
    page = open_board(f"{BOARD}?order=oldest")
    first, second, third, fourth = variants
    wait_for(page, first)
    page.keyboard.press("a")
    wait_for(page, second)
    page.keyboard.press("r")
    wait_for(page, third)
    soon(lambda: reviews(variants[:2]) == ["approved", "rejected"])
    page.keyboard.press("a")  # it failed its gate: the key asks for the reason
    page.keyboard.type("a client loves red")
    assert reviews(variants)[2] == "unreviewed"
    page.keyboard.press("Enter")
    wait_for(page, fourth)
    soon(lambda: reviews(variants)[2] == "approved")
    assert AuditEntry.objects.get(target_id=str(third.pk)).reason == "a client loves red"
    page.wait_for_function(
        "document.querySelector('[data-count]').textContent.startsWith('3 of 4')"
    )
    assert "All decisions are saved" in page.text_content("[data-save]")
    page.keyboard.press("u")
    wait_for(page, third)
    page.keyboard.press("u")
    wait_for(page, second)
    soon(lambda: reviews(variants) == ["approved", "unreviewed", "unreviewed", "unreviewed"])
    page.wait_for_function(
        "document.querySelector('[data-count]').textContent.startsWith('1 of 4')"
    )
    page.keyboard.press("j")
    wait_for(page, third)
    page.keyboard.press("ArrowLeft")
    wait_for(page, second)
    page.keyboard.press("k")
    wait_for(page, first)
    page.keyboard.press("s")
    assert page.is_visible(".ss-scores")
    page.keyboard.press("?")
    assert page.is_visible(".ss-keys dl")
    page.uncheck("[data-keys-on]")
    page.locator("[data-move='1']").focus()
    page.keyboard.press("r")
    page.keyboard.press("j")
    assert page.get_attribute(".ss-view", "data-id") == str(first.pk)
    assert reviews(variants)[0] == "approved" and page.problems == []


@pytest.mark.slow
def test_nobody_decides_about_what_they_have_not_seen(
    open_board: Any, variants: list[StyleVariant]
) -> None:
    page = open_board(f"{BOARD}?order=oldest")
    first, second, third = variants[:3]
    wait_for(page, first)
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.url) if request.post_data else None)
    held: list[Any] = []
    page.route(
        f"**/{second.image.name}", lambda route: held.append(route)
    )  # its picture is long in coming
    page.reload()
    wait_for(page, first)
    page.keyboard.press("a")
    page.wait_for_selector(f'#ss-viewer[aria-busy] .ss-view[data-id="{second.pk}"]')
    for key in ("a", "r", "a"):
        page.keyboard.press(key)
    page.click(".ss-step-approve")
    page.wait_for_selector("[data-save][data-kind=saved]")
    assert reviews(variants) == ["approved", *["unreviewed"] * 3] and len(posted) == 1
    for route in held:
        route.continue_()
    wait_for(page, second)
    page.keyboard.press("r")
    wait_for(page, third)
    soon(lambda: reviews(variants)[1] == "rejected")
    # Twice at once: the second comes before anything of the next is there.
    page.keyboard.press("k")
    wait_for(page, second)
    page.keyboard.press("k")
    wait_for(page, first)
    page.evaluate(TWICE, "r")
    page.wait_for_selector("[data-save][data-kind=saved]")
    assert reviews(variants) == ["rejected", "rejected", "unreviewed", "unreviewed"]
    assert len(posted) == 3 and page.locator("[data-failures]").is_hidden()
    assert page.problems == []


@pytest.mark.slow
def test_what_could_not_be_saved_is_said_and_tried_again(
    open_board: Any, variants: list[StyleVariant]
) -> None:
    page = open_board(f"{BOARD}?order=oldest")
    first, second, third = variants[:3]
    wait_for(page, first)
    page.route("**/decide/", lambda route: route.abort())
    page.keyboard.press("a")
    wait_for(page, second)
    page.wait_for_selector("[data-failures] button")
    assert "could not be reached" in page.text_content("[data-failures]")
    assert "1 not saved" in page.text_content("[data-save]")
    page.unroute("**/decide/")
    page.click("[data-failures] button:text('Try again')")
    soon(lambda: reviews(variants)[0] == "approved")
    page.wait_for_selector("[data-failures]", state="hidden")
    page.keyboard.press("u")  # what was saved at the second try is the last decision
    wait_for(page, first)
    soon(lambda: reviews(variants)[0] == "unreviewed")
    page.keyboard.press("a")
    wait_for(page, second)
    soon(lambda: reviews(variants)[0] == "approved")
    StyleVariant.objects.filter(pk=second.pk).update(review="rejected", reviewed_by="omar")
    page.keyboard.press("a")
    wait_for(page, third)
    page.wait_for_selector("[data-failures] button")
    assert "omar made it “rejected”" in page.text_content("[data-failures]")
    assert reviews(variants)[1] == "rejected" and page.problems == []


@pytest.mark.slow
def test_what_shoppers_see_is_taken_away_only_after_a_yes(
    open_board: Any, variants: list[StyleVariant]
) -> None:
    first, second = variants[:2]
    StyleVariant.objects.filter(pk=first.pk).update(
        review="approved", published_at=timezone.now(), passed=True
    )
    page = open_board(f"{BOARD}?order=oldest&review=all&at={first.pk}")
    wait_for(page, first)
    page.keyboard.press("r")
    page.wait_for_selector("[data-failures] button:text('Yes, reject 1')")
    assert "leaves the shop at once" in page.text_content("[data-failures]")
    assert reviews(variants)[0] == "approved"
    page.click("[data-failures] button:text('Yes, reject 1')")
    soon(lambda: reviews(variants)[0] == "rejected")
    page.wait_for_selector("[data-failures]", state="hidden")
    page.keyboard.press("u")
    wait_for(page, first)
    soon(lambda: reviews(variants)[0] == "approved")
    first.refresh_from_db()
    assert first.is_published and page.problems == []


@pytest.mark.slow
def test_the_original_is_under_the_slider_and_the_held_key(
    open_board: Any, variants: list[StyleVariant]
) -> None:
    page = open_board(f"{BOARD}?order=oldest")
    wait_for(page, variants[0])
    frame = page.locator(".ss-compare").bounding_box()
    page.check('[name="ss-way"][value="slider"]')
    assert page.locator(".ss-compare").bounding_box() == frame  # nothing moves
    assert not page.is_visible(".ss-beside")
    assert is_original(colour_at(page, 0.2)) and not is_original(colour_at(page, 0.8))
    page.focus("[data-cut]")
    page.keyboard.press("Home")
    assert not is_original(colour_at(page, 0.2))
    for _step in range(40):
        page.keyboard.press("ArrowRight")
    assert page.get_attribute("[data-cut]", "aria-valuetext") == "original: 40 %"
    assert is_original(colour_at(page, 0.38)) and not is_original(colour_at(page, 0.42))
    box = page.locator("[data-cut]").bounding_box()
    page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    assert is_original(colour_at(page, 0.86)) and not is_original(colour_at(page, 0.94))
    page.keyboard.press("j")  # on the slider as well: only arrows are its own
    wait_for(page, variants[1])
    assert page.locator(".ss-compare").bounding_box() == frame
    page.check('[name="ss-way"][value="over"]')
    assert not is_original(colour_at(page, 0.5))
    page.keyboard.down("o")
    assert is_original(colour_at(page, 0.5))
    page.keyboard.up("o")
    assert not is_original(colour_at(page, 0.5))
    page.hover("[data-hold]")
    page.mouse.down()
    assert is_original(colour_at(page, 0.5))
    page.mouse.up()
    assert not is_original(colour_at(page, 0.5)) and page.problems == []


@pytest.mark.slow
def test_a_studio_fills_by_itself(
    open_board: Any, make_chair: Any, make_style: Any, variants: list[StyleVariant]
) -> None:
    chair, style = make_chair(), make_style("cold")
    page = open_board(f"{BOARD}studio/?picture=shop.Chair.photo:{chair.pk}")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.select_option("[data-request] [name=style]", str(style.pk))
    page.select_option("[data-request] [name=region]", "product")
    page.click("[data-request] button")
    page.wait_for_selector("[data-waits]")
    row = StyleVariant.objects.latest("pk")
    assert (row.overrides, row.status) == ({"region": "product"}, Status.PENDING)
    half = {"status": Status.RUNNING, "progress": 0.5, "stage": "stylise"}
    StyleVariant.objects.filter(pk=row.pk).update(**half)
    page.wait_for_selector("[data-waits] progress[value='50']")
    done = {"status": Status.READY, "image": variants[0].image.name, "scorecard": CARD_2}
    more = {"renditions": variants[0].renditions, "width": SIZE[0], "height": SIZE[1]}
    StyleVariant.objects.filter(pk=row.pk).update(**done, **more, passed=True)
    wait_for(page, row)
    assert page.is_visible(f'[data-variant="{row.pk}"] img')
    assert page.text_content("[data-rendered]") == "1 of 1 is rendered."
    number = sum("progress" in url for url in asked)
    page.wait_for_timeout(1500)
    assert sum("progress" in url for url in asked) == number and page.problems == []
