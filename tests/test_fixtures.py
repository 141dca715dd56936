"""The demo's own pictures: what the README promises of them, and that they can be made again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fixtures.render.picture import render
from fixtures.render.products import SCENES
from shop_style.imaging.intake import decode
from shop_style.imaging.mask import find_mask

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
CATALOGUE = json.loads((FIXTURES / "catalogue.json").read_text())
IMAGES = [
    image
    for product in CATALOGUE
    for image in product["images"]
    if not image["file"].startswith("skimage:")
]


def test_the_catalogue_is_what_the_demo_needs() -> None:
    kinds = [image["background"] for image in IMAGES]
    assert len(IMAGES) >= 8
    assert kinds.count("white") + kinds.count("alpha") >= 4 and kinds.count("scene") >= 4
    assert kinds.count("alpha") >= 2
    assert sum(bool(image.get("text")) for image in IMAGES) >= 2
    sides = [max(Image.open(FIXTURES / image["file"]).size) for image in IMAGES]
    assert max(sides) >= 3000


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: str(image["file"]))
def test_every_picture_is_taken_in_and_its_background_is_told(image: dict[str, str]) -> None:
    photo = decode((FIXTURES / image["file"]).read_bytes(), name=image["file"])
    mask = find_mask(photo)
    if image["background"] == "scene":
        assert mask.origin not in ("white", "alpha")
        return
    assert mask.origin == image["background"] and mask.usable
    if image["background"] == "white":
        assert (photo.rgb[0] == 1).all() and (photo.rgb[:, 0] == 1).all()


def test_a_scene_renders_the_same_twice() -> None:
    first, second = (render(SCENES["tide-mug"](), scale=48 / 1200, samples=1) for _ in range(2))
    assert np.array_equal(first, second)
    assert first.shape[2] == 4 and {0, 255} <= set(np.unique(first[..., 3]).tolist())
