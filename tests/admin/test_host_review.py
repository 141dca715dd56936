"""Bulk review from a host's own list and form, after a page that says what will happen."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop_style.models import AuditEntry, Status, StyleVariant
from shop_style.models.variant import Review
from tests.admin.test_confirm import hidden, said

pytestmark = pytest.mark.django_db

LIST = "/admin/demo/product/"
CHANGE = "demo.change_product"
APPROVE = "shop_style.approve_stylevariant"
PUBLISH = "shop_style.publish_stylevariant"
GENERATE = "shop_style.generate_stylevariant"
STEPS = ("generate", "approve", "publish", "withdraw")


def ask(client: Any, action: str, *photos: Any) -> Any:
    keys = [photo.product_id for photo in photos]
    return client.post(LIST, {"action": action, ACTION_CHECKBOX_NAME: keys, "index": "0"})


def say_yes(client: Any, asked: Any, address: str = LIST, **values: str) -> Any:
    fields = {**hidden(asked.content.decode()), "confirmed": "yes", **values}
    return client.post(address, fields, follow=True)


@pytest.fixture
def photos(make_photo: Any, make_style: Any, make_variant: Any) -> Any:
    """Three products: passed, failed, not rendered yet, rejected variants among them."""
    found = [make_photo(number) for number in range(3)]
    warm, cold = make_style("warm"), make_style("cold")
    for photo in found:
        make_variant(photo, warm, passed=True)
    make_variant(found[0], cold, passed=False, reasons=[{"code": "colour", "text": "too red"}])
    make_variant(found[1], cold, status=Status.PENDING, passed=None)
    make_variant(found[2], cold, review=Review.REJECTED)
    return found


def test_approving_says_what_is_ready_failed_and_skipped(staff: Any, photos: Any) -> None:
    client = staff(APPROVE, CHANGE)
    asked = ask(client, "approve_style_variants", *photos)
    page = asked.content.decode()
    assert "Approve 3 variants?" in page and "3 variants of products (3) are approved." in page
    assert "1: failed the gate; a reason is needed" in page
    assert "1: waiting to be rendered" in page
    assert "1: rejected before; decide on its own page" in page
    assert "With a reason, 1 that failed its gate is approved as well" in page
    assert list(asked.context["confirmation"].table.rows) == [("Cold", 0, 2), ("Warm", 3, 0)]
    assert "publish_at_once" not in page
    assert not StyleVariant.objects.filter(review=Review.APPROVED).exists()
    done = say_yes(client, asked)
    assert "3 variants were approved." in said(done)
    assert StyleVariant.objects.filter(review=Review.APPROVED).count() == 3
    assert StyleVariant.objects.filter(review=Review.REJECTED).count() == 1


def test_a_reason_approves_what_failed_and_a_tick_publishes_at_once(
    staff: Any, photos: Any
) -> None:
    client = staff(APPROVE, PUBLISH, CHANGE)
    asked = ask(client, "approve_style_variants", *photos[:2])
    assert "publish_at_once" in asked.content.decode()
    done = say_yes(client, asked, reason="the red is the lamp's", publish_at_once="1")
    assert "3 variants were approved." in said(done) and "3 variants were published." in said(done)
    assert StyleVariant.objects.published().count() == 3
    reasons = AuditEntry.objects.filter(verb="approved").values_list("reason", flat=True)
    assert set(reasons) == {"the red is the lamp's"}


def test_a_tick_publishes_only_what_is_approved_with_it(staff: Any, photos: Any) -> None:
    withdrawn = StyleVariant.objects.filter(style__slug="warm").earliest("pk")
    StyleVariant.objects.filter(pk=withdrawn.pk).update(review=Review.APPROVED)
    client = staff(APPROVE, PUBLISH, CHANGE)
    asked = ask(client, "approve_style_variants", *photos)
    say_yes(client, asked, publish_at_once="1")
    assert StyleVariant.objects.published().count() == 2
    assert not StyleVariant.objects.get(pk=withdrawn.pk).published_at


def test_the_tick_says_how_many_older_ones_would_leave(
    staff: Any, photos: Any, make_variant: Any
) -> None:
    style = StyleVariant.objects.filter(style__slug="warm").earliest("pk").style
    older = {"recipe_digest": "f" * 64, "review": Review.APPROVED, "published_at": timezone.now()}
    make_variant(photos[0], style, **older)
    client = staff(APPROVE, PUBLISH, CHANGE)
    page = ask(client, "approve_style_variants", *photos).content.decode()
    assert "Publish them at once, too; 1 older variant is replaced, for good" in page


def test_what_is_rendered_while_the_page_asks_is_not_decided(
    staff: Any, photos: Any, make_style: Any, make_variant: Any
) -> None:
    client = staff(APPROVE, CHANGE)
    asked = ask(client, "approve_style_variants", *photos)
    late = make_variant(photos[0], make_style("late"), passed=True)
    assert "3 variants were approved." in said(say_yes(client, asked))
    assert StyleVariant.objects.get(pk=late.pk).review == Review.UNREVIEWED


def test_a_tick_publishes_nothing_for_those_who_may_not(staff: Any, photos: Any) -> None:
    client = staff(APPROVE, CHANGE)
    asked = ask(client, "approve_style_variants", *photos)
    say_yes(client, asked, publish_at_once="1")
    assert StyleVariant.objects.published().count() == 0


def test_publishing_and_withdrawing_in_bulk(staff: Any, photos: Any) -> None:
    StyleVariant.objects.filter(style__slug="warm").update(review=Review.APPROVED)
    client = staff(PUBLISH, CHANGE)
    asked = ask(client, "publish_style_variants", *photos)
    page = asked.content.decode()
    assert "Publish 3 variants?" in page and "1: not approved; approve it first" in page
    say_yes(client, asked)
    assert StyleVariant.objects.published().count() == 3
    asked = ask(client, "withdraw_style_variants", *photos[:2])
    assert "2 pictures leave the shop at once" in asked.content.decode()
    assert "2 variants were withdrawn." in said(say_yes(client, asked))
    assert StyleVariant.objects.published().count() == 1
    nothing = ask(client, "withdraw_style_variants", photos[0])
    page = nothing.content.decode()
    assert "Nothing to do" in page and 'name="confirmed"' not in page


def test_actions_and_buttons_follow_permissions(staff: Any, photos: Any) -> None:
    page = f"{LIST}{photos[0].product_id}/change/"
    looker = staff(CHANGE)
    offered = looker.get(LIST).content.decode()
    assert not any(f'value="{name}_style_variants"' in offered for name in STEPS)
    assert "/style-variants/" not in looker.get(page).content.decode()
    able = staff(CHANGE, GENERATE, APPROVE, PUBLISH, username="noa")
    listed = able.get(LIST).content.decode()
    for name in STEPS:
        assert f'value="{name}_style_variants"' in listed
        address = f"{LIST}{photos[0].product_id}/style-variants/{name}/"
        assert looker.get(address).status_code == 403
        assert looker.post(address, {"confirmed": "1"}).status_code == 403
        assert able.get(address).status_code == 200
        assert able.get(f"{LIST}999/style-variants/{name}/").status_code == 404
    html = able.get(page).content.decode()
    assert "Generate style variants…" in html and "Approve 2…" in html
    assert "Publish 0…" not in html and "Withdraw" not in html


def test_a_form_leads_to_the_same_pages_for_its_row(
    staff: Any, photos: Any, django_capture_on_commit_callbacks: Any
) -> None:
    client = staff(CHANGE, GENERATE, APPROVE)
    product = photos[1].product_id
    change = f"{LIST}{product}/change/"
    address = f"{LIST}{product}/style-variants/approve/"
    asked = client.get(address)
    assert "Approve 1 variant?" in asked.content.decode() and change in asked.content.decode()
    done = say_yes(client, asked, address)
    assert done.redirect_chain == [(change, 302)]
    assert StyleVariant.objects.filter(review=Review.APPROVED).count() == 1
    address = f"{LIST}{product}/style-variants/generate/"
    page = client.get(address)
    assert [choice.plan.pictures for choice in page.context["choices"]] == [1, 1]
    assert f'class="closelink" href="{change}"' in page.content.decode()
    keys = [choice.style.pk for choice in page.context["choices"]]
    before = StyleVariant.objects.count()
    StyleVariant.objects.filter(style=keys[0], object_id=str(photos[1].pk)).update(
        status=Status.FAILED
    )
    with django_capture_on_commit_callbacks(execute=False):
        done = client.post(address, {"styles": keys, "confirm": "Generate"}, follow=True)
    assert done.redirect_chain == [(change, 302)]
    assert "Style variants:" in said(done)
    assert StyleVariant.objects.count() >= before


def test_the_page_asks_as_often_for_many_products_as_for_few(
    staff: Any, make_photo: Any, make_style: Any, make_variant: Any
) -> None:
    client, style = staff(APPROVE, CHANGE), make_style()
    photos: list[Any] = []
    counts = []
    for number in (3, 30):
        while len(photos) < number:
            photos.append(make_photo(len(photos)))
            make_variant(photos[-1], style)
        ask(client, "approve_style_variants", *photos)
        with CaptureQueriesContext(connection) as queries:
            asked = ask(client, "approve_style_variants", *photos)
        assert f"Approve {number} variants?" in asked.content.decode()
        counts.append(len(queries))
    assert counts[0] == counts[1]
