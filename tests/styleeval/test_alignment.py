from __future__ import annotations

import cv2
import numpy as np
import pytest

from styleeval.preservation import scorecard
from styleeval.preservation.alignment import Aligned, Anchor
from styleeval.preservation.pictures import scaled
from tests.styleeval import pictures

ORIGINAL = pictures.floats(pictures.bottle())
MASK = pictures.product()


def aligned(candidate: np.ndarray) -> Aligned:
    return Anchor(ORIGINAL, MASK).aligned(candidate)


@pytest.mark.parametrize("shift", [(1, 0), (-2, 1), (3, 3), (0, -4)])
def test_a_shift_of_whole_pixels_is_found_and_undone(shift: tuple[int, int]) -> None:
    moved = np.roll(ORIGINAL, shift, axis=(1, 0))
    back = aligned(moved)
    assert back.shift == shift
    # Whole pixels move back without being resampled; the edge alone is made up.
    np.testing.assert_array_equal(back.picture[8:-8, 8:-8], ORIGINAL[8:-8, 8:-8])


def test_a_shift_of_half_a_pixel_is_found() -> None:
    matrix = np.array([[1, 0, 1.5], [0, 1, -0.5]], np.float32)
    moved = cv2.warpAffine(
        ORIGINAL, matrix, (256, 256), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    ).clip(0, 1)
    # Phase correlation is that near on smooth edges.
    assert aligned(moved).shift == pytest.approx((1.5, -0.5), abs=0.55)


@pytest.mark.parametrize(
    "candidate",
    [ORIGINAL, pictures.floats(pictures.warm()), pictures.floats(pictures.blurred())],
    ids=["same", "graded", "blurred"],
)
def test_what_did_not_move_is_left_alone(candidate: np.ndarray) -> None:
    kept = aligned(candidate)
    assert kept.shift == (0, 0) and kept.picture is candidate


def test_a_product_moved_further_has_moved() -> None:
    assert aligned(np.roll(ORIGINAL, 9, axis=1)).shift == (0, 0)


def test_a_shift_costs_the_product_nothing_on_the_card() -> None:
    card = scorecard(ORIGINAL, pictures.shifted(3), MASK)
    assert card.shift == (3, 0)
    assert card.ssim.product > 0.99 and card.delta_e.product < 0.5
    assert card.silhouette is not None and card.silhouette > 0.99


def test_the_shift_is_in_pixels_of_the_picture_given() -> None:
    large = cv2.resize(ORIGINAL, (1024, 1024), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    small, mask = (scaled(item) for item in (large, cv2.resize(MASK, (1024, 1024))))
    assert Anchor(small, mask).aligned(np.roll(large, 4, axis=0)).shift == (0, 4)
