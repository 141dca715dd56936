from __future__ import annotations

import numpy as np
import pytest

from shop_style.imaging.restoration.contrast import LEAST_VEIL, estimate_veil, unveil
from tests.imaging.restoration.pictures import cup, eight_bit, psnr, whole_product

SOUND = ["stool.jpg", "perfume.jpg", "lamp.jpg", "tea.jpg"]


@pytest.mark.parametrize("name", SOUND)
def test_sound_pictures_come_back_themselves(name: str) -> None:
    rgb = whole_product(name)
    assert estimate_veil(rgb) < LEAST_VEIL
    assert unveil(rgb, estimate_veil(rgb)) is rgb


@pytest.mark.parametrize("share", [0.5, 0.6, 0.75])
def test_flatness_is_told_and_undone(share: float) -> None:
    sound = cup()
    flat = eight_bit(0.5 + share * (sound - 0.5))
    veil = estimate_veil(flat)
    assert veil == pytest.approx((1 - share) / 2, abs=0.03)
    assert psnr(unveil(flat, veil), sound) > psnr(flat, sound) + 6


def test_light_on_white_is_not_flat() -> None:
    """A cream jug on white has no black, and needs none."""
    rgb = np.ones((100, 100, 3), np.float32)
    rgb[20:80, 20:80] = (0.9, 0.86, 0.78)
    assert estimate_veil(rgb) == 0


def test_never_more_than_twofold() -> None:
    rgb = np.linspace(0.45, 0.55, 3 * 64 * 64, dtype=np.float32).reshape(64, 64, 3)
    made = unveil(rgb, estimate_veil(rgb))
    assert np.ptp(made) <= 2 * np.ptp(rgb) + 1e-5
