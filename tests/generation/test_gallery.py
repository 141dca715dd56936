"""One product's pictures are normalised together."""

from __future__ import annotations

import io

import numpy as np
import pytest
from django.core.files.base import ContentFile
from PIL import Image

from shop_style.generation.gallery import MOST_PICTURES, gallery_of, gallery_statistics
from shop_style.generation.recipe import recipe_for
from shop_style.generation.request import request_variants
from shop_style.generation.runner import run
from shop_style.models import Style, StyleVariant
from shop_style.sources import source_image
from tests.shop.models import Chair, Lamp, Shot

pytestmark = pytest.mark.django_db


def _style(**parameters: object) -> Style:
    values = {"style": "hokusai-great-wave", "statistics": "gallery"} | parameters
    return Style.objects.create(
        slug="wave", name="Wave", engine="network", parameters=values, keep_white=False
    )


def _shots(picture, count: int = 3) -> list[Shot]:
    lamp = Lamp.objects.create()
    Shot.objects.create(lamp=Lamp.objects.create(), picture=ContentFile(picture(), "other.jpg"))
    sizes = [(96 + 20 * number, 80) for number in range(count)]
    return [
        Shot.objects.create(lamp=lamp, picture=ContentFile(picture(size=size), f"{size[0]}.jpg"))
        for size in sizes
    ]


def test_a_gallery_is_the_rows_of_the_same_product(picture):
    shots = _shots(picture, MOST_PICTURES + 1)
    found = gallery_of(source_image(shots[-1], "picture"))
    assert [item.instance.pk for item in found] == [shot.pk for shot in shots[:MOST_PICTURES]]


def test_a_picture_whose_model_belongs_to_nothing_is_its_own_gallery(picture):
    chair = Chair.objects.create(photo=ContentFile(picture(), "chair.jpg"))
    (only,) = gallery_of(source_image(chair, "photo"))
    assert only.instance == chair


def test_a_sibling_that_cannot_be_read_is_left_out(picture):
    shots = _shots(picture)
    Shot.objects.create(lamp=shots[0].lamp, picture=ContentFile(b"no picture", "broken.jpg"))
    provider = gallery_statistics(source_image(shots[0], "picture"), recipe_for(_style()))
    assert provider is not None
    assert len(provider.samples(None, None)) == 3  # type: ignore[arg-type]


def test_only_a_recipe_that_asks_is_given_a_gallery(picture):
    shot = source_image(_shots(picture)[0], "picture")
    assert gallery_statistics(shot, recipe_for(_style(statistics="thumbnail"))) is None


def _rendered(shot: Shot, style: Style) -> np.ndarray:
    request_variants([source_image(shot, "picture")], [style], actor="test")
    variant = StyleVariant.objects.get(object_id=str(shot.pk), style=style)
    assert run(variant.pk, using="default") == "ready"
    variant.refresh_from_db()
    with variant.image.open() as stream:
        return np.asarray(Image.open(io.BytesIO(stream.read())).convert("RGB"), np.float32)


def test_a_worker_renders_with_the_gallery_of_the_row(picture):
    shots = _shots(picture)
    alone = Style.objects.create(
        slug="alone",
        name="Alone",
        engine="network",
        parameters={"style": "hokusai-great-wave"},
        keep_white=False,
    )
    together = _style()
    # The siblings are of other sizes, so what is measured on all three differs.
    assert np.abs(_rendered(shots[0], together) - _rendered(shots[0], alone)).mean() > 0.2
