"""Where a person gives a picture its product mask and marks places on it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from shop_style.generation.guides import guide_of, save_guide, uploaded_mask
from shop_style.models import AuditEntry, PictureGuide, Status, StyleVariant
from shop_style.sources import SourceImage, source_image

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.admin.urls")]

LIST = "/admin/shop_style/pictureguide/"
GENERATE = "shop_style.generate_stylevariant"
STATIC = Path(__file__).resolve().parents[2] / "shop_style" / "static" / "shop_style"
PLACE = [0.25, 0.5, 0.5, 0.75]


def drawn(size: tuple[int, int] = (96, 80), *, swapped: bool = False) -> SimpleUploadedFile:
    image = Image.new("L", size, 255 if swapped else 0)
    ImageDraw.Draw(image).rectangle((20, 20, 70, 60), fill=0 if swapped else 255)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return SimpleUploadedFile("drawn.png", stream.getvalue(), "image/png")


def address(picture: SourceImage) -> str:
    return f"{LIST}add/?picture={picture.source.label}%3A{picture.instance.pk}"


def said(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


@pytest.fixture
def mug(make_photo: Any) -> SourceImage:
    return source_image(make_photo(1))


@pytest.fixture
def guided(mug: SourceImage) -> PictureGuide:
    mask = uploaded_mask(mug, drawn().read(), name="drawn.png")
    return save_guide(mug, mask=mask, boxes=[PLACE], actor="ada").guide


def test_it_takes_the_permission_to_generate(
    staff: Any, mug: SourceImage, guided: PictureGuide
) -> None:
    client = staff()
    pages = (LIST, address(mug), f"{LIST}{guided.pk}/change/", f"{LIST}{guided.pk}/delete/")
    assert [client.get(page).status_code for page in pages] == [403] * 4
    assert client.post(pages[2], {"boxes": "[]"}).status_code == 403
    assert guide_of(mug) is not None
    client = staff(GENERATE, username="omar")
    assert [client.get(page).status_code for page in pages] == [200, 302, 200, 200]
    assert "pictureguide/add" not in client.get("/admin/").content.decode()
    assert "pictureguide/add" not in client.get(LIST).content.decode()


def test_mask_and_places_are_saved_shown_and_ask_anew(
    staff: Any, mug: SourceImage, make_style: Any, make_variant: Any
) -> None:
    make_variant(mug.instance, make_style(text_lock=True))
    client = staff(GENERATE)
    form = client.get(address(mug))
    assert mug.instance.image.url in form.content.decode()
    answer = client.post(address(mug), {"mask": drawn(), "boxes": f"[{PLACE}]"}, follow=True)
    guide = PictureGuide.objects.get()
    assert (guide.object_id, guide.field, guide.updated_by) == (
        str(mug.instance.pk),
        "image",
        "mira",
    )
    assert "1 variant is made anew" in said(answer) and "rim" not in said(answer)
    assert StyleVariant.objects.filter(status=Status.PENDING).count() == 1
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor, entry.detail["boxes"]) == ("added", "mira", [PLACE])
    # The address of the picture leads to the guide it has now.
    page = client.get(address(mug), follow=True)
    assert page.redirect_chain[-1][0] == f"{LIST}{guide.pk}/change/"
    html = page.content.decode()
    outline = html.split('class="ss-places"')[1].split("</svg>")[0]
    assert f'<image href="{guide.mask.url}"' in outline
    assert 'x="25.00%" y="50.00%" width="25.00%" height="25.00%"' in outline
    assert 'data-boxes="id_boxes"' in html and 'id="id_boxes"' in html
    assert "shop_style/guide.js" in html and " style=" not in html.split('id="content"')[1]
    answer = client.post(page.redirect_chain[-1][0], {"boxes": "", "mask-clear": "on"}, follow=True)
    guide.refresh_from_db()
    assert not guide.mask and guide.boxes == [] and guide_of(mug) is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"mask": lambda: drawn((80, 96))}, "80 × 96 pixels"),
        ({"mask": lambda: SimpleUploadedFile("a.png", b"no")}, "no readable JPEG"),
        ({"boxes": lambda: "[[0.5, 0, 0.4, 1]]"}, "place 1 is [0.5, 0, 0.4, 1]"),
        ({"boxes": lambda: '{"a": 1}'}, "write a list of places"),
        ({"boxes": lambda: "5"}, "write a list of places"),
        ({"boxes": lambda: "[[0.5,"}, "Enter a valid JSON"),
    ],
)
def test_what_a_worker_would_refuse_is_refused_at_the_field(
    staff: Any, mug: SourceImage, values: dict[str, Any], words: str
) -> None:
    form = {"boxes": "[]", **{name: make() for name, make in values.items()}}
    page = staff(GENERATE).post(address(mug), form)
    (errors,) = page.context["adminform"].form.errors.values()
    assert page.status_code == 200 and words in " ".join(errors)
    assert not PictureGuide.objects.exists()


def test_a_swapped_mask_is_warned_of(staff: Any, mug: SourceImage) -> None:
    form = {"mask": drawn(swapped=True), "boxes": "[]"}
    assert "black and white are swapped" in said(staff(GENERATE).post(address(mug), form, follow=1))


def test_an_address_that_names_no_picture_says_where_to_begin(staff: Any, mug: SourceImage) -> None:
    client = staff(GENERATE)
    for text in ("", "demo.ProductImage.image:999", "auth.User.password:1", "shop.Chair.photo:x"):
        answer = client.get(f"{LIST}add/", {"picture": text}, follow=True)
        assert answer.redirect_chain[-1][0] == LIST and "Choose a picture first" in said(answer)


def test_the_variants_page_and_the_hosts_lead_there(
    staff: Any, mug: SourceImage, make_style: Any, make_variant: Any, guided: PictureGuide
) -> None:
    variant = make_variant(mug.instance, make_style())
    pages = (
        f"/admin/shop_style/stylevariant/{variant.pk}/change/",
        f"/admin/demo/product/{mug.instance.product_id}/change/",  # type: ignore[attr-defined]
    )
    client = staff(GENERATE, "demo.change_product")
    for page in pages:
        assert f'href="{address(mug)}"' in client.get(page).content.decode()
    host = client.get(pages[1]).content.decode()
    assert "product mask, 1 marked place" in host and guided.mask.url in host
    other = staff("demo.change_product", username="omar")
    for page in pages:
        assert "pictureguide" not in other.get(page).content.decode()


def test_the_list_draws_outlines_in_a_constant_number_of_queries(
    staff: Any,
    make_photo: Any,
    mug: SourceImage,
    guided: PictureGuide,
    django_assert_max_num_queries: Any,
) -> None:
    client = staff(GENERATE)

    def queries() -> int:
        with django_assert_max_num_queries(20) as found:
            page = client.get(LIST).content.decode()
        assert page.count("<rect") == PictureGuide.objects.count()
        return len(found)

    assert guided.mask.url in client.get(LIST).content.decode()
    few = queries()
    for number in range(2, 6):
        save_guide(source_image(make_photo(number)), boxes=[PLACE], actor="ada")
    assert queries() == few


def test_deleting_removes_the_file_writes_it_down_and_asks_anew(
    staff: Any,
    mug: SourceImage,
    make_style: Any,
    make_variant: Any,
    make_photo: Any,
    guided: PictureGuide,
    django_capture_on_commit_callbacks: Any,
) -> None:
    make_variant(mug.instance, make_style())
    gone = source_image(make_photo(2))
    save_guide(gone, boxes=[PLACE], actor="ada")
    type(gone.instance).objects.filter(pk=gone.instance.pk)._raw_delete("default")
    client = staff(GENERATE)
    assert "gone, or styled no more" in client.get(LIST).content.decode()
    storage, name = guided.mask.storage, guided.mask.name
    keys = list(PictureGuide.objects.values_list("pk", flat=True))
    form = {"action": "delete_selected", "_selected_action": keys, "post": "yes"}
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(LIST, form, follow=True)
    assert "1 variant is made anew" in said(answer)
    assert not PictureGuide.objects.exists() and not storage.exists(name)
    assert [entry.verb for entry in AuditEntry.objects.all()[:2]] == ["deleted", "deleted"]


def test_a_guide_of_a_picture_that_is_gone_opens_and_can_only_be_deleted(
    staff: Any, mug: SourceImage, guided: PictureGuide
) -> None:
    type(mug.instance).objects.filter(pk=mug.instance.pk)._raw_delete("default")
    client, page = staff(GENERATE), f"{LIST}{guided.pk}/change/"
    assert "this can only be deleted" in client.get(page).content.decode()
    assert "The picture is gone" in client.post(page, {"boxes": "[]"}).content.decode()
    client.post(f"{LIST}{guided.pk}/delete/", {"post": "yes"})
    assert not PictureGuide.objects.exists()


def test_the_shops_own_mask_is_named(staff: Any, settings: Any, picture: Any) -> None:
    from tests.shop.models import Vase

    settings.SHOP_STYLE = {
        **settings.SHOP_STYLE,
        "SOURCES": ["shop.Vase.photo"],
        "MASKS": {"shop.Vase.photo": "cutout"},
    }
    vase = Vase.objects.create(
        photo=ContentFile(picture(), name="vase.jpg"),
        cutout=ContentFile(drawn().read(), name="cutout.png"),
    )
    page = staff(GENERATE).get(address(source_image(vase))).content.decode()
    assert "used while none is uploaded here" in page and vase.cutout.url in page


def test_the_script_is_small_and_fetches_nothing() -> None:
    script = (STATIC / "guide.js").read_text()
    assert len(script.encode()) < 4096
    assert not [word for word in ("fetch", "XMLHttp", "import", "eval") if word in script]


def test_numbers_are_laid_out_a_place_a_line(
    staff: Any, mug: SourceImage, guided: PictureGuide
) -> None:
    save_guide(mug, boxes=[PLACE, [0, 0, 1, 0.125]], actor="ada")
    page = staff(GENERATE).get(f"{LIST}{guided.pk}/change/")
    shown = page.context["adminform"].form["boxes"].value()
    assert shown == "[[0.25, 0.5, 0.5, 0.75],\n [0, 0, 1, 0.125]]"
    assert json.loads(shown) == [PLACE, [0, 0, 1, 0.125]]
