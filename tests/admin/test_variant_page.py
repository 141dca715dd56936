"""The page where a person looks at one variant and decides."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from shop_style.models import AuditEntry, StyleVariant
from shop_style.models.variant import Review

pytestmark = pytest.mark.django_db

LIST = "/admin/shop_style/stylevariant/"
APPROVE = "shop_style.approve_stylevariant"
PUBLISH = "shop_style.publish_stylevariant"
FAILED_GATE: dict[str, Any] = {
    "passed": False,
    "reasons": [{"code": "colour", "text": "The product's colour is another."}],
}


def review(client: Any, variant: StyleVariant, step: str, **values: str) -> Any:
    """As confirmed, where it is asked for."""
    body = {"step": step, "confirmed": "1", **values}
    return client.post(f"{LIST}{variant.pk}/review/", body, follow=True)


def said(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def test_the_page_shows_scores_the_worst_tile_reasons_files_and_trail(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    photo, style = make_photo(1), make_style()
    variant = make_variant(photo, style, **FAILED_GATE, overrides={"strength": 0.5})
    AuditEntry.objects.record("rejected", variant, actor="omar", reason="too dark")
    page = staff(APPROVE).get(f"{LIST}{variant.pk}/change/").content.decode()
    # The tile (16, 20)–(64, 60) of a picture of 96 × 80 pixels.
    assert 'x="16.67%" y="25.00%" width="50.00%" height="50.00%"' in page
    for text in (
        "0.652",
        "11.5 ΔE",
        "The product&#x27;s colour is another.",
        "needed to approve what failed its gate",
        "strength: 0.5",
        "omar",
        "too dark",
        "covers 40 %",
        photo.image.url,
        variant.image.url,
    ):
        assert text in page
    for item in variant.renditions:
        assert item["name"] in page
    assert 'name="_save"' not in page
    body = page.split('class="ss-verdict"')[1]
    assert " style=" not in body.split("</form>")[0]


def test_the_page_says_where_it_may_go_with_which_file_and_why_not_elsewhere(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any, published: Any
) -> None:
    mark = {"digital_source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/x"}
    photo, style = make_photo(1), make_style()
    variant = make_variant(photo, style, **published, **mark)
    client = staff()
    page = client.get(f"{LIST}{variant.pk}/change/")
    rows = page.context["channels"]
    assert [(row.slug, row.of_original, row.allowed) for row in rows] == [
        ("marketplace-main", False, False),
        ("marketplace-main", True, False),
        ("feed-lifestyle", False, False),
        ("storefront", False, True),
        ("social", False, False),
    ]
    table = page.content.decode().split("Where it may go")[1].split("</fieldset>")[0]
    assert "use the original, not a styled variant" in table
    assert "How much of the frame the product fills was not measured; render it again." in table
    assert "The shorter side is 80 px; 500 are needed." in table
    assert f'<a href="{variant.image.url}">webp 96 × 80</a>' in table
    assert table.count(">yes<") == 1 and table.count(">no<") == 4
    unready = make_variant(photo, style, status="pending", recipe_digest="b", renditions=[])
    page = client.get(f"{LIST}{unready.pk}/change/")
    assert page.context["channels"] == [] and "Where it may go" not in page.content.decode()


def test_channels_that_cannot_be_used_leave_the_page_standing(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any, settings: Any
) -> None:
    variant = make_variant(make_photo(1), make_style())
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "CHANNELS": {"social": {"formats": []}}}
    page = staff().get(f"{LIST}{variant.pk}/change/")
    assert page.status_code == 200 and page.context["channels"] == []


def test_the_page_offers_the_steps_that_can_be_taken(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    variant = make_variant(make_photo(1), make_style())
    client = staff(APPROVE, PUBLISH)
    address = f"{LIST}{variant.pk}/change/"

    def offered() -> set[str]:
        return {step.name for step in client.get(address).context["steps"]}

    assert offered() == {"approve", "reject"}
    assert review(client, variant, "publish").redirect_chain[-1][0] == address
    assert "approve it first" in said(review(client, variant, "publish"))
    review(client, variant, "approve", reason="true to life")
    assert offered() == {"reject", "publish"}
    review(client, variant, "publish")
    assert offered() == {"reject", "withdraw"}
    review(client, variant, "withdraw")
    assert offered() == {"reject", "publish"}


def test_review_is_a_post_with_a_token(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    variant = make_variant(make_photo(1), make_style())
    client = staff(APPROVE)
    assert client.get(f"{LIST}{variant.pk}/review/?step=approve").status_code == 404
    assert review(client, variant, "destroy").status_code == 404
    client.handler.enforce_csrf_checks = True
    assert review(client, variant, "approve").status_code == 403
    variant.refresh_from_db()
    assert variant.review == Review.UNREVIEWED


def test_only_retired_variants_can_be_deleted_and_none_be_added_or_edited(
    staff: Any,
    make_style: Any,
    make_variant: Any,
    make_photo: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    photo, style = make_photo(1), make_style()
    live = make_variant(photo, style)
    retired = make_variant(photo, style, recipe_digest="b", retired_at=timezone.now())
    client = staff(
        "shop_style.delete_stylevariant",
        "shop_style.add_stylevariant",
        "shop_style.change_stylevariant",
    )
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{live.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(f"{LIST}{live.pk}/change/", {"source_name": "other.jpg"})
    live.refresh_from_db()
    assert live.source_name == photo.image.name
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(f"{LIST}{retired.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    storage = live.image.storage
    assert [storage.exists(name) for name in retired.file_names()] == [False] * 3
    assert [storage.exists(name) for name in live.file_names()] == [True] * 3
    assert list(StyleVariant.objects.all()) == [live]
    assert AuditEntry.objects.get().verb == "deleted"
