"""Products that throw a shadow on their white ground, pale ones and glass among them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from shop_style.imaging.intake import Photo
from shop_style.imaging.mask import find_mask
from shop_style.imaging.outline import clear_share, outline_of, raggedness

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]

WOOD = (0.55, 0.36, 0.2)


def shape(draw: str, size: int = 600) -> Floats:
    """Coverage (H, W) in [0, 1] of a thing drawn with soft edges."""
    drawn = np.zeros((size, size), np.uint8)
    if draw == "jar":
        cv2.rectangle(drawn, (180, 120), (420, 500), 255, -1, cv2.LINE_AA)
    elif draw == "stool":
        cv2.rectangle(drawn, (120, 90), (480, 150), 255, -1, cv2.LINE_AA)
        for left in (150, 280, 410):
            cv2.rectangle(drawn, (left, 150), (left + 34, 520), 255, -1, cv2.LINE_AA)
        for top in (300, 400):
            cv2.rectangle(drawn, (150, top), (440, top + 26), 255, -1, cv2.LINE_AA)
    return drawn.astype(np.float32) / np.float32(255)


def standing(cover: Floats, colour: tuple[float, ...] | Floats, dark: float = 0.25) -> Photo:
    """The thing on white with a contact shadow all around, as 8 bit."""
    fallen = cv2.GaussianBlur(np.roll(cover, 8, axis=0), (0, 0), 8)[..., None]
    share = cover[..., None]
    rgb = np.float32(colour) * share + (1 - dark * fallen) * (1 - share)
    return Photo(rgb=(np.rint(rgb * 255) / 255).astype(np.float32), alpha=None, format="PNG")


def overlap(found: Floats, cover: Floats) -> float:
    one, other = found > 0.5, cover > 0.5
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("draw", ["jar", "stool"])
def test_a_contact_shadow_is_followed_up_to_the_products_edge(draw: str) -> None:
    cover = shape(draw)
    mask = find_mask(standing(cover, WOOD))
    assert mask.usable and mask.origin == "white"
    # A rim of shadow 4 pixels wide would cost the stool a tenth of this.
    assert overlap(mask.weights, cover) > 0.98


def test_a_sensors_grain_makes_no_outline_ragged_and_no_mask_unsure() -> None:
    cover = shape("jar")
    clean = standing(cover, WOOD)
    grey = clean.rgb * np.float32(0.93)  # off-white, where grain shows on both sides
    grain = np.random.default_rng(2).normal(0, 0.006, grey.shape)
    rgb = (np.rint((grey + grain).clip(0, 1) * 255) / 255).astype(np.float32)
    mask = find_mask(Photo(rgb=rgb, alpha=None, format="PNG"))
    assert mask.confidence > 0.9 and overlap(mask.weights, cover) > 0.97


def under_a_lamp(cover: Floats, colour: tuple[float, ...], reach: int, dark: float) -> Photo:
    """The jar on white with a wide shadow cast to its right, as 8 bit."""
    fallen = np.zeros_like(cover)
    cv2.ellipse(fallen, (340, 490), (reach, 60), 0, 0, 360, 1.0, -1)
    soft = cv2.GaussianBlur(fallen, (0, 0), 12)[..., None]
    share = cover[..., None]
    rgb = np.float32(colour) * share + (1 - dark * soft) * (1 - share)
    return Photo(rgb=(np.rint(rgb * 255) / 255).astype(np.float32), alpha=None, format="PNG")


@pytest.mark.parametrize("dark", [0.2, 0.4])
@pytest.mark.parametrize("reach", [200, 320])
def test_a_wide_cast_shadow_is_ground_even_cut_off_by_the_frame(reach: int, dark: float) -> None:
    cover = shape("jar")
    mask = find_mask(under_a_lamp(cover, WOOD, reach, dark))
    assert mask.usable and mask.origin == "white"
    assert overlap(mask.weights, cover) > 0.97


def test_a_grey_products_own_wide_shading_is_no_cast_shadow() -> None:
    """A bowl that darkens from a pale rim to a dark print in its middle."""
    rows, columns = np.mgrid[0:600, 0:600].astype(np.float32)
    away = np.hypot(rows - 300, columns - 300)
    rgb = np.repeat((1 - 0.3 * np.clip(1 - away / 200, 0, 1))[..., None], 3, 2)
    rgb[260:340, 260:340] = WOOD
    mask = find_mask(Photo(rgb=rgb.astype(np.float32), alpha=None, format="PNG"))
    assert not mask.usable or mask.weights[220, 300] == 1


def test_shaded_gaps_behind_one_another_are_ground() -> None:
    mask = find_mask(standing(shape("stool"), WOOD))
    gaps = [(220, 230), (350, 350), (350, 230), (220, 370)]
    assert [float(mask.weights[y, x]) for y, x in gaps] == [0, 0, 0, 0]


def test_a_shadow_before_a_pale_product_does_not_lead_into_it() -> None:
    cover = shape("jar")
    down = np.linspace(0.97, 0.86, 600, dtype=np.float32)[:, None, None]
    mask = find_mask(standing(cover, np.tile(down, (1, 600, 3))))
    lost = (cover > 0.5) & (mask.weights < 0.5)
    assert not mask.usable or lost.sum() < 0.02 * (cover > 0.5).sum()


def test_a_white_print_that_runs_to_the_outline_stays_the_products() -> None:
    cover = shape("jar")
    colour = np.tile(np.float32(WOOD), (600, 600, 1))
    colour[280:320, 250:310] = 1
    colour[299:301, 180:250] = 1  # a hairline from the print to the outline
    mask = find_mask(standing(cover, colour, dark=0.0))
    assert mask.usable and mask.weights[300, 280] == 1


def eaten(level: float) -> Photo:
    """A jar in one tone into which white inlets run, as where glass shows the ground."""
    cover = shape("jar")
    rng = np.random.default_rng(1)
    for top in range(125, 495, 26):
        depth = int(rng.integers(40, 120))
        cv2.rectangle(cover, (180, top), (180 + depth, top + 9), 0.0, -1)
        cv2.rectangle(cover, (420 - depth, top + 4), (420, top + 13), 0.0, -1)
    return standing(cover, (level, level, level), dark=0.0)


def test_a_pale_frayed_outline_is_not_called_sure() -> None:
    assert not find_mask(eaten(0.88)).usable


def test_a_dark_thing_of_many_thin_parts_is_sure() -> None:
    assert find_mask(eaten(0.2)).usable


def disc(radius: int) -> Bools:
    y, x = np.mgrid[:200, :200]
    return np.asarray(np.hypot(y - 100, x - 100) < radius)


def test_raggedness_is_nothing_for_a_disc_and_grows_with_inlets() -> None:
    smooth, cut = disc(60), disc(60)
    for column in range(50, 150, 12):
        cut[30:100, column : column + 3] = False
    assert raggedness(smooth) < 0.1
    assert raggedness(cut) > 1.8
    assert raggedness(np.zeros((200, 200), np.bool_)) == 0


def test_clear_share_is_of_the_outline() -> None:
    outline = outline_of(disc(60))
    left = np.zeros((200, 200), np.float32)
    left[:, :100] = 30
    half = clear_share(outline, left, level=20, reach=3)
    assert half == pytest.approx(0.5, abs=0.05)
    assert clear_share(np.zeros_like(outline), left, level=20, reach=3) == 0
