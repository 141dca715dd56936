"""The style form, its references and previews; the pages that are only read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from shop_style.demo.models import Product, ProductImage
from shop_style.generation.request import recipe_digest
from shop_style.models import AuditEntry, Status, Style, StyleJob, StyleReference
from shop_style.models.storage import variant_storage

pytestmark = pytest.mark.django_db

LIST = "/admin/shop_style/style/"
EDIT = (
    "shop_style.add_style",
    "shop_style.change_style",
    "shop_style.add_stylereference",
    "shop_style.change_stylereference",
    "shop_style.delete_stylereference",
    "shop_style.view_stylereference",
)
GENERATE = "shop_style.generate_stylevariant"


def form(**values: Any) -> dict[str, Any]:
    """What the form posts for a sound style with one new reference."""
    return {
        "name": "Warm",
        "slug": "warm",
        "engine": "grade",
        "parameters": json.dumps({"chroma": 0.5}),
        "region": "whole",
        "keep_white": "on",
        "colour_lock": "0",
        "strength": "0.8",
        "mode": "",
        "thresholds": "{}",
        "references-TOTAL_FORMS": "1",
        "references-INITIAL_FORMS": "0",
        "references-0-licence": "CC0",
        "references-0-source": "studio",
        "references-0-position": "0",
        **values,
    }


@pytest.fixture
def upload(reference: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("strokes.png", reference, "image/png")


def errors(response: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


def reference_errors(response: Any) -> Any:
    return response.context["inline_admin_formsets"][0].formset


def test_a_sound_style_is_saved_with_its_reference_digest_and_trail(
    staff: Any, upload: SimpleUploadedFile
) -> None:
    response = staff(*EDIT).post(f"{LIST}add/", form(**{"references-0-image": upload}))
    assert response.status_code == 302
    style = Style.objects.get()
    assert style.parameters == {"chroma": 0.5}
    reference = style.references.get()
    assert reference.licence == "CC0"
    assert variant_storage().exists(reference.image.name)
    # The digest counts the reference, which is saved after the style.
    assert style.digest == style.compute_digest()
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor, entry.detail["recipe"]) == ("added", "mira", style.digest)


@pytest.mark.parametrize(
    ("values", "field", "text"),
    [
        ({"parameters": '{"chrome": 1}'}, "parameters", "chrome: unknown; known are"),
        ({"parameters": '{"chrome": 1}'}, "parameters", "keep_neutrals (default"),
        ({"parameters": '{"chroma": 7}'}, "parameters", "not between 0.0 and 1.0"),
        ({"parameters": "[1]"}, "parameters", "names and values"),
        ({"parameters": "{"}, "parameters", "valid JSON"),
        ({"engine": "magic"}, "engine", "magic"),
        ({"mode": "lenient"}, "mode", "lenient"),
        ({"thresholds": '{"min_beauty": 1}'}, "thresholds", "min_beauty"),
        ({"strength": "1.5"}, "strength", "less than or equal to 1"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(
    values: dict[str, str],
    field: str,
    text: str,
    staff: Any,
    upload: SimpleUploadedFile,
) -> None:
    response = staff(*EDIT).post(f"{LIST}add/", form(**values, **{"references-0-image": upload}))
    assert response.status_code == 200
    assert text in " ".join(errors(response)[field])
    assert not Style.objects.exists()


def test_a_reference_passes_the_same_intake_as_a_product_picture(
    staff: Any, reference: bytes, settings: Any
) -> None:
    client = staff(*EDIT)
    cut = SimpleUploadedFile("cut.png", reference[: len(reference) // 2], "image/png")
    response = client.post(f"{LIST}add/", form(**{"references-0-image": cut}))
    said = reference_errors(response).errors[0]["image"].as_data()
    assert said[0].code == "undecodable"
    assert "cut.png" in said[0].message
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "MAX_BYTES": 500}
    whole = SimpleUploadedFile("whole.png", reference, "image/png")
    response = client.post(f"{LIST}add/", form(**{"references-0-image": whole}))
    assert reference_errors(response).errors[0]["image"].as_data()[0].code == "too_many_bytes"
    assert not Style.objects.exists()


def test_a_reference_needs_a_licence_and_the_engine_a_reference(
    staff: Any, upload: SimpleUploadedFile
) -> None:
    client = staff(*EDIT)
    unlicensed = form(**{"references-0-image": upload, "references-0-licence": ""})
    response = client.post(f"{LIST}add/", unlicensed)
    assert "licence" in reference_errors(response).errors[0]
    bare = form(**{"references-TOTAL_FORMS": "0"})
    response = client.post(f"{LIST}add/", bare)
    assert "add at least one" in " ".join(reference_errors(response).non_form_errors())
    assert not Style.objects.exists()


def test_the_last_reference_is_not_deleted_but_one_of_two_is(
    staff: Any, make_style: Any, reference: bytes
) -> None:
    style = make_style()
    before = style.digest
    first = style.references.get()
    client = staff(*EDIT)
    values = {
        "references-INITIAL_FORMS": "1",
        "references-0-id": str(first.pk),
        "references-0-style": str(style.pk),
        "references-0-DELETE": "on",
    }
    response = client.post(f"{LIST}{style.pk}/change/", form(**values))
    assert "add at least one" in " ".join(reference_errors(response).non_form_errors())
    second = SimpleUploadedFile("second.png", reference, "image/png")
    values |= {
        "references-TOTAL_FORMS": "2",
        "references-1-style": str(style.pk),
        "references-1-image": second,
        "references-1-licence": "MIT",
        "references-1-source": "studio",
        "references-1-position": "0",
    }
    assert client.post(f"{LIST}{style.pk}/change/", form(**values)).status_code == 302
    assert StyleReference.objects.get().licence == "MIT"
    style.refresh_from_db()
    assert style.digest == style.compute_digest() != before


def test_the_page_tells_what_goes_on_serving_and_what_is_outdated(
    staff: Any, make_style: Any, make_chair: Any, make_variant: Any, published: dict[str, Any]
) -> None:
    style = make_style()
    client = staff(*EDIT)
    address = f"{LIST}{style.pk}/change/"
    assert "No variant of this style is published" in client.get(address).content.decode()
    overrides = {"strength": 0.5}
    make_variant(make_chair(), style, recipe_digest=recipe_digest(style, {}), **published)
    make_variant(
        make_chair(),
        style,
        overrides=overrides,
        recipe_digest=recipe_digest(style, overrides),
        **published,
    )
    context = client.get(address).context
    assert (context["serving"], context["outdated"]) == (2, 0)
    style.parameters = {"chroma": 0.1}
    style.save()
    response = client.get(address)
    assert (response.context["serving"], response.context["outdated"]) == (2, 2)
    page = response.content.decode()
    assert "2 of them were made with an older recipe" in page
    assert style.digest in page
    assert 'name="digest"' not in page
    for line in ("keep_neutrals (default", "working_side (default"):
        assert line in page


def test_a_preview_is_a_job_on_a_varied_choice_or_on_what_is_ticked(
    staff: Any, make_style: Any, picture: Any
) -> None:
    style = make_style()
    for number in range(8):
        product = Product.objects.create(name=f"Mug {number}", slug=f"mug-{number}")
        for _ in range(2):
            image = ContentFile(picture(), name=f"{number}.jpg")
            ProductImage.objects.create(product=product, image=image)
    client = staff(GENERATE)
    response = client.post(f"{LIST}{style.pk}/preview/", follow=True)
    job = StyleJob.objects.get()
    assert (job.style, job.status, job.requested_by) == (style, Status.PENDING, "mira")
    shown = ProductImage.objects.filter(
        pk__in=[item["object_id"] for item in job.payload["pictures"]]
    )
    # Six products, each by the picture that came first.
    assert shown.count() == 6 == shown.values("product").distinct().count()
    firsts = [product.images.order_by("pk").first() for product in Product.objects.all()]
    assert {image.pk for image in shown} <= {image.pk for image in firsts if image}
    assert f"/admin/shop_style/stylejob/{job.pk}/change/" in response.content.decode()
    client.post(LIST, {"action": "preview_selected", "_selected_action": [style.pk], "index": 0})
    assert StyleJob.objects.count() == 2
    ticked = [f"demo.ProductImage.image:{pk}" for pk in (3, 9999)]
    client.post(f"{LIST}{style.pk}/preview/", {"photo": ticked})
    assert [item["object_id"] for item in StyleJob.objects.latest("pk").payload["pictures"]] == [
        "3"
    ]


def test_a_preview_takes_a_picture_a_post_and_the_permission(
    staff: Any, make_style: Any, make_chair: Any
) -> None:
    style = make_style()
    address = f"{LIST}{style.pk}/preview/"
    client = staff(GENERATE)
    assert "no picture" in client.post(address, follow=True).content.decode()
    make_chair()
    assert client.get(address).status_code == 404
    assert staff(username="omar").post(address).status_code == 403
    assert not StyleJob.objects.exists()


def test_jobs_show_their_result_or_why_there_is_none(
    staff: Any, make_style: Any, reference: bytes
) -> None:
    style = make_style()
    name = variant_storage().save("shop_style/jobs/sheet.png", ContentFile(reference))
    done = StyleJob.objects.create(kind="preview", style=style, result=name, status=Status.READY)
    StyleJob.objects.create(
        kind="preview", style=style, status=Status.FAILED, error_detail="the disk is full"
    )
    client = staff("shop_style.change_stylejob", "shop_style.delete_stylejob")
    page = client.get("/admin/shop_style/stylejob/").content.decode()
    assert name in page
    assert "the disk is full" in page
    address = f"/admin/shop_style/stylejob/{done.pk}/"
    assert name in client.get(f"{address}change/").content.decode()
    assert client.post(f"{address}delete/", {"post": "yes"}).status_code == 403


def test_the_trail_is_read_and_never_written(staff: Any, make_style: Any) -> None:
    style = make_style()
    entry = AuditEntry.objects.record("changed", style, actor="omar", reason="softer")
    rights = [f"shop_style.{verb}_auditentry" for verb in ("add", "change", "delete")]
    client = staff(*rights)
    page = client.get("/admin/shop_style/auditentry/").content.decode()
    assert f"/admin/shop_style/style/{style.pk}/change/" in page
    assert "softer" in page
    assert client.get("/admin/shop_style/auditentry/add/").status_code == 403
    address = f"/admin/shop_style/auditentry/{entry.pk}/"
    assert "softer" in client.get(f"{address}change/").content.decode()
    assert client.post(f"{address}delete/", {"post": "yes"}).status_code == 403
    client.post(f"{address}change/", {"reason": "harder"})
    entry.refresh_from_db()
    assert entry.reason == "softer"
