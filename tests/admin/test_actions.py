"""Asking for variants from a host's own list, and the panel on a host's own page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core import checks
from django.core.files.base import ContentFile
from django.test import Client

from shop_style.admin import generate_style_variants
from shop_style.demo.models import Product, ProductImage
from shop_style.models import StyleVariant
from tests.shop.models import Lamp, Shot

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.admin.urls")]

LAMPS = "/backoffice/shop/lamp/"
GENERATE = "shop_style.generate_stylevariant"
ACTION = "generate_style_variants"


@pytest.fixture
def make_lamp(picture: Callable[..., bytes]) -> Callable[..., Lamp]:
    def make(*colours: str) -> Lamp:
        lamp = Lamp.objects.create()
        for colour in colours:
            Shot.objects.create(
                lamp=lamp, picture=ContentFile(picture(colour=colour), name="shot.jpg")
            )
        return lamp

    return make


def post(client: Client, address: str, rows: list[Any], **values: Any) -> Any:
    selected = [row.pk for row in rows]
    return client.post(
        address, {"action": ACTION, ACTION_CHECKBOX_NAME: selected, **values}, follow=True
    )


def messages_of(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def test_the_page_counts_pictures_rows_without_and_what_each_style_would_make(
    staff: Any, make_lamp: Any, make_style: Any
) -> None:
    warm, cold = make_style("warm"), make_style("cold", strength=None)
    lamps = [make_lamp("red", "blue"), make_lamp("green"), make_lamp()]
    client = staff(GENERATE)
    post(client, LAMPS, lamps[1:2], styles=[warm.pk], confirm="1")
    page = post(client, LAMPS, lamps, styles=[cold.pk]).content.decode()
    assert "<strong>3</strong> pictures were found" in page
    assert "<strong>1</strong> row has none" in page
    cells = re.findall(r'<td class="ss-number">(\d+)</td>', page)
    # By name: cold has none and would make three, warm has one; the total is of the ticked one.
    assert cells == ["0", "3", "1", "2", "0", "3"]
    assert f'value="{cold.pk}" checked' in page
    assert f'value="{warm.pk}">' in page
    assert "automatic" in page
    assert page.count("/shop_style/references/") == 2
    assert "One worker will need about" in page
    assert StyleVariant.objects.count() == 1


def test_confirming_asks_once_however_often_it_is_posted(
    staff: Any, make_lamp: Any, make_style: Any
) -> None:
    style = make_style()
    lamps = [make_lamp("red"), make_lamp("green", "blue")]
    client = staff(GENERATE)
    first = post(client, LAMPS, lamps, styles=[style.pk], confirm="1")
    assert first.redirect_chain[0][0] == LAMPS
    assert "3 requested" in messages_of(first)
    again = post(client, LAMPS, lamps, styles=[style.pk], confirm="1")
    assert "0 requested, 3 already there" in messages_of(again)
    assert StyleVariant.objects.count() == 3


def test_the_message_leads_to_the_variants_of_the_chosen_styles(
    staff: Any, make_style: Any, picture: Any
) -> None:
    product = Product.objects.create(name="Mug", slug="mug")
    ProductImage.objects.create(product=product, image=ContentFile(picture(), name="mug.jpg"))
    styles = [make_style("warm"), make_style("cold")]
    client = staff(GENERATE)
    response = post(
        client, "/admin/demo/product/", [product], styles=[s.pk for s in styles], confirm="1"
    )
    link = re.search(r'href="([^"]+)"', messages_of(response))
    assert link
    make_style("other")
    listed = client.get(link[1])
    assert listed.context["cl"].result_count == 2
    one = client.get(f"/admin/shop_style/stylevariant/?style__id__in={styles[0].pk}")
    assert one.context["cl"].result_count == 1


def test_a_selection_across_pages_is_taken_whole(
    staff: Any, make_lamp: Any, make_style: Any
) -> None:
    style = make_style()
    lamps = [make_lamp("red"), make_lamp("green"), make_lamp("blue")]
    client = staff(GENERATE)
    page = post(client, LAMPS, lamps[:1], select_across="1", index="0").content.decode()
    assert "<strong>3</strong> pictures were found" in page
    # What the page itself posts back: one key, and the word that it stands for all.
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)"', page)
    sent = {name: value for name, value in fields if name != "csrfmiddlewaretoken"}
    assert [name for name, _ in fields].count(ACTION_CHECKBOX_NAME) == 1
    client.post(LAMPS, {**sent, "styles": [style.pk], "confirm": "1"})
    assert StyleVariant.objects.count() == 3


def test_refused_pictures_are_named_with_their_reason(
    staff: Any, make_lamp: Any, make_style: Any
) -> None:
    style = make_style()
    lamp = make_lamp("red", "blue")
    shot = lamp.shots.first()
    shot.picture.storage.delete(shot.picture.name)
    response = post(staff(GENERATE), LAMPS, [lamp], styles=[style.pk], confirm="1")
    said = messages_of(response)
    assert "1 requested" in said
    assert shot.picture.name in said
    assert "source_file_missing" in said


def test_without_the_permission_the_action_is_neither_shown_nor_done(
    staff: Any, make_lamp: Any, make_style: Any
) -> None:
    style = make_style()
    lamp = make_lamp("red")
    client = staff()
    assert ACTION not in client.get(LAMPS).content.decode()
    post(client, LAMPS, [lamp], styles=[style.pk], confirm="1")
    assert not StyleVariant.objects.exists()
    assert ACTION in staff(GENERATE, username="omar").get(LAMPS).content.decode()


def test_no_style_chosen_and_no_picture_found_are_said(staff: Any, make_lamp: Any) -> None:
    client = staff(GENERATE)
    none_ticked = post(client, LAMPS, [make_lamp("red")], confirm="1")
    assert "Choose at least one style" in messages_of(none_ticked)
    assert "There is no style yet" in none_ticked.content.decode()
    assert "No picture to style" in messages_of(post(client, LAMPS, [make_lamp()]))


def test_any_model_admin_takes_the_function_by_the_checks() -> None:
    admin.site.add_action(generate_style_variants)
    try:
        found = [item for item in checks.run_checks() if str(item.id).startswith("admin.")]
    finally:
        admin.site.disable_action(ACTION)
        del admin.site._global_actions[ACTION]
    assert found == []


def test_the_mixin_adds_to_the_hosts_own_actions_fields_and_media(
    staff: Any, make_chair: Any, make_style: Any, make_variant: Any
) -> None:
    chair = make_chair()
    variant = make_variant(chair, make_style())
    client = staff(GENERATE, "shop.change_chair")
    listed = client.get("/backoffice/shop/chair/").content.decode()
    assert 'value="rename"' in listed
    assert f'value="{ACTION}"' in listed
    page = client.get(f"/backoffice/shop/chair/{chair.pk}/change/").content.decode()
    assert variant.renditions[1]["name"] in page
    assert page.count("field-style_variants_panel") == 1
    assert "shop_style/admin.css" in page
    assert 'name="name"' in page


def test_the_panel_is_not_on_the_page_that_adds_a_row(staff: Any) -> None:
    client = staff("shop.add_chair")
    page = client.get("/backoffice/shop/chair/add/").content.decode()
    assert "style_variants_panel" not in page


def test_a_site_without_our_models_still_asks(staff: Any, make_lamp: Any, make_style: Any) -> None:
    response = post(
        staff(GENERATE), LAMPS, [make_lamp("red")], styles=[make_style().pk], confirm="1"
    )
    assert "href" not in messages_of(response)
