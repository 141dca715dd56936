from __future__ import annotations

import cv2
import numpy as np
import pytest

from shop_style.imaging.backdrop import own_colours, part
from shop_style.imaging.intake import Photo
from shop_style.imaging.mask import ProductMask, find_mask
from styleeval.preservation.pullpush import filled

SIDE = 400
RED = np.array([0.75, 0.15, 0.12], np.float32)


def disc() -> np.ndarray:
    """A soft-edged disc's weights."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    away = np.hypot(rows - SIDE / 2, columns - SIDE / 2)
    return np.clip(110.5 - away, 0, 1).astype(np.float32)


def on(ground: np.ndarray, weights: np.ndarray) -> np.ndarray:
    share = weights[..., None]
    return (RED * share + ground * (1 - share)).astype(np.float32)


def shadowed() -> tuple[Photo, np.ndarray]:
    """A red disc on white with a soft shadow under it, and the shadow's light."""
    fallen = cv2.GaussianBlur(np.roll(disc(), 14, axis=0), (0, 0), 8)
    light = (1 - 0.35 * fallen).astype(np.float32)
    rgb = on(np.ones((SIDE, SIDE, 3), np.float32) * light[..., None], disc())
    return Photo(rgb=rgb, alpha=None, format="PNG"), light


def test_the_product_comes_back_to_the_bit_on_any_ground() -> None:
    photo, _ = shadowed()
    mask = find_mask(photo)
    assert mask.origin == "white" and mask.usable
    green = np.broadcast_to(np.array([0.1, 0.5, 0.2], np.float32), photo.rgb.shape)
    made = part(photo, mask).restored(green)
    solid = mask.weights == 1
    np.testing.assert_array_equal(made[solid], photo.rgb[solid])


def test_no_white_rim_is_brought_to_a_dark_ground() -> None:
    """Composited naively, the half-white edge pixels make a light ring around the product."""
    weights = disc()
    photo = Photo(rgb=on(np.ones((SIDE, SIDE, 3), np.float32), weights), alpha=None, format="PNG")
    dark = np.full_like(photo.rgb, 0.1)
    true = on(dark, weights)
    made = part(photo, ProductMask(weights, 1.0, "white")).restored(dark)
    naive = photo.rgb * weights[..., None] + dark * (1 - weights[..., None])
    edge = (weights > 0) & (weights < 1)
    off, worse = (np.abs(item - true)[edge].max() for item in (made, naive))
    assert off < 0.02 and worse > 0.15


def test_the_shadow_falls_on_the_new_ground() -> None:
    photo, light = shadowed()
    mask = find_mask(photo)
    backdrop = part(photo, mask)
    below = (mask.weights == 0) & (light < 0.95)
    assert below.sum() > 1000
    off = np.abs(backdrop.shadow - light)[below]
    # Right beside the product, where its fringe hides the ground, the shadow is filled in.
    assert np.median(off) < 0.02 and np.percentile(off, 95) < 0.12
    np.testing.assert_allclose(backdrop.ground, 1, atol=1e-3)
    np.testing.assert_allclose(backdrop.restored(backdrop.lit, 0.0), photo.rgb, atol=0.2)
    assert np.abs(backdrop.restored(backdrop.lit, 0.0) - photo.rgb).mean() < 0.005
    plain = backdrop.shadow[light > 0.999]
    assert (plain == 1).mean() > 0.95


def test_a_cut_out_stands_on_white_with_its_own_colours() -> None:
    weights = disc()
    rgb = np.broadcast_to(RED, (SIDE, SIDE, 3)).copy()
    photo = Photo(rgb=rgb, alpha=weights, format="PNG")
    backdrop = part(photo, find_mask(photo))
    assert (backdrop.ground == 1).all() and (backdrop.shadow == 1).all()
    blue = np.broadcast_to(np.array([0.1, 0.2, 0.7], np.float32), rgb.shape)
    np.testing.assert_allclose(backdrop.restored(blue), on(blue, weights), atol=1e-6)


def test_on_a_scene_the_product_is_filled_in_from_around_it() -> None:
    """What is styled must not hold the product: its colours would end up in the ground."""
    down = np.linspace(0.3, 0.8, SIDE, dtype=np.float32)[:, None, None]
    scene = np.tile(down, (1, SIDE, 3))
    photo = Photo(rgb=on(scene, disc()), alpha=None, format="PNG")
    ground = part(photo, ProductMask(disc(), 0.8, "colours")).ground
    assert np.abs(ground - scene).max() < 0.15
    redness = ground[..., 0] - ground[..., 1]
    assert np.abs(redness).max() < 0.02


def test_colours_behind_the_edge_are_solved_for_where_the_ground_is_known() -> None:
    weights = disc()
    white = np.ones((SIDE, SIDE, 3), np.float32)
    own = own_colours(on(white, weights), weights, white, known=True)
    edge = (weights > 0) & (weights < 1)
    np.testing.assert_allclose(own[edge], np.broadcast_to(RED, own[edge].shape), atol=0.02)


@pytest.mark.parametrize("shape", [(64, 64), (37, 91), (1, 5)])
def test_filling_keeps_what_is_known_and_stays_within_it(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    picture = rng.random((*shape, 3)).astype(np.float32)
    known = (rng.random(shape) > 0.6).astype(np.float32)
    known[0, 0] = 1
    whole = filled(picture, known)
    np.testing.assert_array_equal(whole[known == 1], picture[known == 1])
    assert whole.min() >= picture[known == 1].min() - 1e-4
    assert whole.max() <= picture[known == 1].max() + 1e-4
