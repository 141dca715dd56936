from __future__ import annotations

import cv2
import numpy as np
import pytest

from shop_style.imaging.restoration.white_balance import Cast, estimate_cast, neutralise
from styleeval.preservation.colour import delta_e_map
from tests.imaging.restoration.pictures import Floats, eight_bit, whole_product

WHITE = ["stool.jpg", "perfume.jpg", "clock.jpg", "tote.png"]
SCENES = ["lamp.jpg", "tea.jpg", "bowls.jpg", "headphones.jpg"]


def lit(rgb: Floats, *gains: float) -> Floats:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    light = np.clip(linear * np.float32(gains), 0, 1)
    return eight_bit(
        np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    )


def coloured(red: float, green: float, blue: float) -> Floats:
    """A plain product on white."""
    rgb = np.ones((200, 200, 3), np.float32)
    rgb[50:150, 60:140] = (red, green, blue)
    return rgb


@pytest.mark.parametrize("name", WHITE + SCENES)
def test_sound_pictures_have_none(name: str) -> None:
    """Warm wood and warm light are no fault."""
    assert estimate_cast(whole_product(name)).chroma < 0.5


@pytest.mark.parametrize("colour", [(0.8, 0.1, 0.1), (0.9, 0.7, 0.4), (0.1, 0.2, 0.6)])
def test_a_product_on_neutral_white_keeps_its_colour(colour: tuple[float, float, float]) -> None:
    rgb = coloured(*colour)
    assert neutralise(rgb, estimate_cast(rgb)) is rgb


@pytest.mark.parametrize("gains", [(1.06, 0.95, 0.68), (0.74, 0.93, 1.09), (0.86, 1.0, 0.86)])
@pytest.mark.parametrize("name", WHITE)
def test_a_light_ground_tells_the_light(name: str, gains: tuple[float, float, float]) -> None:
    sound = whole_product(name)
    harmed = lit(sound, *gains)
    cast = estimate_cast(harmed)
    assert cast.evidence == "ground"
    made = neutralise(harmed, cast)
    before, after = (float(delta_e_map(item, sound).mean()) for item in (harmed, made))
    assert after < 0.3 * before
    assert np.all(made[:20, :20] > 0.99)


@pytest.mark.parametrize("ground", [(1.0, 0.85, 0.9), (0.85, 1.0, 0.9)])
def test_pink_and_mint_grounds_are_meant(ground: tuple[float, float, float]) -> None:
    rgb = np.tile(np.float32(ground), (120, 120, 1))
    rgb[30:90, 30:90] = 0.3
    assert estimate_cast(rgb).chroma == 0


def test_a_product_by_itself_says_nothing_of_the_light() -> None:
    """Orange all over, under what its transparency hides too."""
    random = np.random.default_rng(0)
    shading = cv2.GaussianBlur(random.uniform(0, 1, (160, 160, 1)).astype(np.float32), (0, 0), 4)
    shading = 0.2 + 0.8 * (shading - shading.min()) / np.ptp(shading)
    rgb = np.float32([0.8, 0.45, 0.15]) * shading[..., None]
    weights = np.zeros((160, 160), np.float32)
    weights[30:130, 30:130] = 1
    assert estimate_cast(rgb).chroma > 5
    assert estimate_cast(rgb, weights) == Cast()


def test_a_strongly_lit_scene_is_brought_nearer() -> None:
    """And no further than a chroma of 10: the rest may be the scene's own."""
    sound = whole_product("bowls.jpg", 4)
    harmed = lit(sound, 1.06, 0.95, 0.68)
    cast = estimate_cast(harmed)
    made = neutralise(harmed, cast)
    assert cast.evidence == "scene" and cast.chroma < 10.5
    assert delta_e_map(made, sound).mean() < 0.75 * delta_e_map(harmed, sound).mean()
