from __future__ import annotations

import cv2
import numpy as np
import pytest

from shop_style.imaging.restoration.blocks import coefficients
from shop_style.imaging.restoration.compression import deblock, estimate_quality, quantisation
from tests.imaging.restoration.pictures import Floats, product, psnr

NAMES = ["tea.jpg", "harbour-mug.jpg", "cushion.jpg"]


def saved(rgb: Floats, quality: int) -> Floats:
    bgr = np.rint(rgb[..., ::-1] * 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1]
    return np.ascontiguousarray(decoded.astype(np.float32) / np.float32(255))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("quality", [20, 30, 50, 70])
def test_tells_the_quality(name: str, quality: int) -> None:
    assert estimate_quality(saved(product(name), quality)) == quality


@pytest.mark.parametrize("name", NAMES)
def test_sound_and_well_saved_pictures_have_none(name: str) -> None:
    assert estimate_quality(product(name)[1:, 3:]) is None
    assert estimate_quality(saved(product(name), 90)) is None


@pytest.mark.parametrize("name", NAMES)
def test_takes_the_blocks_out(name: str) -> None:
    sound = product(name)
    harmed = saved(sound, 30)
    made = deblock(harmed, 30)
    assert psnr(made, sound) > psnr(harmed, sound) + 0.2
    seams, inside = _steps(made - harmed, 7), _steps(made - harmed, 3)
    assert seams > 1.5 * inside


def test_stays_within_what_the_file_says() -> None:
    harmed = saved(product("tea.jpg"), 30)
    made = deblock(harmed, 30)
    held, tried = (
        coefficients(cv2.cvtColor(item, cv2.COLOR_RGB2GRAY) * np.float32(255))
        for item in (harmed, made)
    )
    beyond = np.abs(tried - held) - quantisation(30)[:, None, :] / 2
    # Clipping to [0, 1] and chroma leave a little on few blocks.
    assert float((beyond > 1.0).mean()) < 0.002


def _steps(change: Floats, column: int) -> float:
    """Mean change from one column of each block to the next."""
    return float(np.abs(np.diff(change.mean(axis=-1), axis=1)[:, column::8]).mean())
