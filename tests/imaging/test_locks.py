"""What a styled product keeps of its own."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from shop_style.imaging.locks import STROKE, lock_colour, lock_places
from styleeval.preservation.colour import delta_e_map

ROWS, COLUMNS = np.mgrid[0:160, 0:200].astype(np.float32)
WEIGHTS = (np.hypot(ROWS - 80, COLUMNS - 100) < 60).astype(np.float32)
INSIDE = np.hypot(ROWS - 80, COLUMNS - 100) < 45


def mug() -> np.ndarray:
    """A blue disc, shaded from left to right, on white."""
    shade = (0.5 + 0.4 * COLUMNS / 200)[..., None]
    blue = shade * np.float32([0.2, 0.35, 0.8])
    return np.where(WEIGHTS[..., None] > 0, blue, np.float32(1)).astype(np.float32)


def painted(strength: float = 0.08) -> np.ndarray:
    """The mug in another hue and darker, with strokes four pixels wide."""
    strokes = strength * np.sign(np.sin(ROWS * np.pi / 4))[..., None]
    return (mug()[..., ::-1] * 0.8 + strokes).clip(0, 1).astype(np.float32)


def lab(rgb: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)


def test_a_locked_product_has_its_own_hue_and_shade_and_the_styles_strokes() -> None:
    locked = lock_colour(mug(), painted(), WEIGHTS, share=1.0)
    assert delta_e_map(mug(), painted())[INSIDE].mean() > 25
    assert delta_e_map(mug(), locked)[INSIDE].mean() < 7
    apart = lab(locked)[INSIDE] - lab(mug())[INSIDE]
    assert np.abs(apart[:, 1:]).max() < 2
    # Strokes are there, light and dark alike.
    assert apart[:, 0].std() > 2 and abs(apart[:, 0].mean()) < 1


def test_no_stroke_is_stronger_than_it_may_be() -> None:
    locked = lock_colour(mug(), painted(0.5), WEIGHTS, share=1.0)
    change = np.abs(lab(locked) - lab(mug()))[INSIDE][:, 0]
    assert change.max() < STROKE + 0.1 and change.max() > STROKE - 1


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_beside_the_product_nothing_is_locked(share: float) -> None:
    styled = painted()
    locked = lock_colour(mug(), styled, WEIGHTS, share=share)
    np.testing.assert_array_equal(locked[WEIGHTS == 0], styled[WEIGHTS == 0])
    if share == 0:
        np.testing.assert_array_equal(locked, styled)


def test_half_a_lock_lies_between() -> None:
    styled = painted()
    none, half, full = (lock_colour(mug(), styled, WEIGHTS, share=s) for s in (0.0, 0.5, 1.0))
    np.testing.assert_allclose(half, (none + full) / 2, atol=1e-6)


def test_a_place_keeps_every_bit_and_fades_out_beside_it() -> None:
    styled = painted()
    kept = lock_places(mug(), styled, [(80, 60, 120, 80)])
    np.testing.assert_array_equal(kept[60:80, 80:120], mug()[60:80, 80:120])
    np.testing.assert_array_equal(kept[:50], styled[:50])
    near = np.abs(kept - styled).sum(-1)[70, 60:80]
    assert near[0] == 0 and (np.diff(near) >= -1e-6).all() and near[-1] > 0


def test_a_box_beyond_the_picture_is_cut() -> None:
    kept = lock_places(mug(), painted(), [(-20, -20, 10, 10), (190, 150, 400, 300)])
    np.testing.assert_array_equal(kept[:10, :10], mug()[:10, :10])
    np.testing.assert_array_equal(kept[150:, 190:], mug()[150:, 190:])
    np.testing.assert_array_equal(lock_places(mug(), painted(), []), painted())
