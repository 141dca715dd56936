from __future__ import annotations

import cv2
import numpy as np
import pytest

from styleeval.preservation.colour import lab
from styleeval.preservation.outline import Outline, outline_kept, outline_of
from tests.styleeval import pictures

ORIGINAL = pictures.floats(pictures.bottle())
MASK = pictures.product()


def outline(candidate: np.ndarray) -> Outline:
    return outline_kept(outline_of(lab(ORIGINAL), MASK), lab(candidate))


def grown(pixels: int) -> np.ndarray:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.dilate(MASK, disc)[..., None])


def test_an_untouched_outline_is_kept() -> None:
    kept = outline(ORIGINAL)
    assert kept.silhouette == 1 and kept.edge == 0 and kept.halo == 0


def test_a_grade_and_a_new_ground_keep_it() -> None:
    grey = ORIGINAL * MASK[..., None] + np.float32(0.2) * (1 - MASK[..., None])
    for candidate in (pictures.floats(pictures.warm()), grey):
        kept = outline(candidate)
        assert kept.silhouette is not None and kept.silhouette > 0.98


def test_a_fatter_product_has_another_silhouette() -> None:
    red = np.array([0.7, 0.2, 0.2], np.float32)
    rim = grown(4) * (1 - MASK[..., None])
    kept = outline(ORIGINAL * (1 - rim) + red * rim)
    assert kept.silhouette is not None and kept.silhouette < 0.95


@pytest.mark.parametrize("width", [3, 6])
def test_a_rim_is_a_halo(width: int) -> None:
    keep = MASK[..., None]
    ground = np.full_like(ORIGINAL, 0.35)
    on_grey = ORIGINAL * keep + ground * (1 - keep)
    rim = grown(width) * (1 - keep)
    # The drawn bottle's own soft edge brings a little white along.
    before = outline(on_grey).halo or 0
    assert before < 6
    haloed = on_grey * (1 - rim) + rim
    assert (outline(haloed).halo or 0) > before + 10


def test_the_originals_own_shadow_is_no_halo() -> None:
    shade = 1 - 0.4 * cv2.GaussianBlur(np.roll(MASK, 5, axis=0), (0, 0), 4)[..., None]
    keep = MASK[..., None]
    shadowed = np.where(keep == 1, ORIGINAL, ORIGINAL * shade).astype(np.float32)
    own = outline_of(lab(shadowed), MASK)
    warm = (shadowed * np.array([1.02, 1, 0.97], np.float32)).clip(0, 1)
    assert (outline_kept(own, lab(warm)).halo or 0) < 3


def test_a_soft_cut_shows_at_the_edge() -> None:
    soft = cv2.GaussianBlur(MASK, (0, 0), 3)[..., None]
    candidate = ORIGINAL * soft + (1 - soft)
    assert (outline(candidate).edge or 0) > 0.03
    assert (outline(pictures.floats(pictures.warm())).edge or 0) < 0.01


def test_a_product_nobody_can_see_says_nothing() -> None:
    white = np.ones_like(ORIGINAL)
    kept = outline_kept(outline_of(lab(white), MASK), lab(white))
    assert kept.silhouette is None and kept.edge is None
