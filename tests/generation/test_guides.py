"""What a merchant says of a picture: where it is read from, what it changes, what is refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import transaction
from PIL import Image, ImageDraw

from shop_style.exceptions import GuideUnusable, IntakeError, SourceFileMissing
from shop_style.generation import runner
from shop_style.generation.files import walk
from shop_style.generation.guides import guide_of, remove_guide, save_guide, uploaded_mask
from shop_style.generation.photographs import named_photograph, named_pictures
from shop_style.generation.request import request_variant
from shop_style.imaging import segmenter
from shop_style.imaging.guide import Guide, is_rim_product, read_mask
from shop_style.imaging.segmenter import Segmenter
from shop_style.models import AuditEntry, PictureGuide, Status, StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.models.variant import Review
from shop_style.signals import stage_started
from shop_style.sources import SourceImage, source_image
from tests.shop.models import Vase

pytestmark = pytest.mark.django_db(transaction=True)

SIZE = (96, 80)
LEFT_HALF = (0, 0, 47, 79)
RIGHT_HALF = (48, 0, 95, 79)
PLACE = [0.25, 0.5, 0.5, 0.75]


def drawn(box: tuple[int, int, int, int], *, size: tuple[int, int] = SIZE) -> bytes:
    """A mask file: white in the box."""
    image = Image.new("L", size, 0)
    ImageDraw.Draw(image).rectangle(box, fill=255)
    return encoded(image)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def stored_guides() -> list[str]:
    return list(walk(variant_storage(), "shop_style/guides"))


def say(picture: SourceImage, mask: bytes | None = None, **values: Any) -> Any:
    found = None if mask is None else uploaded_mask(picture, mask, name="drawn.png")
    return save_guide(picture, mask=found, actor="ada", **values)


def rendered(picture: SourceImage, style: Any, **overrides: Any) -> StyleVariant:
    variant = request_variant(picture.instance, style, overrides=overrides)
    runner.run(variant.pk, using="default")
    variant.refresh_from_db()
    return variant


def change_of(variant: StyleVariant) -> Any:
    """(H, W) levels by which a variant differs from its original, on average over colours."""
    host: Any = variant.host_object()
    own = Image.open(getattr(host, variant.field)).convert("RGB")
    with variant.image.open("rb") as stream:
        made = Image.open(stream).convert("RGB")
        return np.abs(np.asarray(made, np.float32) - np.asarray(own, np.float32)).mean(axis=-1)


@pytest.fixture
def chair(make_chair: Any) -> SourceImage:
    return source_image(make_chair())


@pytest.fixture
def vase(settings: Any, picture: Any) -> Callable[..., SourceImage]:
    """A shop that keeps masks of its own."""
    settings.SHOP_STYLE = {
        **settings.SHOP_STYLE,
        "SOURCES": ["shop.Vase.photo"],
        "MASKS": {"shop.Vase.photo": "cutout"},
    }

    def make(mask: bytes | None = None) -> SourceImage:
        row = Vase(photo=ContentFile(picture(), name="vase.jpg"))
        if mask:
            row.cutout = ContentFile(mask, name="cutout.png")  # type: ignore[assignment]
        row.save()
        return source_image(row)

    return make


def test_a_drawn_mask_beats_the_border_fill(
    chair: SourceImage, make_chair: Any, make_style: Any
) -> None:
    """The border finds the box in the middle; the mask says that the left half is the product."""
    style = make_style(region="background", keep_white=False)
    plain = rendered(source_image(make_chair()), style)
    say(chair, drawn(LEFT_HALF))
    said = rendered(chair, style)
    assert said.status == Status.READY, said.error_detail
    assert plain.scorecard["mask_coverage"] == pytest.approx(0.42, abs=0.03)
    assert said.scorecard["mask_coverage"] == pytest.approx(0.5, abs=0.01)
    assert said.scorecard["mask_confidence"] == 1.0
    # The right of the box: product to the border, background to the person who drew the mask.
    # WebP alone moves it by a level or two.
    right = np.s_[20:60, 54:74]
    assert change_of(plain)[right].mean() < 2 < 8 < change_of(said)[right].mean()


def test_the_shops_own_mask_counts_until_one_is_uploaded(vase: Any) -> None:
    picture = vase(drawn(LEFT_HALF))
    found = guide_of(picture)
    assert found is not None and found.mask is not None
    assert (found.name, found.boxes) == (picture.instance.cutout.name, ())
    assert found.mask[40, 20] == 1 and found.mask[40, 80] == 0
    say(picture, boxes=[PLACE])
    both = guide_of(picture)
    assert both is not None and both.name == found.name and both.boxes == (tuple(PLACE),)
    say(picture, drawn(RIGHT_HALF))
    uploaded = guide_of(picture)
    assert uploaded is not None and uploaded.mask is not None
    assert uploaded.mask[40, 20] == 0 and uploaded.mask[40, 80] == 1
    picture.instance.cutout.storage.delete(picture.instance.cutout.name)
    say(picture, drop_mask=True)
    with pytest.raises(SourceFileMissing, match="cutout.* upload it again"):
        guide_of(picture)
    assert guide_of(vase()) is None


def test_the_shops_own_mask_in_another_shape_fails_with_its_name(
    vase: Any, make_style: Any
) -> None:
    picture = vase(drawn((0, 0, 40, 99), size=(100, 100)))
    variant = rendered(picture, make_style(region="background"))
    assert (variant.status, variant.error_code) == (Status.FAILED, "guide_unusable")
    for part in (picture.instance.cutout.name, picture.name, "100 × 100", "96 × 80", "upload it"):
        assert part in variant.error_detail


def test_a_new_mask_of_the_shops_own_asks_anew(vase: Any, make_style: Any) -> None:
    picture = vase(drawn(LEFT_HALF))
    first = rendered(picture, make_style())
    row = picture.instance
    row.note = "no other mask"
    row.save()
    assert StyleVariant.objects.count() == 1
    row.cutout = ContentFile(drawn(RIGHT_HALF), name="cutout.png")
    row.save()
    newer = StyleVariant.objects.exclude(pk=first.pk).get()
    assert (newer.revision, newer.status) == (1, Status.PENDING)
    row.save()
    assert StyleVariant.objects.count() == 2
    runner.run(newer.pk, using="default")
    assert say(picture, drawn(LEFT_HALF)).asked.created == 1
    # An uploaded mask comes before it, so it changes nothing now.
    StyleVariant.objects.filter(status=Status.PENDING).delete()
    row.cutout = ContentFile(drawn(LEFT_HALF), name="cutout.png")
    row.save()
    assert StyleVariant.objects.count() == 2


def test_masks_by_transparency_and_by_grey(chair: SourceImage) -> None:
    """A cut-out picture says it by its opacity, whatever its colours; a turned one is upright."""
    cut = Image.new("RGBA", SIZE, (200, 30, 30, 0))
    ImageDraw.Draw(cut).rectangle(LEFT_HALF, fill=(10, 10, 10, 255))
    assert np.array_equal(
        read_mask(encoded(cut), name="cut.png"), read_mask(drawn(LEFT_HALF), name="grey.png")
    )
    turned = Image.open(io.BytesIO(drawn(LEFT_HALF))).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = uploaded_mask(chair, encoded(turned, exif=exif), name="turned.png")
    assert upright.shape == (80, 96)
    assert upright[40, 10] > 0.9 and upright[40, 90] < 0.1


def test_a_mask_is_brought_to_its_pictures_size() -> None:
    """Coverage survives; two per cent of another aspect is rounding, more is another picture."""
    mask = read_mask(drawn((0, 0, 479, 799), size=(960, 800)), name="large.png")
    for size in ((96, 80), (1920, 1600), (960, 800), (96, 79)):
        fitted = Guide(mask=mask, name="large.png").mask_for(size, picture="chair.jpg")
        assert fitted is not None and fitted.shape == size[::-1] and fitted.dtype == np.float32
        assert float(fitted.mean()) == pytest.approx(0.5, abs=0.01)
    with pytest.raises(GuideUnusable, match="large.png is 960 × 800.*chair.jpg is 96 × 78"):
        Guide(mask=mask, name="large.png").mask_for((96, 78), picture="chair.jpg")


def photo() -> bytes:
    return encoded(Image.effect_mandelbrot(SIZE, (-2, -1.5, 1, 1.5), 20).convert("RGB"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (encoded(Image.new("L", SIZE, 255)), "white all over.*paint the product white"),
        (encoded(Image.new("L", SIZE, 0)), "black or transparent all over"),
        (encoded(Image.new("RGBA", SIZE, (9, 9, 9, 3))), "black or transparent all over"),
        (encoded(Image.new("RGB", SIZE, "#3d6fb4")), "has colours on 100% of it"),
        (encoded(Image.linear_gradient("L").resize(SIZE)), "neither product nor background"),
        (drawn(LEFT_HALF, size=(80, 96)), "80 × 96 pixels.*chair.*jpg is 96 × 80"),
    ],
    ids=["white", "black", "transparent", "coloured", "grey", "shape"],
)
def test_what_is_no_mask_of_the_picture_is_refused(
    chair: SourceImage, data: bytes, words: str
) -> None:
    with pytest.raises(GuideUnusable, match=f"(?s){words}"):
        uploaded_mask(chair, data, name="drawn.png")


def test_a_mask_passes_the_same_intake_as_pictures(chair: SourceImage) -> None:
    for data, code in ((b"", "empty"), (b"<svg/>", "not_an_allowed_image")):
        with pytest.raises(IntakeError, match="drawn.png") as caught:
            uploaded_mask(chair, data, name="drawn.png")
        assert caught.value.code == code


def test_a_mask_whose_black_and_white_were_swapped_is_noticed() -> None:
    box = (20, 20, 70, 60)
    assert not is_rim_product(read_mask(drawn(box), name="m"))
    swapped = Image.eval(Image.open(io.BytesIO(drawn(box))), lambda level: 255 - level)
    assert is_rim_product(read_mask(encoded(swapped), name="m"))


@pytest.mark.parametrize(
    "boxes",
    [
        [[0.5, 0, 0.4, 1]],
        [[0, 0, 1.2, 1]],
        [[0, 0, True, True]],
        [[0, 0, 1]],
        ["text"],
        [PLACE] * 51,
    ],
)
def test_a_place_that_is_none_is_refused_and_nothing_kept(chair: SourceImage, boxes: Any) -> None:
    with pytest.raises(GuideUnusable, match="place"):
        save_guide(chair, boxes=boxes, actor="ada")
    assert not PictureGuide.objects.exists()


def test_places_stay_as_they_are_where_the_style_locks_text(
    chair: SourceImage, make_chair: Any, make_style: Any
) -> None:
    free, locked = make_style("free"), make_style("locked", text_lock=True)
    say(chair, boxes=[PLACE])
    inside = np.s_[42:58, 26:46]
    assert change_of(rendered(chair, locked))[inside].mean() < 4
    assert change_of(rendered(chair, free))[inside].mean() > 8


def test_what_is_saved_is_written_down_and_asks_anew(chair: SourceImage, make_style: Any) -> None:
    """What shoppers see stays until its successor is published."""
    style = make_style()
    live = rendered(chair, style, strength=0.5)
    now = {"review": Review.APPROVED, "published_at": live.finished_at}
    StyleVariant.objects.filter(pk=live.pk).update(**now)
    done = say(chair, drawn(LEFT_HALF), reason="the strap was cut off")
    assert done.asked.created == 1
    newer = StyleVariant.objects.exclude(pk=live.pk).get()
    assert (newer.revision, newer.status, newer.overrides) == (1, Status.PENDING, {"strength": 0.5})
    assert StyleVariant.objects.published().get() == live
    entry = AuditEntry.objects.get(target_model="shop_style.pictureguide")
    assert (entry.actor, entry.verb, entry.reason) == ("ada", "added", "the strap was cut off")
    assert entry.detail == {"mask": done.guide.mask.name, "boxes": [], "asked": 1}
    # Nothing new is said, and what waits is fresh as it is.
    assert say(chair).asked.created == say(chair, drop_mask=False, boxes=[]).asked.created == 0
    assert say(chair, drawn(RIGHT_HALF)).asked.created == 0
    runner.run(newer.pk, using="default")
    assert remove_guide(chair, actor="ben").created == 1
    assert remove_guide(chair, actor="ben").created == 0
    assert sorted(StyleVariant.objects.values_list("revision", flat=True)) == [0, 1, 2]
    assert AuditEntry.objects.first().verb == "deleted"  # type: ignore[union-attr]
    assert stored_guides() == [] and guide_of(chair) is None


def test_places_ask_anew_for_styles_that_keep_them_alone(
    chair: SourceImage, make_style: Any
) -> None:
    free, locked = make_style("free"), make_style("locked", text_lock=True)
    for style in (free, locked):
        rendered(chair, style)
    assert say(chair, boxes=[PLACE]).asked.created == 1
    assert StyleVariant.objects.get(revision=1).style == locked
    assert say(chair, drawn(LEFT_HALF)).asked.created == 1  # the locked one waits already
    assert StyleVariant.objects.filter(revision=1).count() == 2


def test_what_failed_for_want_of_a_mask_is_tried_again(make_chair: Any, make_style: Any) -> None:
    noise = np.random.default_rng(4).integers(0, 255, (80, 96, 3), np.uint8)
    picture = source_image(make_chair(data=encoded(Image.fromarray(noise))))
    style = make_style(region="background")
    variant = rendered(picture, style)
    assert variant.error_code == "mask_uncertain" and "product mask" in variant.error_detail
    assert say(picture, drawn((20, 20, 70, 60))).asked.requeued == 1
    runner.run(variant.pk, using="default")
    variant.refresh_from_db()
    assert (variant.status, variant.error_code) == (Status.READY, "")
    assert StyleVariant.objects.count() == 1


def test_a_render_that_began_before_the_guide_is_thrown_away(
    chair: SourceImage, make_style: Any
) -> None:
    def save_meanwhile(sender: Any, stage: str, **_: Any) -> None:
        if stage == "commit":
            stage_started.disconnect(save_meanwhile)
            say(chair, drawn(LEFT_HALF))

    variant = request_variant(chair.instance, make_style())
    stage_started.connect(save_meanwhile)
    runner.run(variant.pk, using="default")
    variant.refresh_from_db()
    assert variant.retired_at is not None and not variant.image
    assert not list(walk(variant_storage(), "shop_style/variants"))
    newer = StyleVariant.objects.live().get()
    runner.run(newer.pk, using="default")
    newer.refresh_from_db()
    assert newer.scorecard["mask_coverage"] == pytest.approx(0.5, abs=0.01)


def test_files_come_and_go_with_the_commit(chair: SourceImage) -> None:
    first = say(chair, drawn(LEFT_HALF)).guide.mask.name
    with pytest.raises(RuntimeError), transaction.atomic():
        say(chair, drawn(RIGHT_HALF))
        raise RuntimeError
    assert PictureGuide.objects.get().mask.name == first and first in stored_guides()
    second = say(chair, drawn(RIGHT_HALF)).guide.mask.name
    assert first not in stored_guides() and second in stored_guides()
    with Image.open(variant_storage().open(second)) as kept:
        assert (kept.mode, kept.size, kept.format, kept.info) == ("L", SIZE, "PNG", {})
    PictureGuide.objects.all().delete()
    assert second not in stored_guides()
    third = say(chair, drawn(LEFT_HALF)).guide.mask.name
    chair.instance.delete()
    assert not PictureGuide.objects.exists() and third not in stored_guides()


@pytest.mark.django_db(databases=["default", "tenant"], transaction=True)
def test_pruning_knows_the_files_and_the_rows_of_guides(make_chair: Any, make_style: Any) -> None:
    here, there = source_image(make_chair()), source_image(make_chair(using="tenant"))
    kept = {say(picture, drawn(LEFT_HALF)).guide.mask.name for picture in (here, there)}
    assert PictureGuide.objects.using("tenant").count() == 1
    variant_storage().save("shop_style/guides/nobodys.png", ContentFile(b"x"))
    prune = ["prune_variants", "--orphan-hours", "-1"]
    call_command(*prune, stdout=io.StringIO())
    assert set(stored_guides()) == kept
    # Gone behind Django's back.
    type(here.instance).objects.filter(pk=here.instance.pk)._raw_delete("default")
    call_command(*prune, stdout=io.StringIO())
    assert not PictureGuide.objects.exists() and PictureGuide.objects.using("tenant").exists()
    assert len(stored_guides()) == 1


def test_a_guide_goes_when_another_picture_takes_its_place(
    chair: SourceImage, picture: Any
) -> None:
    """A nightly import that uploads the same bytes again leaves it."""
    say(chair, drawn(LEFT_HALF))
    row, same = chair.instance, chair.read(at_most=10**6)
    row.photo = ContentFile(same, name="again.jpg")  # type: ignore[attr-defined]
    row.save()
    assert guide_of(chair) is not None
    row.photo = ContentFile(picture(colour="#118811"), name="other.jpg")  # type: ignore[attr-defined]
    row.save()
    assert guide_of(chair) is None and stored_guides() == []
    entry = AuditEntry.objects.get(verb="deleted")
    assert "again" in entry.reason and "other" in entry.reason


def test_a_preview_on_the_shops_pictures_is_told_too(chair: SourceImage) -> None:
    say(chair, drawn(LEFT_HALF))
    guide = named_photograph(named_pictures([chair])[0]).guide
    assert guide is not None and guide.mask is not None and guide.mask[40, 20] == 1


def test_reading_a_guide_takes_one_query(
    chair: SourceImage, django_assert_num_queries: Any
) -> None:
    say(chair, drawn(LEFT_HALF), boxes=[PLACE] * 5)
    with django_assert_num_queries(1):
        guide_of(chair)


class Middle(Segmenter):
    """As a third party writes one: the product is in the middle."""

    asked = 0

    def segment(self, rgb: Any) -> tuple[Any, float]:
        Middle.asked += 1
        height, width = rgb.shape[:2]
        weights = np.zeros((height, width), np.float32)
        weights[height // 4 : -height // 4, width // 4 : -width // 4] = 1
        return weights, 0.8


def test_a_third_partys_segmenter_finds_what_nothing_else_does(
    make_chair: Any, make_style: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = EntryPoint("middle", f"{__name__}:Middle", segmenter.ENTRY_POINT_GROUP)
    monkeypatch.setattr(segmenter, "entry_points", lambda *, group: [point])
    segmenter.installed_segmenter.cache_clear()
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "SEGMENTER": "middle"}
    noise = np.random.default_rng(4).integers(0, 255, (80, 96, 3), np.uint8)
    style, data = make_style(region="background"), encoded(Image.fromarray(noise))
    try:
        found = rendered(source_image(make_chair(data=data)), style)
        on_white = rendered(source_image(make_chair()), style)
    finally:
        segmenter.installed_segmenter.cache_clear()
    assert (found.status, found.scorecard["mask_confidence"]) == (Status.READY, 0.8)
    assert found.scorecard["mask_coverage"] == pytest.approx(0.25, abs=0.01)
    # Where the border tells, nobody is asked.
    assert on_white.status == Status.READY and Middle.asked == 1
