"""The boxes of print that a lock keeps."""

from __future__ import annotations

import numpy as np
import pytest

from shop_style.imaging.intake import Photo
from shop_style.imaging.locks import lock_places
from shop_style.imaging.mask import find_mask
from shop_style.imaging.text import print_boxes, united
from styleeval.preservation.text import text_available, text_kept
from tests.benchmarks.text_places import LINES
from tests.styleeval.test_text import product

WAYS = [
    pytest.param(False, id="edges"),
    pytest.param(
        True,
        id="ocr",
        marks=pytest.mark.skipif(
            not text_available(), reason="rapidocr is not installed (extra `ocr`)"
        ),
    ),
]


def photo(name: str) -> Photo:
    return Photo(rgb=product(name), alpha=None, format="JPEG")


@pytest.mark.parametrize("use_ocr", WAYS)
def test_a_lock_on_the_boxes_brings_the_print_back(use_ocr: bool) -> None:
    original = photo("perfume.jpg")
    painted = original.rgb[::-1].copy()
    assert text_kept(original.rgb, painted, use_ocr=use_ocr).share < 0.3
    boxes = print_boxes(original, find_mask(original), use_ocr=use_ocr)
    locked = lock_places(original.rgb, painted, boxes)
    assert text_kept(original.rgb, locked, use_ocr=use_ocr).share > 0.99
    for left, top, right, bottom in boxes:
        assert np.array_equal(locked[top:bottom, left:right], original.rgb[top:bottom, left:right])


@pytest.mark.parametrize("use_ocr", WAYS)
def test_boxes_are_wider_than_the_print_apart_from_each_other_and_inside(use_ocr: bool) -> None:
    original = photo("harbour-mug.jpg")
    boxes = print_boxes(original, find_mask(original), use_ocr=use_ocr)
    assert boxes == united(boxes)
    width, height = original.size
    assert all(0 <= box[0] < box[2] <= width and 0 <= box[1] < box[3] <= height for box in boxes)
    left, _, right, bottom = list(LINES["harbour-mug.jpg"])[2]
    assert any(
        box[0] <= left + 15 and box[2] >= right - 15 and box[3] >= bottom - 25 for box in boxes
    )
    # A lock must not take the product with it.
    assert sum((box[2] - box[0]) * (box[3] - box[1]) for box in boxes) < 0.2 * width * height


def test_a_merchants_box_is_kept_as_drawn_and_cut_at_the_edge() -> None:
    original = photo("stool.jpg")
    mask = find_mask(original)
    width, height = original.size
    boxes = print_boxes(
        original, mask, [(0.25, 0.5, 0.5, 0.75), (0.9, 0.9, 1.2, 1.2)], use_ocr=False
    )
    assert boxes == (
        (width // 4, height // 2, width // 2, 3 * height // 4),
        (round(0.9 * width), round(0.9 * height), width, height),
    )
    assert print_boxes(original, mask, [(0.5, 0.5, 0.5, 0.6)], use_ocr=False) == ()


def test_boxes_that_touch_through_a_third_become_one() -> None:
    first, second, bridge = (0, 0, 10, 10), (20, 0, 30, 10), (8, 2, 22, 8)
    assert united([first, second]) == (first, second)
    assert united([first, second, bridge]) == ((0, 0, 30, 10),)
