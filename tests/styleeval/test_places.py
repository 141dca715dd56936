"""Displacement, fine detail, hue, ground: the measures beside SSIM, ΔE00 and the learned one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from styleeval.preservation import Scorecard, scorecard
from styleeval.preservation.colour import hue_maps, lab
from styleeval.preservation.geometry import displacement_map
from styleeval.preservation.ground import frame_of, white_kept
from styleeval.preservation.structure import detail_maps
from tests.styleeval import pictures

ORIGINAL = pictures.floats(pictures.bottle())
MASK = pictures.product()
LABEL = pictures.LABEL


def test_nothing_moves_when_light_and_colour_change() -> None:
    assert displacement_map(ORIGINAL, ORIGINAL).max() < 0.05
    darker = ORIGINAL * np.float32(0.8)
    assert displacement_map(ORIGINAL, darker)[LABEL].mean() < 0.5


@pytest.mark.parametrize("pixels", [3, 5])
def test_print_that_moved_shows_how_far(pixels: int) -> None:
    moved = ORIGINAL.copy()
    rows, columns = LABEL
    moved[rows, columns] = np.roll(ORIGINAL[rows, columns], pixels, axis=1)
    found = displacement_map(ORIGINAL, moved)[rows, columns]
    # Pooling takes something of a small label that moved in a place that did not.
    assert 0.4 * pixels < np.median(found[20:-20, 15:-15]) < pixels + 1


def test_strokes_over_a_product_do_not_move_it_and_a_warp_does() -> None:
    noise = np.random.default_rng(0).standard_normal(MASK.shape).astype(np.float32)
    strokes = cv2.GaussianBlur(noise, (0, 0), 2, sigmaY=8)
    painted = ORIGINAL + 0.1 * (strokes / strokes.std() * MASK)[..., None]
    rows, columns = np.mgrid[0:256, 0:256].astype(np.float32)
    way = (columns + 3 * np.sin(rows / 14), rows + 3 * np.sin(columns / 14))
    bent = cv2.remap(ORIGINAL, *way, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def mean_move(candidate: np.ndarray) -> float:
        return scorecard(ORIGINAL, candidate.clip(0, 1), MASK).displacement.product

    # The flow alone says a third of a pixel of the strokes.
    assert mean_move(painted) < 0.02
    assert 0.9 < mean_move(bent) < 3


def test_detail_falls_with_blur_and_not_with_what_is_added() -> None:
    kept, counts = detail_maps(ORIGINAL, ORIGINAL)
    # The constant against noise keeps it from exactly 1 where detail is faint.
    assert kept[counts > 0.5].min() > 0.85
    shares = [
        float(np.average(detail_maps(ORIGINAL, blurred)[0], weights=counts))
        for blurred in (pictures.floats(pictures.blurred(sigma)) for sigma in (1, 2, 4))
    ]
    assert shares == sorted(shares, reverse=True) and shares[-1] < 0.4
    noise = np.random.default_rng(0).normal(0, 0.05, ORIGINAL.shape).astype(np.float32)
    noisy, _ = detail_maps(ORIGINAL, (ORIGINAL + noise).clip(0, 1))
    assert np.average(noisy, weights=counts) > 0.85


def test_a_label_upside_down_has_none_of_its_detail() -> None:
    kept, counts = detail_maps(ORIGINAL, pictures.floats(pictures.label_upside_down()))
    assert np.average(kept[LABEL], weights=counts[LABEL]) < 0.45


@pytest.mark.parametrize("degrees", [15, 40, 120])
def test_a_turned_hue_is_measured_in_degrees(degrees: int) -> None:
    first = np.zeros((32, 32, 3), np.float32)
    first[..., 0], first[..., 1] = 60, 40
    second, angle = first.copy(), np.deg2rad(degrees)
    second[..., 1], second[..., 2] = 40 * np.cos(angle), 40 * np.sin(angle)
    hue, counts = hue_maps(first, second)
    assert hue.mean() == pytest.approx(degrees, abs=0.1) and counts.min() == 1


def test_grey_says_nothing_about_hue() -> None:
    _, counts = hue_maps(lab(np.full((16, 16, 3), 0.5, np.float32)), lab(ORIGINAL[:16, :16]))
    assert counts.max() == 0


def test_white_is_kept_only_when_it_is_exactly_white() -> None:
    assert white_kept(ORIGINAL, ORIGINAL, MASK) == 1
    assert white_kept(ORIGINAL, pictures.floats(pictures.new_background()), MASK) < 0.2
    almost = np.where(MASK[..., None] > 0, ORIGINAL, np.float32(253 / 255))
    assert white_kept(ORIGINAL, almost, MASK) == 0
    assert white_kept(ORIGINAL * np.float32(0.9), ORIGINAL, MASK) is None
    nearly = np.minimum(ORIGINAL, np.float32(254 / 255))
    assert white_kept(nearly, nearly, MASK) == 1 and white_kept(nearly, almost, MASK) == 0


def test_the_frame_knows_fill_and_border() -> None:
    frame = frame_of(ORIGINAL, MASK)
    rows = np.flatnonzero(MASK.any(axis=1))
    assert frame.fill == pytest.approx((rows[-1] + 1 - rows[0]) / 256)
    assert frame.white == 1
    assert frame_of(ORIGINAL * np.float32(0.9), MASK).white == 0
    assert frame_of(ORIGINAL, np.zeros_like(MASK)).fill == 0


def test_masks_survive_resizing() -> None:
    """The same product at twice the size scores the same, within what interpolation moves."""
    spoilt = pictures.floats(pictures.label_upside_down())

    def card(times: int) -> Scorecard:
        return scorecard(
            *(
                cv2.resize(item, None, fx=times, fy=times, interpolation=cv2.INTER_NEAREST)
                for item in (ORIGINAL, spoilt, MASK)
            )
        )

    middle, large = card(2), card(4)
    for name in ("ssim", "delta_e", "detail", "displacement"):
        one, other = getattr(middle, name), getattr(large, name)
        assert one.product == pytest.approx(other.product, abs=0.02), name
        assert one.worst_tile.value == pytest.approx(other.worst_tile.value, abs=0.05), name
