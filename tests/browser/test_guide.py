"""Places dragged over a picture in a real browser are what the database holds."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from PIL import Image, ImageDraw

from shop_style.models import PictureGuide

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.admin.urls")]

FORM = "/admin/shop_style/pictureguide/add/?picture=shop.Chair.photo:"


@pytest.fixture
def open_form(open_page: Any, make_chair: Any, live_server: Any) -> Any:
    """The guide's form of a chair, for a person who may."""

    def open_it(**options: Any) -> Any:
        client = Client()
        client.force_login(User.objects.create_superuser("ada"))
        page = open_page("/admin/login/", **options)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
        page.context.add_cookies([{**cookie, "url": live_server.url}])
        page.goto(f"{live_server.url}{FORM}{make_chair().pk}")
        return page

    return open_it


def save(page: Any) -> PictureGuide:
    page.click("input[name=_continue]")
    page.wait_for_selector(".messagelist")
    return PictureGuide.objects.get()


@pytest.mark.slow
def test_places_are_dragged_moved_resized_and_removed(open_form: Any, tmp_path: Path) -> None:
    page = open_form(viewport={"width": 1200, "height": 900})
    frame = page.locator("svg[data-boxes]").bounding_box()

    def at(x: float, y: float) -> tuple[float, float]:
        return frame["x"] + x * frame["width"], frame["y"] + y * frame["height"]

    def drag(start: tuple[float, float], *ways: tuple[float, float]) -> None:
        page.mouse.move(*at(*start))
        page.mouse.down()
        for way in ways:
            page.mouse.move(*at(*way))
        page.mouse.up()

    drag((0.5, 0.5), (0.4, 0.4), (0.25, 0.25))  # towards the upper left as well
    drag((0.7, 0.7), (0.9, 0.8))
    drag((0.1, 0.9), (0.1, 0.9))  # a click marks nothing
    drag((0.4, 0.4), (0.5, 0.6))  # the first one, moved
    page.locator("rect.ss-place").nth(1).focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    image = Image.new("L", (96, 80))
    ImageDraw.Draw(image).rectangle((20, 10, 70, 60), fill=255)
    image.save(tmp_path / "mask.png")
    page.set_input_files("#id_mask", tmp_path / "mask.png")
    guide = save(page)
    # A pixel of the screen is about a hundredth of so small a picture.
    assert guide.boxes[0] == pytest.approx([0.35, 0.45, 0.6, 0.7], abs=0.02)
    assert guide.boxes[1] == pytest.approx([0.69, 0.7, 0.89, 0.81], abs=0.02)
    outlined = Image.open(io.BytesIO(page.locator(".ss-drawing img").screenshot())).convert("RGB")
    # White is dimmed outside of the mask; the product's blue, #3d6fb4, is not.
    assert max(outlined.getpixel((8, 40))) < 150
    assert outlined.getpixel((23, 40)) == pytest.approx((61, 111, 180), abs=8)
    page.locator("rect.ss-place").first.focus()
    page.keyboard.press("Delete")
    page.fill("#id_boxes", page.input_value("#id_boxes")[:-1] + ", [0, 0, 0.5, 0.1]]")
    assert page.locator("rect.ss-place").count() == 2
    assert save(page).boxes[1] == [0, 0, 0.5, 0.1] and page.problems == []


@pytest.mark.slow
def test_numbers_alone_do_without_a_script(open_form: Any) -> None:
    page = open_form(java_script_enabled=False)
    page.fill("#id_boxes", "[[0.25, 0.25, 0.5, 0.5]]")
    assert save(page).boxes == [[0.25, 0.25, 0.5, 0.5]]
    assert page.locator("rect.ss-place").get_attribute("x") == "25.00%"
