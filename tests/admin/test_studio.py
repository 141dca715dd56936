"""A picture's studio: its board, asking for one more, and how far that is."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop_style.models import Status, StyleVariant
from shop_style.models.style import Region

pytestmark = pytest.mark.django_db

STUDIO = "/admin/shop_style/reviewboard/studio/"
PROGRESS = "/admin/shop_style/reviewboard/progress/"
GENERATE = "shop_style.generate_stylevariant"
APPROVE = "shop_style.approve_stylevariant"
JSON: Any = {"HTTP_ACCEPT": "application/json"}


def address(photo: Any) -> str:
    return f"{STUDIO}?picture=demo.ProductImage.image:{photo.pk}"


def test_the_board_holds_every_live_variant_of_the_picture_and_no_other(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    photo, other, style = make_photo(1), make_photo(2), make_style()
    failing = {"passed": False, "reasons": [{"code": "colour", "text": "Red.", "value": 13.4}]}
    passed = make_variant(photo, style, acceptance=0.78)
    failed = make_variant(
        photo, style, recipe_digest="b", **failing, overrides={"region": "product"}
    )
    waits = make_variant(photo, style, recipe_digest="c", status=Status.RUNNING, progress=0.6)
    make_variant(other, style)
    make_variant(photo, style, recipe_digest="d", retired_at=passed.created_at)
    page = staff(APPROVE).get(address(photo))
    tiles = {tile.variant.pk: tile for tile in page.context["tiles"]}
    assert set(tiles) == {passed.pk, failed.pk, waits.pk}
    assert (tiles[passed.pk].score, tiles[passed.pk].chance) == (
        "Structure 0.870, Colour 7.2 ΔE",
        "78 %",
    )
    assert tiles[failed.pk].score == "Colour 13.4 ΔE"
    assert tiles[failed.pk].recipe == str(Region.PRODUCT.label)
    assert (tiles[waits.pk].waits, tiles[waits.pk].share) == (True, 60)
    html = page.content.decode()
    assert photo.image.url in html and html.count("data-waits") == 1
    assert " style=" not in html.split('class="ss-board"')[1]


@pytest.mark.parametrize("query", ["", "?picture=demo.ProductImage.image:99", "?picture=x"])
def test_a_picture_that_is_gone_has_no_studio(staff: Any, query: str) -> None:
    assert staff().get(STUDIO + query).status_code == 404


def test_a_style_is_asked_for_with_a_strength_and_region_of_its_own(
    staff: Any, make_style: Any, make_photo: Any, django_capture_on_commit_callbacks: Any
) -> None:
    photo, style, client = make_photo(1), make_style(), staff(GENERATE)
    ask = {"style": style.pk, "how": "chosen", "strength": "0.4", "region": "product"}
    answer = client.post(address(photo), ask, follow=True)
    assert answer.redirect_chain[-1][0] == address(photo).replace(":", "%3A")
    row = StyleVariant.objects.get()
    assert row.overrides == {"strength": 0.4, "region": "product"}
    assert row.status == Status.PENDING
    told = client.post(address(photo), {"style": style.pk, "how": "auto"}, **JSON).json()
    newer = StyleVariant.objects.latest("pk")
    assert newer.overrides == {"strength": None} and told["ok"]
    assert list(told["tiles"]) == [str(newer.pk)] and "data-waits" in told["tiles"][str(newer.pk)]
    assert "already" in client.post(address(photo), ask, **JSON).json()["said"]
    StyleVariant.objects.update(status=Status.READY)
    client.post(address(photo), {**ask, "again": "on"})
    assert StyleVariant.objects.count() == 3


def test_what_cannot_be_asked_for_says_why(staff: Any, make_style: Any, make_photo: Any) -> None:
    photo, style, client = make_photo(1), make_style(), staff(GENERATE)
    wrong = {"style": style.pk, "how": "chosen", "strength": "1.5"}
    answer = client.post(address(photo), wrong, **JSON)
    assert answer.status_code == 409 and "less than or equal to 1" in answer.json()["said"]
    assert client.post(address(photo), wrong).context["request_form"].errors
    photo.image.storage.delete(photo.image.name)
    answer = client.post(address(photo), {"style": style.pk, "how": ""}, **JSON)
    assert answer.status_code == 409 and "upload it again" in answer.json()["said"]
    assert not StyleVariant.objects.exists()


def test_who_may_not_ask_has_no_form_and_is_refused(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    photo, style = make_photo(1), make_style()
    client = staff()
    make_variant(photo, style)
    page = client.get(address(photo))
    assert page.status_code == 200 and "data-request" not in page.content.decode()
    assert page.context["otherwise_link"] == ""
    assert client.post(address(photo), {"style": style.pk}).status_code == 403
    assert StyleVariant.objects.count() == 1
    asker = staff(GENERATE, username="ada")
    otherwise = asker.get(address(photo)).context["otherwise_link"]
    form = asker.get(otherwise).content.decode()
    assert f'<option value="{style.pk}" selected>' in form and 'id="ss-ask" open' in form


def test_progress_is_one_answer_for_all_in_as_many_queries_for_thirty_as_for_three(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    photo, style, client = make_photo(1), make_style(), staff()
    running = {"status": Status.RUNNING, "stage": "stylise", "progress": 0.5}
    rows = [make_variant(photo, style, recipe_digest=str(n), **running) for n in range(30)]
    counts = []
    for number in (3, 30):
        keys = [row.pk for row in rows[:number]]
        with CaptureQueriesContext(connection) as queries:
            told = client.get(PROGRESS, {"ids": ",".join(map(str, keys))}).json()
        assert told["waiting"] == len(told["tiles"]) == number
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6
    StyleVariant.objects.filter(pk=rows[0].pk).update(status=Status.READY)
    told = client.get(PROGRESS, {"ids": f"{rows[0].pk},{rows[1].pk}"}).json()
    assert told["waiting"] == 1 and told["said"] == "1 of 2 is rendered."
    assert "data-viewer" in told["tiles"][str(rows[0].pk)]
    assert 'value="50"' in told["tiles"][str(rows[1].pk)]
    for wrong in ("", "1;drop", "9" * 30, ",".join(map(str, range(201)))):
        assert client.get(PROGRESS, {"ids": wrong}).status_code == 400


def test_a_studio_asks_as_often_for_thirty_variants_as_for_three(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    photo, style, client = make_photo(1), make_style(), staff(GENERATE, APPROVE)
    counts = []
    for number in range(30):
        make_variant(photo, style, recipe_digest=str(number))
        if number + 1 in (3, 30):
            client.get(address(photo))  # sessions and content types are warm afterwards
            with CaptureQueriesContext(connection) as queries:
                page = client.get(address(photo))
            assert len(page.context["tiles"]) == number + 1
            counts.append(len(queries))
    assert counts[0] == counts[1] <= 16


def test_the_host_s_page_the_variant_s_page_and_the_list_lead_there(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    photo = make_photo(1)
    variant = make_variant(photo, make_style())
    client = staff()
    told = address(photo).replace(":", "%3A")
    pages = (
        f"/admin/demo/product/{photo.product_id}/change/",
        f"/admin/shop_style/stylevariant/{variant.pk}/change/",
        "/admin/shop_style/stylevariant/",
    )
    for page in pages:
        assert told in client.get(page).content.decode(), page
    assert 'href="/admin/shop_style/reviewboard/"' in client.get(pages[2]).content.decode()
