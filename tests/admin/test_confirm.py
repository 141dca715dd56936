"""What takes something from shoppers, or for good, asks once and says in numbers what happens."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.utils import timezone

from shop_style.generation.review_plan import plan_step
from shop_style.models import AuditEntry, Status, StyleVariant
from shop_style.models.variant import Review

pytestmark = pytest.mark.django_db

LIST = "/admin/shop_style/stylevariant/"
APPROVE = "shop_style.approve_stylevariant"
PUBLISH = "shop_style.publish_stylevariant"
GENERATE = "shop_style.generate_stylevariant"


def ask(client: Any, action: str, *variants: StyleVariant, **values: Any) -> Any:
    body = {"action": action, ACTION_CHECKBOX_NAME: [row.pk for row in variants], "index": "0"}
    return client.post(LIST, {**body, **values})


def hidden(page: str) -> dict[str, list[str]]:
    """What the page that asks posts again, as its form holds it."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page):
        found.setdefault(name, []).append(value)
    return found


def say_yes(client: Any, asked: Any, address: str = LIST, **values: str) -> Any:
    fields = {**hidden(asked.content.decode()), "confirmed": "yes", **values}
    return client.post(address, fields, follow=True)


def said(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


@pytest.fixture
def shelf(make_style: Any, make_variant: Any, make_photo: Any, published: Any) -> Any:
    """Three products with a published variant each."""
    style = make_style()
    return [make_variant(make_photo(number), style, **published) for number in range(3)]


def test_a_withdrawal_asks_with_numbers_and_keeps_the_reason(staff: Any, shelf: Any) -> None:
    shelf[2].published_at = None
    shelf[2].save()
    client = staff(PUBLISH)
    asked = ask(client, "withdraw_selected", *shelf, reason="too yellow")
    page = asked.content.decode()
    assert "Withdraw 2 variants?" in page and "2 pictures leave the shop at once" in page
    assert "1: not published" in page and 'value="too yellow"' in page
    assert "They stay approved" in page
    assert StyleVariant.objects.published().count() == 2
    done = say_yes(client, asked, reason="too yellow")
    assert "2 variants were withdrawn." in said(done)
    assert StyleVariant.objects.published().count() == 0
    assert AuditEntry.objects.filter(verb="withdrawn", reason="too yellow").count() == 2


def test_rejecting_asks_only_where_it_takes_something_from_shoppers(
    staff: Any, shelf: Any, make_variant: Any, make_photo: Any
) -> None:
    client = staff(APPROVE)
    fresh = make_variant(make_photo(9), shelf[0].style)
    assert ask(client, "reject_selected", fresh).status_code == 302
    fresh.refresh_from_db()
    assert fresh.review == Review.REJECTED
    other = make_variant(make_photo(10), shelf[0].style)
    asked = ask(client, "reject_selected", shelf[0], other)
    page = asked.content.decode()
    assert "Reject 2 variants?" in page and "1 picture leaves the shop at once" in page
    say_yes(client, asked)
    assert StyleVariant.objects.published().count() == 2


def test_publishing_says_how_many_older_ones_are_retired(
    staff: Any, shelf: Any, make_variant: Any, make_photo: Any
) -> None:
    style = shelf[0].style
    newer = [
        make_variant(row.host_object(), style, recipe_digest=f"new {row.pk}", review="approved")
        for row in shelf[:2]
    ]
    twin = make_variant(
        shelf[0].host_object(), style, recipe_digest="newest", review=Review.APPROVED
    )
    alone = make_variant(make_photo(8), style, review=Review.APPROVED)
    client = staff(PUBLISH)
    asked = ask(client, "publish_selected", *newer, twin, alone)
    page = asked.content.decode()
    assert "4 variants of products (3) are published" in page
    assert "3 older variants of the same pictures and styles are retired." in page
    before = StyleVariant.objects.live().count()
    say_yes(client, asked)
    assert StyleVariant.objects.live().count() == before - 3
    assert StyleVariant.objects.published().count() == 4


def test_one_new_picture_is_published_without_a_question(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    variant = make_variant(make_photo(1), make_style(), review=Review.APPROVED)
    ask(staff(PUBLISH), "publish_selected", variant)
    variant.refresh_from_db()
    assert variant.is_published


def test_buttons_of_a_variants_page_ask_like_the_list(staff: Any, shelf: Any) -> None:
    client = staff(APPROVE, PUBLISH)
    address = f"{LIST}{shelf[0].pk}/review/"
    for step, title in (("withdraw", "Withdraw 1 variant?"), ("reject", "Reject 1 variant?")):
        asked = client.post(address, {"step": step, "reason": "faded"})
        assert title in asked.content.decode()
        assert hidden(asked.content.decode())["step"] == [step]
        assert f"{LIST}{shelf[0].pk}/change/" in asked.content.decode()
    assert StyleVariant.objects.published().count() == 3
    done = say_yes(client, asked, address, reason="faded")
    assert "1 variant was rejected." in said(done)
    assert StyleVariant.objects.published().count() == 2


def test_trying_again_asks_and_counts_what_is_skipped(staff: Any, shelf: Any) -> None:
    StyleVariant.objects.filter(pk__in=[row.pk for row in shelf[:2]]).update(
        status=Status.FAILED, error_code="undecodable", published_at=None
    )
    client = staff(GENERATE)
    asked = ask(client, "requeue", *shelf)
    page = asked.content.decode()
    assert "2 variants that failed are put into the queue again" in page
    assert "1: not failed, or retired" in page
    assert not StyleVariant.objects.filter(status=Status.PENDING).exists()
    assert "2 variants wait again." in said(say_yes(client, asked))
    again = ask(client, "requeue", *shelf, confirmed="1", follow=True)
    assert again.status_code == 302


def test_a_selection_across_pages_is_asked_for_by_one_key(staff: Any, shelf: Any) -> None:
    client = staff(PUBLISH)
    asked = ask(client, "withdraw_selected", *shelf, select_across="1")
    fields = hidden(asked.content.decode())
    assert (len(fields[ACTION_CHECKBOX_NAME]), fields["select_across"]) == (1, ["1"])
    say_yes(client, asked)
    assert StyleVariant.objects.published().count() == 0


def test_a_filtered_selection_across_pages_stays_filtered(
    staff: Any, shelf: Any, make_style: Any, make_variant: Any, make_photo: Any, published: Any
) -> None:
    other = make_variant(make_photo(20), make_style("cold"), **published)
    client = staff(PUBLISH)
    address = f"{LIST}?style__id__exact={other.style_id}"
    body = {"action": "withdraw_selected", ACTION_CHECKBOX_NAME: [other.pk], "index": "0"}
    asked = client.post(address, {**body, "select_across": "1"})
    assert "Withdraw 1 variant?" in asked.content.decode()
    say_yes(client, asked, address)
    assert StyleVariant.objects.published().count() == 3


def test_the_numbers_are_what_the_step_then_does(shelf: Any) -> None:
    now = timezone.now()
    StyleVariant.objects.filter(pk=shelf[0].pk).update(retired_at=now)
    StyleVariant.objects.filter(pk=shelf[1].pk).update(
        review=Review.UNREVIEWED, published_at=None, passed=False
    )
    rows = list(StyleVariant.objects.order_by("pk"))
    plan = plan_step("approve", rows)
    assert (plan.ready, plan.total) == (0, 3)
    assert {number for _why, number in plan.skipped} == {1}
    plan = plan_step("approve", rows, reason="the label is right all the same")
    assert (plan.ready, plan.failed_gate, plan.products) == (1, 1, 1)
    assert plan_step("withdraw", rows).leave_shop == 1
    assert plan_step("publish", rows).ready == 0


def test_deleting_variants_says_how_many_files_go(staff: Any, shelf: Any) -> None:
    StyleVariant.objects.update(retired_at=timezone.now())
    client = staff("shop_style.delete_stylevariant")
    files = len(shelf[0].file_names())
    one = client.get(f"{LIST}{shelf[0].pk}/delete/").content.decode()
    assert f"{files} files are removed from storage." in one
    asked = ask(client, "delete_selected", *shelf)
    assert f"{3 * files} files are removed from storage." in asked.content.decode()
    assert StyleVariant.objects.count() == 3
    ask(client, "delete_selected", *shelf, post="yes")
    assert StyleVariant.objects.count() == 0


def test_deleting_a_guide_says_how_many_variants_are_made_anew(
    staff: Any, make_photo: Any, make_style: Any, make_variant: Any
) -> None:
    from shop_style.generation.guides import save_guide
    from shop_style.models import PictureGuide
    from shop_style.sources import source_image

    photo = make_photo(1)
    for slug, text_lock in (("warm", True), ("cold", True), ("plain", False)):
        make_variant(photo, make_style(slug, text_lock=text_lock))
    save_guide(source_image(photo), boxes=[[0.1, 0.1, 0.4, 0.4]], actor="ada")
    StyleVariant.objects.exclude(revision=0).delete()
    client, guide = staff(GENERATE), PictureGuide.objects.get()
    page = client.get(f"/admin/shop_style/pictureguide/{guide.pk}/delete/").content.decode()
    assert "2 variants are made anew without it" in page
    assert "mask" not in re.findall(r'<ul class="ss-deleted">(.*?)</ul>', page)[0]
