"""The variant's page in a browser that runs no scripts: layers, places and keys work by CSS."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.test import Client

from shop_style.models.storage import variant_storage
from tests.admin.conftest import CARD_2

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.admin.urls")]

REASONS = [
    {"code": "structure", "text": "Print.", "value": 0.4, "limit": 0.5, "box": None},
    {"code": "colour_spot", "text": "Colour.", "value": 9, "limit": 6, "box": [0, 0, 32, 40]},
]


@pytest.fixture
def page(open_page: Any, make_chair: Any, make_style: Any, publish_variant: Any) -> Any:
    """The page of a variant that failed, as staff sees it."""
    variant = publish_variant(make_chair(), make_style())
    sheet = variant_storage().save("shop_style/variants/e.webp", ContentFile(b"x"))
    columns = {"scorecard": CARD_2, "passed": False, "reasons": REASONS, "evidence": sheet}
    type(variant).objects.filter(pk=variant.pk).update(**columns)
    client = Client()
    client.force_login(User.objects.create_superuser("mira"))
    state = {"name": "sessionid", "value": client.cookies["sessionid"].value, "domain": "localhost"}
    cookies = [{**state, "path": "/", "expires": -1}]
    return open_page(
        f"/admin/shop_style/stylevariant/{variant.pk}/change/",
        java_script_enabled=False,
        storage_state={"cookies": cookies, "origins": []},
    )


def shown(page: Any, selector: str) -> list[bool]:
    return [item.is_visible() for item in page.locator(selector).all()]


def row_of_sheet(page: Any) -> list[float]:
    """Which row of the sheet lies over each picture; none where the sheet is hidden."""
    rows = []
    for sheet in page.locator(".ss-sheet").all():
        box, clip = sheet.bounding_box(), sheet.locator("..").bounding_box()
        if box:
            assert box["height"] == pytest.approx(7 * clip["height"], rel=0.01)
            rows.append(round((clip["y"] - box["y"]) / clip["height"], 2))
    return rows


@pytest.mark.slow
def test_each_radio_button_lays_its_row_over_both_pictures(page: Any) -> None:
    assert row_of_sheet(page) == [0, 0]
    assert shown(page, ".ss-spot") == [True] * 4
    page.locator("#ss-layer-delta_e + label").click()
    assert row_of_sheet(page) == [3, 3]
    assert shown(page, ".ss-spot") == [False] * 4
    captions = [item for item in page.locator(".ss-caption").all() if item.is_visible()]
    assert [item.text_content() for item in captions] == ["11.5 ΔE"] * 2
    page.locator("#ss-layer-delta_e").focus()
    page.keyboard.press("ArrowRight")
    assert row_of_sheet(page) == [4, 4]
    page.locator("#ss-layer-none + label").click()
    assert row_of_sheet(page) == [] and not any(shown(page, ".ss-mark"))
    # A reason's place is shown whatever lies over the picture, and its heat map is one click.
    page.locator("#reason-2 a").click()
    assert shown(page, "#spot-2") == [True] and sum(shown(page, ".ss-spot")) == 1
    page.locator("#reason-1 label").click()
    assert row_of_sheet(page) == [1, 1]


@pytest.mark.slow
def test_a_phone_scrolls_one_way_only(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    content = page.locator("#content")
    for item in content.locator("table, figure, fieldset, .ss-verdict, .ss-stage img").all():
        box = item.bounding_box()
        assert box is None or box["x"] + box["width"] <= 391, item.get_attribute("class")
    top = [item.bounding_box()["y"] for item in page.locator("figure").all()]
    assert top[1] > top[0]
    page.set_viewport_size({"width": 1280, "height": 900})
    top = [item.bounding_box()["y"] for item in page.locator("figure").all()]
    assert top[1] == top[0]
