"""What a merchant says of a picture: where it is read from, what it changes, what is refused."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from shop_style.exceptions import GuideUnusable, IntakeError, SourceFileMissing
from shop_style.generation import runner
from shop_style.generation.guides import guide_of, save_guide, uploaded_mask
from shop_style.generation.photographs import named_photograph, named_pictures
from shop_style.imaging.guide import Guide, is_rim_product, read_mask
from shop_style.models import PictureGuide, Status, StyleVariant
from shop_style.sources import SourceImage, source_image
from tests.generation.guides import (
    LEFT_HALF,
    PLACE,
    RIGHT_HALF,
    SIZE,
    change_of,
    drawn,
    encoded,
    rendered,
    say,
)

pytestmark = pytest.mark.django_db(transaction=True)


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
