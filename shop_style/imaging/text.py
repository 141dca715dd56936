"""Where a product's print and logos are, for a lock that keeps the original's pixels there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from shop_style.imaging.intake import Photo
from shop_style.imaging.mask import ProductMask
from styleeval.preservation.text import text_boxes

Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels; right and bottom are beyond it."""
Share = tuple[float, float, float, float]
"""The same as shares of the picture's width and height."""

_MARGIN: Final = 0.2
"""By how much a box of print is widened, of its shorter side: paint must not touch the letters."""


def print_boxes(
    photo: Photo,
    mask: ProductMask,
    marked: Sequence[Share] = (),
    *,
    use_ocr: bool | None = None,
) -> tuple[Box, ...]:
    """Boxes in pixels of the product's print, widened, without overlaps, for `lock_places`.

    marked: what a merchant marked, as shares of the picture; kept as it is, with no margin.
    use_ocr: None reads where the `ocr` extra is installed, else rows of shapes like letters are
    looked for (docs/text.md says what each misses).
    """
    width, height = photo.size
    weights = None if mask.origin == "none" else mask.weights
    found = [_widened(box) for box in text_boxes(photo.flattened(), weights, use_ocr=use_ocr)]
    drawn = [
        (
            round(left * width),
            round(top * height),
            round(right * width),
            round(bottom * height),
        )
        for left, top, right, bottom in marked
    ]
    inside = [_clipped(box, width, height) for box in [*found, *drawn]]
    return united(box for box in inside if box[0] < box[2] and box[1] < box[3])


def united(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """Boxes that overlap or touch made one, from top to bottom."""
    apart: list[Box] = []
    for box in boxes:
        # A box that has grown may reach others that it did not reach before.
        while touching := [other for other in apart if _touch(box, other)]:
            apart = [other for other in apart if other not in touching]
            edges = list(zip(box, *touching, strict=True))
            box = (min(edges[0]), min(edges[1]), max(edges[2]), max(edges[3]))
        apart.append(box)
    return tuple(sorted(apart, key=lambda box: (box[1], box[0])))


def _widened(box: Box) -> Box:
    left, top, right, bottom = box
    by = max(2, round(_MARGIN * min(right - left, bottom - top)))
    return left - by, top - by, right + by, bottom + by


def _clipped(box: Box, width: int, height: int) -> Box:
    left, top, right, bottom = box
    return max(0, left), max(0, top), min(width, right), min(height, bottom)


def _touch(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]
