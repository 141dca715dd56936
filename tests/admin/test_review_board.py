"""The board: what it shows and in which order, and decisions that are posted, refused, undone."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shop_style.admin import review_board
from shop_style.models import AuditEntry, Status, StyleVariant
from shop_style.models.variant import Review

pytestmark = pytest.mark.django_db

BOARD = "/admin/shop_style/reviewboard/"
APPROVE = "shop_style.approve_stylevariant"
PUBLISH = "shop_style.publish_stylevariant"
JSON: Any = {"HTTP_ACCEPT": "application/json"}
FAILED_GATE: dict[str, Any] = {
    "passed": False,
    "reasons": [{"code": "colour", "text": "The product's colour is another."}],
}


def decide(client: Client, variant: StyleVariant, step: str, **values: str) -> Any:
    told = {"step": step, "seen": f"{fresh(variant).review}|{variant.image.name}", **values}
    return client.post(f"{BOARD}{variant.pk}/decide/", told, **JSON)


def fresh(variant: StyleVariant) -> StyleVariant:
    return StyleVariant.objects.get(pk=variant.pk)


def listed(client: Client, query: str = "") -> list[int]:
    return [tile.variant.pk for tile in client.get(BOARD + query).context["tiles"]]


def test_it_asks_as_often_for_thirty_variants_as_for_three(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    client, style = staff(APPROVE, PUBLISH), make_style()
    counts = []
    for number in range(30):
        make_variant(make_photo(number), style)
        if number + 1 in (3, 30):
            client.get(BOARD)  # sessions and content types are warm afterwards
            with CaptureQueriesContext(connection) as queries:
                response = client.get(BOARD)
            assert len(response.context["tiles"]) == number + 1
            counts.append(len(queries))
    assert counts[0] == counts[1] <= 14


def test_filters_and_order(staff: Any, make_style: Any, make_variant: Any, make_photo: Any) -> None:
    client, warm, cold = staff(), make_style(), make_style("cold")
    mug, pot = make_photo(1), make_photo(2)
    good = make_variant(mug, warm, ssim=0.9, acceptance=0.9)
    poor = make_variant(mug, cold, ssim=0.5, acceptance=0.5)
    bad = make_variant(pot, warm, ssim=0.8, acceptance=0.2, **FAILED_GATE)
    done = make_variant(pot, cold, ssim=0.7, review=Review.REJECTED)
    make_variant(pot, cold, recipe_digest="b", status=Status.PENDING)
    make_variant(pot, cold, recipe_digest="c", retired_at=good.created_at)
    assert listed(client) == [poor.pk, good.pk, bad.pk]
    assert listed(client, "?order=worst") == [bad.pk, poor.pk, good.pk]
    assert listed(client, "?order=chance") == [bad.pk, poor.pk, good.pk]
    assert listed(client, "?verdict=failed") == [bad.pk]
    assert listed(client, f"?style={cold.pk}") == [poor.pk]
    assert listed(client, "?review=rejected") == [done.pk]
    assert set(listed(client, "?review=all")) == {good.pk, poor.pk, bad.pk, done.pk}
    assert listed(client, "?q=mug-2") == [bad.pk]
    assert listed(client, f"?picture=demo.ProductImage.image:{mug.pk}") == [poor.pk, good.pk]
    assert listed(client, "?style=999&verdict=nonsense") == [poor.pk, good.pk, bad.pk]
    page = client.get(f"{BOARD}?style={cold.pk}&verdict=failed&order=worst&q=mug")
    assert page.context["filters"].in_words() == "Cold, failed, mug, worst score first"
    assert client.get(BOARD).context["filters"].in_words() == ""
    counts = client.get(BOARD).context["counts"]
    assert counts == {"total": 4, "decided": 1}


def test_a_selection_that_cannot_be_selects_nothing(staff: Any) -> None:
    client = staff()
    told = ("demo.ProductImage:" + "9" * 30, "demo.ProductImage:abc", "auth.User:1", "x", "#1")
    for rows in told:
        assert listed(client, f"?{urlencode({'rows': rows})}") == []


def test_the_host_s_action_opens_it_for_the_rows_that_were_ticked(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any, monkeypatch: Any
) -> None:
    client, style = staff(), make_style()
    photos = [make_photo(number) for number in range(3)]
    variants = [make_variant(photo, style) for photo in photos]
    ticked = [photo.product_id for photo in photos[:2]]
    act = {"action": "review_style_variants", ACTION_CHECKBOX_NAME: ticked, "index": "0"}
    page = client.post("/admin/demo/product/", act, follow=True)
    assert [tile.variant.pk for tile in page.context["tiles"]] == [v.pk for v in variants[:2]]
    assert "selection" in page.content.decode()
    monkeypatch.setattr("shop_style.admin.board_filters._LONGEST", 10)
    page = client.post("/admin/demo/product/", act, follow=True)
    assert len(page.redirect_chain[-1][0]) < 100
    assert [tile.variant.pk for tile in page.context["tiles"]] == [v.pk for v in variants[:2]]
    assert listed(client, "?rows=%23gone") == [] == listed(client, "?rows=demo.Product:x")


def test_who_may_not_look_has_neither_board_nor_action(make_photo: Any) -> None:
    from django.contrib.auth.models import Permission, User

    make_photo(1)
    user = User.objects.create_user("omar", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_product"))
    client = Client()
    client.force_login(user)
    for page in ("", "studio/", "progress/?ids=1", "1/viewer/", "1/decide/"):
        assert client.get(BOARD + page).status_code == 403
    assert BOARD not in client.get("/admin/").content.decode()
    assert "review_style_variants" not in client.get("/admin/demo/product/").content.decode()
    client.logout()
    assert client.get(BOARD).status_code == 302


def test_the_menu_leads_to_it(staff: Any) -> None:
    assert f'href="{BOARD}"' in staff().get("/admin/").content.decode()


def test_who_may_only_look_has_no_buttons_and_is_refused(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    variant = make_variant(make_photo(1), make_style(), review=Review.APPROVED)
    client = staff()
    for page in ("", "?review=all", f"{variant.pk}/viewer/"):
        html = client.get(BOARD + page).content.decode()
        assert 'name="step"' not in html
    for step in ("approve", "reject", "publish", "withdraw", "undo"):
        assert decide(client, variant, step).status_code == 403
    approver = staff(APPROVE, username="ada")
    assert decide(approver, variant, "publish").status_code == 403
    assert decide(approver, variant, "nonsense").status_code == 404
    assert approver.get(f"{BOARD}{variant.pk}/decide/").status_code == 405
    assert not AuditEntry.objects.exists() and fresh(variant).review == Review.APPROVED


def test_a_decision_needs_a_token(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    variant = make_variant(make_photo(1), make_style())
    client = staff(APPROVE)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert decide(strict, variant, "approve").status_code == 403
    assert fresh(variant).review == Review.UNREVIEWED


def test_decisions_are_those_of_the_variant_s_page(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    client = staff(APPROVE, PUBLISH)
    photo, style = make_photo(1), make_style()
    good = make_variant(photo, style)
    bad = make_variant(photo, style, recipe_digest="b", **FAILED_GATE)
    told = decide(client, good, "approve").json()
    assert told["ok"] and 'data-review="approved"' in told["tile"]
    refused = decide(client, bad, "approve")
    assert refused.status_code == 409 and "colour is another" in refused.json()["said"]
    assert decide(client, bad, "approve", reason="the client loves red").json()["ok"]
    assert decide(client, good, "publish").json()["ok"] and fresh(good).is_published
    entries = AuditEntry.objects.order_by("pk").values_list("actor", "verb", "reason")
    assert list(entries) == [
        ("mira", "approved", ""),
        ("mira", "approved", "the client loves red"),
        ("mira", "published", ""),
    ]


def test_nobody_decides_over_what_they_have_not_seen(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    variant = make_variant(make_photo(1), make_style())
    decide(staff(APPROVE, username="omar"), variant, "reject")
    late = {"seen": f"unreviewed|{variant.image.name}"}
    refused = decide(staff(APPROVE), variant, "approve", **late)
    assert refused.status_code == 409
    assert refused.json()["said"].startswith("omar made it “rejected” since")
    assert 'data-review="rejected"' in refused.json()["tile"]
    assert fresh(variant).review == Review.REJECTED


def test_what_takes_something_from_shoppers_asks_once(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any, published: Any
) -> None:
    photo, style = make_photo(1), make_style()
    shown = make_variant(photo, style, **published)
    newer = make_variant(photo, style, recipe_digest="b", review=Review.APPROVED)
    client = staff(APPROVE, PUBLISH)
    for variant, step, said in (
        (shown, "reject", "1 picture leaves the shop at once"),
        (shown, "withdraw", "1 picture leaves the shop at once"),
        (newer, "publish", "1 older variant of the same picture and style is retired"),
    ):
        asked = decide(client, variant, step)
        assert asked.status_code == 409 and said in asked.json()["said"]
        assert asked.json()["asks"] == f"Yes, {step} 1"
        form = client.post(
            f"{BOARD}{variant.pk}/decide/", {"step": step, "then": f"{BOARD}?review=all"}
        )
        assert said in form.content.decode()
        assert dict(form.context["confirmation"].fields)["then"] == f"{BOARD}?review=all"
    assert fresh(shown).is_published and not AuditEntry.objects.exists()
    assert decide(client, newer, "publish", confirmed="1").json()["ok"]
    assert fresh(shown).retired_at and fresh(newer).is_published
    assert decide(staff(APPROVE, username="omar"), newer, "withdraw").status_code == 403


def test_a_refusal_is_said_in_the_reader_s_language(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    variant = make_variant(make_photo(1), make_style())
    client = staff(APPROVE, PUBLISH)
    client.cookies["django_language"] = "zh-hans"
    refused = decide(client, variant, "publish").json()["said"]
    assert "was not published" not in refused and "approve it first" not in refused


def test_undo_is_what_the_service_says(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any, published: Any
) -> None:
    variant = make_variant(make_photo(1), make_style(), **published, reviewed_by="omar")
    before = fresh(variant)
    client = staff(APPROVE)
    decide(client, variant, "reject", reason="too red", confirmed="1")
    told = decide(client, variant, "undo").json()
    assert told["ok"] and "somebody who may publish" in told["left"]
    assert (fresh(variant).review, fresh(variant).published_at) == (Review.APPROVED, None)
    StyleVariant.objects.update(published_at=before.published_at)
    both = staff(APPROVE, PUBLISH, username="ada")
    decide(both, variant, "reject", confirmed="1")
    assert decide(client, variant, "undo").status_code == 409  # it is ada's
    assert decide(both, variant, "undo").json() | {"tile": ""} == {
        "ok": True,
        "said": "The rejection was undone.",
        "left": "",
        "tile": "",
    }
    assert fresh(variant).published_at == before.published_at
    assert fresh(variant).reviewed_by == "omar"


def test_without_a_script_forms_go_on_to_the_next_and_offer_to_undo(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    client, style = staff(APPROVE), make_style()
    first, second = (make_variant(make_photo(number), style) for number in (1, 2))
    page = client.get(f"{BOARD}?order=oldest&at={first.pk}")
    assert page.context["original"].pk == first.pk
    step = {"step": "approve", "seen": page.context["seen"], "then": page.context["then"]}
    page = client.post(f"{BOARD}{first.pk}/decide/", step, follow=True)
    assert page.redirect_chain[-1][0] == f"{BOARD}?order=oldest&at={second.pk}&last={first.pk}"
    assert page.context["original"].pk == second.pk
    assert page.content.decode().count('aria-current="true"') == 1
    assert page.context["counts"] == {"total": 2, "decided": 1}
    undo = {"step": "undo", "then": page.context["undo_then"]}
    page = client.post(page.context["undo_url"], undo, follow=True)
    assert page.context["original"].pk == first.pk
    assert fresh(first).review == Review.UNREVIEWED
    away = client.post(f"{BOARD}{first.pk}/decide/", {**step, "then": "https://evil.example/"})
    assert away["location"].startswith(BOARD)


def test_two_hundred_to_a_page(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any, monkeypatch: Any
) -> None:
    assert review_board.PER_PAGE == 200
    monkeypatch.setattr(review_board, "PER_PAGE", 2)
    client, photo, style = staff(), make_photo(1), make_style()
    rows = [make_variant(photo, style, recipe_digest=str(number)) for number in range(3)]
    page = client.get(f"{BOARD}?order=oldest")
    assert page.context["next_page"] == f"{BOARD}?order=oldest&page=2"
    assert listed(client, "?order=oldest&page=2") == [rows[2].pk]
    assert page.context["counts"]["total"] == 3
