from __future__ import annotations

import cv2
import numpy as np
import pytest

from shop_style.imaging.restoration.inpaint import fill_marked
from tests.imaging.restoration.pictures import product, psnr


def test_a_scratch_is_filled_and_nothing_else_moves() -> None:
    sound = product("tea.jpg", 320)
    mark = np.zeros((320, 320), np.uint8)
    cv2.line(mark, (40, 60), (280, 250), 1, 3)
    marked = mark == 1
    harmed = np.where(marked[..., None], np.float32(1), sound)
    made = fill_marked(harmed, marked)
    assert np.array_equal(made[~marked], sound[~marked])
    assert psnr(made[marked], sound[marked]) > psnr(harmed[marked], sound[marked]) + 8


def test_slopes_go_on_across_a_scratch() -> None:
    ramp = np.repeat(np.linspace(0.2, 0.8, 64, dtype=np.float32)[None, :, None], 64, axis=0)
    ramp = np.repeat(ramp, 3, axis=2)
    marked = np.zeros((64, 64), np.bool_)
    marked[10:54, 30:36] = True
    assert np.abs(fill_marked(np.where(marked[..., None], 0, ramp), marked) - ramp).max() < 0.01


def test_a_wide_region_takes_the_colours_around_it() -> None:
    rgb = np.full((120, 120, 3), 0.4, np.float32)
    rgb[30:90, 30:90] = (1, 0, 0)
    marked = np.zeros((120, 120), np.bool_)
    marked[28:92, 28:92] = True
    # Telea in 8 bits is a few levels off.
    assert np.abs(fill_marked(rgb, marked) - 0.4).max() < 0.025


def test_no_mark_gives_the_picture_itself() -> None:
    rgb = product("tea.jpg", 320)
    assert fill_marked(rgb, np.zeros((320, 320), np.bool_)) is rgb


@pytest.mark.parametrize(
    ("marked", "message"),
    [(np.ones((8, 8), np.bool_), "nothing to fill"), (np.ones((4, 8), np.bool_), "the picture")],
)
def test_mistakes(marked: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fill_marked(np.zeros((8, 8, 3), np.float32), marked)
