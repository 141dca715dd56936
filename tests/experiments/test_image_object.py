"""A variant as search engines read it: whole, escaped for its place, off on request."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.experiments.test_storefront import page

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.experiments.storefront")]
BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def objects(html: str) -> list[dict[str, Any]]:
    return [json.loads(text) for text in BLOCK.findall(html)]


def test_each_variant_says_what_it_is(browser: Any, make_shop: Any) -> None:
    shop = make_shop(2)
    found = objects(page(browser()))
    assert [item["name"] for item in found] == ["Chair 0", "Chair 1"]
    first, chair = found[0], shop.chairs[0]
    assert first["@type"] == "ImageObject"
    assert first["contentUrl"].startswith("http://testserver/media/shop_style/variants/")
    assert first["isBasedOn"] == f"http://testserver{chair.photo.url}"
    assert (first["width"], first["height"]) == (96, 80)
    assert first["digitalSourceType"] == "https://schema.org/TrainedAlgorithmicMediaDigitalSource"
    assert first["Iptc4xmpExt:DigitalSourceType"] == {"@id": IPTC + "trainedAlgorithmicMedia"}


def test_an_original_says_nothing(browser: Any, make_chair: Any) -> None:
    make_chair(name="Plain")
    assert "ld+json" not in page(browser())


def test_words_cannot_leave_their_element(browser: Any, make_shop: Any) -> None:
    shop = make_shop(1)
    name = '</script><img src=x onerror=alert(1)>"&\u2028'
    type(shop.chairs[0]).objects.update(name=name)
    html = page(browser())
    assert "<img src=x" not in html
    (found,) = objects(html)
    assert found["name"] == name


def test_credit_and_switch_are_settings(browser: Any, make_shop: Any, settings: Any) -> None:
    make_shop(1)
    credit = {"creditText": "Lindow & Hale", "creator": {"@type": "Organization", "name": "L"}}
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "IMAGE_CREDIT": credit}
    (found,) = objects(page(browser()))
    assert {key: found[key] for key in credit} == credit
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "JSON_LD": False}
    assert "ld+json" not in page(browser())


@pytest.mark.parametrize(
    ("kind", "trained", "graded"), [("all", 1, 1), ("trained", 1, 0), ("none", 0, 0)]
)
def test_which_variants_carry_words_is_a_setting(
    browser: Any, make_shop: Any, settings: Any, kind: str, trained: int, graded: int
) -> None:
    from shop_style.models import StyleVariant

    shop = make_shop(2)
    StyleVariant.objects.filter(object_id=str(shop.chairs[1].pk)).update(
        digital_source_type=IPTC + "algorithmicallyEnhanced"
    )
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "DISCLOSURE": kind}
    html = page(browser())
    assert html.count("AI-styled picture") == trained
    assert html.count("Colour-graded picture") == graded
    assert len(objects(html)) == 2  # what search engines read stays


def test_the_words_are_a_template_of_their_own(
    browser: Any, make_shop: Any, settings: Any, tmp_path: Any
) -> None:
    make_shop(1)
    (tmp_path / "shop_style").mkdir()
    (tmp_path / "shop_style" / "disclosure.html").write_text(
        "<b>Made by {{ picture.style_name }}</b>"
    )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}]
    assert "<b>Made by Warm</b>" in page(browser())
