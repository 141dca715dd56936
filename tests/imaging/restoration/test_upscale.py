from __future__ import annotations

import cv2
import numpy as np
import pytest

from shop_style.imaging.restoration.upscale import doubled
from tests.imaging.restoration.pictures import cat, product, psnr


def halved(rgb: np.ndarray) -> np.ndarray:
    height, width = rgb.shape[:2]
    return cv2.resize(rgb, (width // 2, height // 2), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("name", ["tea.jpg", "harbour-mug.jpg", "cushion.jpg"])
def test_comes_nearer_to_the_large_picture_than_bicubic(name: str) -> None:
    sound = product(name)
    small = halved(sound)
    plain = cv2.resize(small, sound.shape[1::-1], interpolation=cv2.INTER_CUBIC).clip(0, 1)
    assert psnr(doubled(small), sound) > psnr(plain, sound) + 0.3


def test_reduced_again_it_is_the_small_picture() -> None:
    small = cat()
    assert psnr(halved(doubled(small)), small) > 42


def test_invents_nothing() -> None:
    """No pixel leaves the span of its neighbours by more than 5 %."""
    step = np.full((32, 32, 3), 0.3, np.float32)
    step[:, 16:] = 0.7
    made = doubled(step)
    assert made.shape == (64, 64, 3)
    assert made.min() >= 0.3 - 0.021 and made.max() <= 0.7 + 0.021


def test_a_plane_alone() -> None:
    alpha = np.zeros((20, 30), np.float32)
    alpha[5:15, 5:25] = 1
    assert doubled(alpha).shape == (40, 60)
    assert np.all(doubled(alpha)[12:28, 14:46] == 1)
