"""The list where a person decides about many variants."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.files.storage import storages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop_style.demo.models import ProductImage
from shop_style.models import AuditEntry, Status, StyleVariant
from shop_style.models.variant import Review

pytestmark = pytest.mark.django_db

LIST = "/admin/shop_style/stylevariant/"
APPROVE = "shop_style.approve_stylevariant"
PUBLISH = "shop_style.publish_stylevariant"
FAILED_GATE: dict[str, Any] = {
    "passed": False,
    "reasons": [{"code": "colour", "text": "The product's colour is another."}],
}


def act(client: Any, action: str, *variants: StyleVariant, **values: str) -> Any:
    """As confirmed, where it is asked for."""
    keys = [variant.pk for variant in variants]
    body = {"action": action, ACTION_CHECKBOX_NAME: keys, "index": "0", "confirmed": "1"}
    return client.post(LIST, {**body, **values}, follow=True)


def review(client: Any, variant: StyleVariant, step: str, **values: str) -> Any:
    """As confirmed, where it is asked for."""
    body = {"step": step, "confirmed": "1", **values}
    return client.post(f"{LIST}{variant.pk}/review/", body, follow=True)


def said(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def test_the_list_asks_as_often_for_fifty_rows_as_for_five(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    client = staff(APPROVE, PUBLISH)
    style = make_style()
    counts = []
    for number in range(50):
        make_variant(make_photo(number), style)
        if number + 1 in (5, 50):
            client.get(LIST)  # sessions and content types are warm afterwards
            with CaptureQueriesContext(connection) as queries:
                response = client.get(LIST)
            assert response.context["cl"].result_count == number + 1
            assert response.content.decode().count("/variants/small") == number + 1
            counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 12


def test_a_row_shows_both_pictures_scores_verdict_and_the_way_to_its_product(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    photo = make_photo(1)
    variant = make_variant(photo, make_style(), **FAILED_GATE)
    page = staff("demo.change_product").get(LIST).content.decode()
    assert variant.renditions[1]["name"] in page
    assert photo.image.url in page
    assert f"/admin/demo/product/{photo.product_id}/change/" in page
    for text in ("0.870", "0.125", "ST-LPIPS (AlexNet)", "7.2", "1.5", "colour", "failed"):
        assert text in page


def test_progress_and_failures_are_on_the_list(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    photo, style = make_photo(1), make_style()
    common = {"image": "", "renditions": [], "passed": None, "scorecard": None, "ssim": None}
    make_variant(
        photo,
        style,
        recipe_digest="a",
        status=Status.RUNNING,
        stage="stylise",
        progress=0.4,
        **common,
    )
    make_variant(
        photo,
        style,
        recipe_digest="b",
        status=Status.FAILED,
        error_code="undecodable",
        error_detail="mug.jpg: the file is damaged",
        **common,
    )
    page = staff().get(LIST).content.decode()
    assert '<progress max="100" value="40">' in page
    assert "styling" in page
    assert '<code title="mug.jpg: the file is damaged">undecodable</code>' in page


def test_a_storage_without_addresses_does_not_break_the_pages(
    staff: Any,
    make_style: Any,
    make_variant: Any,
    make_photo: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    variant = make_variant(make_photo(1), make_style())

    def refuse(name: str) -> str:
        raise OSError("the bucket is away")

    monkeypatch.setattr(storages["default"], "url", refuse)
    client = staff()
    assert client.get(LIST).status_code == 200
    assert client.get(f"{LIST}{variant.pk}/change/").status_code == 200


def test_lost_files_and_lost_hosts_do_not_break_the_pages(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    photo = make_photo(1)
    variant = make_variant(photo, make_style())
    for name in variant.file_names():
        variant.image.storage.delete(name)
    ProductImage.objects.filter(pk=photo.pk)._raw_delete("default")
    client = staff()
    assert client.get(LIST).status_code == 200
    assert client.get(f"{LIST}{variant.pk}/change/").status_code == 200


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("verdict=passed", {"shown"}),
        ("verdict=failed", {"weak"}),
        ("verdict=unscored", {"waiting"}),
        ("published=yes", {"shown"}),
        ("published=no", {"weak", "waiting"}),
        ("published=retired", {"old"}),
        ("status__exact=pending", {"waiting"}),
        ("review__exact=approved", {"shown", "old"}),
        ("error_code=undecodable", {"waiting"}),
        ("q=weak", {"weak"}),
    ],
)
def test_filters_and_search(
    query: str,
    names: set[str],
    staff: Any,
    make_style: Any,
    make_variant: Any,
    make_photo: Any,
    published: dict[str, Any],
) -> None:
    photo, style = make_photo(1), make_style()
    rows: dict[str, dict[str, Any]] = {
        "shown": published,
        "weak": FAILED_GATE,
        "waiting": {"status": Status.PENDING, "passed": None, "error_code": "undecodable"},
        "old": {**published, "retired_at": timezone.now(), "passed": None, "status": Status.READY},
    }
    if query == "verdict=unscored":
        del rows["old"]
    for name, values in rows.items():
        make_variant(photo, style, source_name=f"{name}.jpg", recipe_digest=name, **values)
    found = staff().get(f"{LIST}?{query}").context["cl"].result_list
    assert {variant.source_name.removesuffix(".jpg") for variant in found} == names


def test_actions_take_the_steps_of_review_and_leave_a_trail(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    variants = [make_variant(make_photo(n), make_style(f"s{n}")) for n in range(2)]
    client = staff(APPROVE, PUBLISH)
    assert "2 variants were approved" in said(act(client, "approve_selected", *variants))
    assert "2 variants were published" in said(act(client, "publish_selected", *variants))
    assert StyleVariant.objects.published().count() == 2
    assert "1 variant was withdrawn" in said(act(client, "withdraw_selected", variants[0]))
    assert "1 variant was rejected" in said(
        act(client, "reject_selected", variants[1], reason="too dark")
    )
    assert StyleVariant.objects.published().count() == 0
    trail = AuditEntry.objects.order_by("pk").values_list("actor", "verb", "reason")
    assert list(trail)[-2:] == [("mira", "withdrawn", ""), ("mira", "rejected", "too dark")]


def test_overruling_the_gate_takes_a_reason(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    variant = make_variant(make_photo(1), make_style(), **FAILED_GATE)
    client = staff(APPROVE)
    refusal = said(act(client, "approve_selected", variant))
    assert "give a reason" in refusal
    assert "The product's colour is another." in refusal
    variant.refresh_from_db()
    assert variant.review == Review.UNREVIEWED
    act(client, "approve_selected", variant, reason="the new glaze is that colour")
    variant.refresh_from_db()
    assert variant.review == Review.APPROVED
    assert AuditEntry.objects.get(verb="approved").reason == "the new glaze is that colour"


@pytest.mark.parametrize(
    ("permission", "steps"),
    [("", set()), (APPROVE, {"approve", "reject"}), (PUBLISH, {"publish", "withdraw"})],
)
def test_each_permission_opens_its_own_steps_only(
    permission: str,
    steps: set[str],
    staff: Any,
    make_style: Any,
    make_variant: Any,
    make_photo: Any,
) -> None:
    variant = make_variant(make_photo(1), make_style())
    client = staff(*filter(None, [permission]))
    page = client.get(LIST).content.decode()
    for step in ("approve", "reject", "publish", "withdraw"):
        assert (f'value="{step}_selected"' in page) == (step in steps)
        act(client, f"{step}_selected", variant)
        answer = review(client, variant, step)
        assert answer.status_code == (200 if step in steps else 403)
    done = set(AuditEntry.objects.values_list("verb", flat=True))
    # Publishing was refused for want of an approval, not for want of a permission.
    assert done == ({"approved", "rejected"} if permission == APPROVE else set())


def test_requeue_gives_failed_rows_their_tries_back(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    photo, style = make_photo(1), make_style()
    failed = make_variant(photo, style, status=Status.FAILED, attempts=3, error_code="unexpected")
    ready = make_variant(photo, style, recipe_digest="b")
    client = staff("shop_style.generate_stylevariant")
    assert "1 variant waits again" in said(act(client, "requeue", failed, ready))
    failed.refresh_from_db()
    assert (failed.status, failed.attempts, failed.error_code) == (Status.PENDING, 0, "")
    assert AuditEntry.objects.get().verb == "queued again"
    assert 'value="requeue"' in client.get(LIST).content.decode()
    assert 'value="requeue"' not in staff(username="omar").get(LIST).content.decode()


def test_a_failed_variant_may_be_deleted_and_a_live_one_not(
    admin_client: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    photo, style = make_photo(1), make_style()
    failed = make_variant(photo, style, status=Status.FAILED)
    ready = make_variant(photo, style, recipe_digest="b")
    for variant, status in ((failed, 302), (ready, 403)):
        address = f"/admin/shop_style/stylevariant/{variant.pk}/delete/"
        assert admin_client.post(address, {"post": "yes"}).status_code == status
    assert [row.pk for row in StyleVariant.objects.all()] == [ready.pk]
