from __future__ import annotations

import numpy as np
import pytest

from shop_style.imaging.restoration.noise import NoiseLevel, denoise, estimate_noise
from tests.imaging.restoration.pictures import cat, grained, product, psnr, whole_product


@pytest.mark.parametrize("sigma", [4, 10, 20])
@pytest.mark.parametrize("name", ["tea.jpg", "harbour-mug.jpg"])
def test_the_estimate_is_the_grain_that_was_added(name: str, sigma: float) -> None:
    """Within 6 %: the catalogue's JPEGs hold up to 0.5 levels of their own."""
    for found in estimate_noise(grained(product(name), sigma)).sigmas:
        assert found == pytest.approx(sigma, rel=0.06)


@pytest.mark.parametrize("name", ["cushion.jpg", "tote.png", "tea.jpg", "bowls.jpg"])
def test_cloth_and_sound_pictures_hold_no_grain(name: str) -> None:
    """The tote's weave is as fine as pixels are."""
    assert not estimate_noise(product(name)).visible


def test_grain_comes_out_and_edges_stay() -> None:
    sound = product("tea.jpg")
    grainy = grained(sound, 10)
    made = denoise(grainy, estimate_noise(grainy))
    assert psnr(made, sound) > psnr(grainy, sound) + 8
    across = np.abs(np.diff(sound.mean(axis=-1), axis=1))
    strong = across > np.quantile(across, 0.99)
    kept = np.abs(np.diff(made.mean(axis=-1), axis=1))[strong].mean() / across[strong].mean()
    assert kept > 0.93


def test_cloth_outlives_its_grain() -> None:
    """What is left of the weave is the weave: most of its energy, and in its place."""
    sound = product("cushion.jpg")
    grainy = grained(sound, 5)
    made = denoise(grainy, estimate_noise(grainy))
    fine, was = (np.diff(item.mean(axis=-1), axis=0).ravel() for item in (made, sound))
    assert float(fine @ was / (was @ was)) > 0.8
    assert float(np.corrcoef(fine, was)[0, 1]) > 0.9


def test_white_ground_comes_back_white() -> None:
    """Grain on white can only darken it; its mean would be a light grey."""
    sound = whole_product("stool.jpg")
    grainy = grained(sound, 10)
    made = denoise(grainy, estimate_noise(grainy))
    corner = (slice(0, 60), slice(0, 60))
    assert np.all(sound[corner] == 1)
    assert grainy[corner].mean() < 0.99
    assert made[corner].mean() > 0.998


def test_no_grain_gives_the_picture_itself() -> None:
    assert denoise(cat(), NoiseLevel()) is cat()


def test_a_ground_of_one_colour_says_nothing_of_the_product() -> None:
    """A product cut out and laid on grey keeps the grain it was taken with."""
    rgb = np.full((256, 256, 3), 0.8, np.float32)
    weights = np.zeros((256, 256), np.float32)
    weights[64:192, 64:192] = 1
    rgb[64:192, 64:192] = grained(np.full((128, 128, 3), 0.4, np.float32), 8)
    assert not estimate_noise(rgb).visible
    assert estimate_noise(rgb, weights).lightness == pytest.approx(8, rel=0.1)
