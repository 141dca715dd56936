"""The outline found anew: kept, eaten, overrun, moved; light on white too."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from styleeval.preservation.silhouette import Silhouette, silhouette_iou

ROWS, COLUMNS = np.mgrid[0:256, 0:256].astype(np.float32)
MASK = cv2.GaussianBlur((np.hypot(ROWS - 128, COLUMNS - 128) < 80).astype(np.float32), (0, 0), 0.7)
RANDOM = np.random.default_rng(0)
GROUNDS = {
    "white": np.ones((256, 256, 3), np.float32),
    "teal": np.full((256, 256, 3), (0.27, 0.55, 0.55), np.float32),
    "gradient": np.repeat(np.tile(ROWS[..., None] / 400 + 0.2, 3), 1, 0).astype(np.float32),
}


def on(ground: np.ndarray, surface: np.ndarray, mask: np.ndarray = MASK) -> np.ndarray:
    share = mask[..., None]
    return np.asarray(surface * share + ground * (1 - share), np.float32)


def plain(*rgb: float) -> np.ndarray:
    return np.full((256, 256, 3), rgb, np.float32)


def pattern() -> np.ndarray:
    """A fabric of blue spots, on a cream that white paper is just told from."""
    spots = ((ROWS // 9 + COLUMNS // 9) % 2)[..., None]
    cloth = spots * plain(0.1, 0.2, 0.6) + (1 - spots) * plain(0.93, 0.9, 0.82)
    return np.asarray(cloth, np.float32)


@pytest.mark.parametrize("ground", GROUNDS)
def test_an_unchanged_picture_scores_one(ground: str) -> None:
    for surface in (plain(0.8, 0.2, 0.1), plain(0.99, 0.99, 0.99), pattern()):
        picture = on(GROUNDS[ground], surface)
        assert silhouette_iou(picture, picture, MASK) == 1


@pytest.mark.parametrize("ground", GROUNDS)
def test_another_surface_within_the_outline_scores_one(ground: str) -> None:
    original = on(GROUNDS[ground], plain(0.8, 0.2, 0.1))
    dressed = on(GROUNDS[ground], pattern())
    noisy = (dressed + RANDOM.normal(0, 0.006, dressed.shape)).clip(0, 1).astype(np.float32)
    assert silhouette_iou(original, dressed, MASK) > 0.995
    assert silhouette_iou(original, noisy, MASK) > 0.99


@pytest.mark.parametrize("ground", GROUNDS)
def test_a_bite_an_overrun_and_a_shift_cost_their_area(ground: str) -> None:
    behind = GROUNDS[ground]
    original = on(behind, plain(0.8, 0.2, 0.1))
    area = float((MASK > 0.5).sum())
    eaten, overrun = MASK.copy(), MASK.copy()
    eaten[100:140, :100] = 0
    overrun[20:60, 20:60] = 1
    lost = float(((MASK > 0.5) & (eaten < 0.5)).sum())
    assert silhouette_iou(original, on(behind, pattern(), eaten), MASK) == pytest.approx(
        1 - lost / area, abs=0.03
    )
    assert silhouette_iou(original, on(behind, pattern(), overrun), MASK) == pytest.approx(
        area / (area + 1600), abs=0.03
    )
    shifts = [
        silhouette_iou(original, on(behind, pattern(), np.roll(MASK, by, 1)), MASK)
        for by in (0, 4, 8, 16)
    ]
    assert shifts == sorted(shifts, reverse=True)
    assert shifts[0] > 0.995 and shifts[1] < 0.98 and shifts[3] < 0.85


def test_a_fabric_that_melts_into_the_paper_costs_and_a_light_motif_does_not() -> None:
    white = GROUNDS["white"]
    original = on(white, plain(0.8, 0.2, 0.1))
    faded = plain(0.2, 0.3, 0.6)
    faded[:, 160:] = 1
    assert silhouette_iou(original, on(white, faded), MASK) < 0.85
    motif = plain(0.2, 0.3, 0.6)
    motif[110:140, 110:140] = 1
    assert silhouette_iou(original, on(white, motif), MASK) > 0.995


def test_where_the_original_has_no_outline_none_is_asked_for() -> None:
    white = GROUNDS["white"]
    original = on(white, plain(0.995, 0.995, 0.995))
    assert silhouette_iou(original, on(white, pattern()), MASK) > 0.99


def test_an_empty_mask_scores_one() -> None:
    picture = GROUNDS["teal"]
    assert silhouette_iou(picture, picture, np.zeros((256, 256), np.float32)) == 1


def moved(mask: np.ndarray, ground: str = "white", own: np.ndarray = MASK) -> float:
    original = on(GROUNDS[ground], plain(0.8, 0.2, 0.1), own)
    kept = Silhouette(original, own).kept(on(GROUNDS[ground], pattern(), mask))
    assert kept is not None
    return kept.moved


@pytest.mark.parametrize("ground", GROUNDS)
def test_the_outline_says_how_far_it_moved_where_it_moved_most(ground: str) -> None:
    assert moved(MASK, ground) < 0.5
    half = MASK.copy()
    half[:, 128:] = np.roll(MASK, 8, axis=0)[:, 128:]
    # Eight pixels at the top, none at the sides, less one that is left out, over a stretch.
    assert 4.5 < moved(half, ground) < 7.5
    steps = [moved(np.roll(MASK, by, axis=0), ground) for by in (2, 4, 6, 8)]
    assert steps == sorted(steps) and steps[0] < 2.5 < steps[-1]


def test_a_filled_hole_has_moved_although_the_product_hardly_grew() -> None:
    ring = MASK * (np.hypot(ROWS - 128, COLUMNS - 90) > 10)
    original = on(GROUNDS["white"], plain(0.8, 0.2, 0.1), ring)
    filled = Silhouette(original, ring).kept(on(GROUNDS["white"], pattern()))
    assert filled is not None and filled.iou > 0.98, "so small is it"
    assert filled.moved > 3 > 0.5 > moved(ring, own=ring)


def test_on_another_ground_nothing_can_be_told_against_the_own() -> None:
    original = on(GROUNDS["white"], plain(0.8, 0.2, 0.1))
    assert Silhouette(original, MASK).kept(on(GROUNDS["teal"], plain(0.8, 0.2, 0.1))) is None
