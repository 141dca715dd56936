"""Which places of a photo a style leaves as they are."""

from __future__ import annotations

import math

from shop_style.generation.specification import Recipe
from shop_style.imaging.guide import Guide, Shares
from shop_style.imaging.intake import Photo
from shop_style.imaging.locks import Box


def places(recipe: Recipe, guide: Guide | None, photo: Photo) -> tuple[Box, ...]:
    """Boxes in pixels of the photo: those that the merchant marked. None without a text lock."""
    if not recipe.text_lock or guide is None:
        return ()
    return tuple(_pixels(box, photo.size) for box in guide.boxes)


def _pixels(box: Shares, size: tuple[int, int]) -> Box:
    """Every pixel that a place touches."""
    width, height = size
    left, top, right, bottom = box
    return (
        math.floor(left * width),
        math.floor(top * height),
        math.ceil(right * width),
        math.ceil(bottom * height),
    )
