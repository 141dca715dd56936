"""Light and shade before and after: kept under another surface, lost when flat or turned around."""

from __future__ import annotations

import numpy as np
import pytest

from styleeval.preservation.shading import shading_correlation

ROWS, COLUMNS = np.mgrid[0:200, 0:240].astype(np.float32)
MASK = (np.hypot(ROWS - 100, COLUMNS - 120) < 80).astype(np.float32)
LIGHT = (0.6 + 0.35 * np.sin(COLUMNS / 30))[..., None]


def on_white(product: np.ndarray) -> np.ndarray:
    return np.where(MASK[..., None] > 0, product, np.float32(1)).astype(np.float32)


def lit(colour: tuple[float, ...], light: np.ndarray = LIGHT) -> np.ndarray:
    ground = np.float32(1)
    return np.where(MASK[..., None] > 0, light * np.array(colour, np.float32), ground).astype(
        np.float32
    )


def woven(light: np.ndarray = LIGHT) -> np.ndarray:
    """Blue and cream checks under a light."""
    checks = ((ROWS // 5 + COLUMNS // 5) % 2)[..., None]
    cloth = checks * np.array([0.2, 0.3, 0.7], np.float32) + (1 - checks) * np.array(
        [0.9, 0.85, 0.7], np.float32
    )
    return np.where(MASK[..., None] > 0, light * cloth, np.float32(1)).astype(np.float32)


def test_an_equal_picture_scores_one_also_when_evenly_lit() -> None:
    flat = np.ones_like(LIGHT)
    for picture in (lit((0.8, 0.2, 0.2)), woven(), lit((0.8, 0.2, 0.2), flat)):
        assert shading_correlation(picture, picture, MASK) == pytest.approx(1, abs=1e-5)


def test_a_fabric_under_the_same_light_scores_high_whatever_its_colours() -> None:
    for share in (1.0, 0.7):
        assert shading_correlation(lit((0.8, 0.2, 0.2)), np.float32(share) * woven(), MASK) > 0.95


def test_a_flat_fabric_and_one_lit_from_the_other_side_do_not() -> None:
    original = lit((0.8, 0.2, 0.2))
    assert abs(shading_correlation(original, woven(np.full_like(LIGHT, 0.7)), MASK)) < 0.4
    assert shading_correlation(original, woven(1.2 - LIGHT), MASK) < -0.7


def test_light_that_was_not_there_costs() -> None:
    flat = lit((0.8, 0.2, 0.2), np.full_like(LIGHT, 0.7))
    assert shading_correlation(flat, woven(), MASK) < 0.4
    assert shading_correlation(flat, woven(np.full_like(LIGHT, 0.7)), MASK) > 0.8


def test_only_the_inside_counts() -> None:
    original, dressed = lit((0.8, 0.2, 0.2)), woven()
    restyled = np.where(MASK[..., None] > 0, dressed, np.float32(0))
    first, second = (shading_correlation(original, item, MASK) for item in (dressed, restyled))
    assert first == pytest.approx(second, abs=1e-5)
    assert shading_correlation(original, dressed, np.zeros_like(MASK)) == 1
