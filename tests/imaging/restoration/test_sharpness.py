from __future__ import annotations

import cv2
import numpy as np
import pytest

from shop_style.imaging.restoration.sharpness import LEAST_BLUR, deblur, estimate_blur
from tests.imaging.restoration.pictures import Floats, eight_bit, grained, product, psnr

NAMES = ["tea.jpg", "harbour-mug.jpg", "perfume.jpg"]


def softened(rgb: Floats, sigma: float) -> Floats:
    return eight_bit(cv2.GaussianBlur(rgb, (0, 0), sigma))


@pytest.mark.parametrize("name", NAMES)
def test_sound_pictures_are_sharp(name: str) -> None:
    assert estimate_blur(product(name)) < LEAST_BLUR


@pytest.mark.parametrize("sigma", [1.5, 2.0, 2.5])
@pytest.mark.parametrize("name", NAMES)
def test_tells_the_width(name: str, sigma: float) -> None:
    """Variances add: the picture's own edges are up to 0.9 px wide."""
    own = estimate_blur(product(name))
    expected = float(np.hypot(sigma, own))
    assert estimate_blur(softened(product(name), sigma)) == pytest.approx(expected, rel=0.25)


def test_a_picture_without_edges_says_nothing() -> None:
    assert estimate_blur(np.full((64, 64, 3), 0.5, np.float32)) == 0.0


@pytest.mark.parametrize("sigma", [1.2, 2.0])
@pytest.mark.parametrize("name", NAMES)
def test_comes_nearer_to_the_sound_picture(name: str, sigma: float) -> None:
    sound = product(name)
    soft = softened(sound, sigma)
    assert psnr(deblur(soft, estimate_blur(soft)), sound) > psnr(soft, sound) + 1


def test_edges_do_not_ring() -> None:
    """A step stays between its two sides but for 10 % of it, and far from it nothing moves."""
    step = np.full((96, 96, 3), 0.3, np.float32)
    step[:, 48:] = 0.7
    made = deblur(softened(step, 2.0), 2.1)
    assert made.max() <= 0.7 + 0.1 * 0.4 + 1e-3
    assert made.min() >= 0.3 - 0.1 * 0.4 - 1e-3
    assert np.abs(made[:, :36] - 0.3).max() < 0.01


def test_grain_is_not_sharpened() -> None:
    """Told of grain, it lifts it less than it would otherwise."""
    flat = grained(np.full((128, 128, 3), 0.5, np.float32), 3)
    assert deblur(flat, 2.0, noise=10).std() < 0.5 * deblur(flat, 2.0).std()


def test_a_sharp_picture_comes_back_itself() -> None:
    rgb = product("tea.jpg")
    assert deblur(rgb, LEAST_BLUR) is rgb
