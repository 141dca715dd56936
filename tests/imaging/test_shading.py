"""Light parted from goods: on drawings whose light and print are both known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from shop_style.imaging.cloth import largest_colour
from shop_style.imaging.membrane import membrane
from shop_style.imaging.shading import encoded, linear, product_size, shading, solid

ROWS, COLUMNS = np.mgrid[0:240, 0:280].astype(np.float32)
DISC = (np.hypot(ROWS - 120, COLUMNS - 140) < 100).astype(np.float32)
INSIDE = np.hypot(ROWS - 120, COLUMNS - 140) < 92
LIGHT = 0.35 * np.sin(COLUMNS / 28) + 0.25 * np.cos(ROWS / 40)
"""Natural log of a light that falls in soft folds."""


def product(*, print_colour: tuple[float, ...] | None = (0.8, 0.75, 0.6)) -> np.ndarray:
    """A red disc with a square print on white paper, under LIGHT."""
    cloth = np.broadcast_to(np.float32([0.4, 0.05, 0.05]), (*DISC.shape, 3)).copy()
    if print_colour is not None:
        cloth[80:160, 100:180] = print_colour
    lit = encoded(cloth * np.exp(LIGHT)[..., None])
    return np.where(DISC[..., None] > 0, lit, np.float32(1)).astype(np.float32)


def agreement(found: np.ndarray, where: np.ndarray = INSIDE) -> float:
    return float(np.corrcoef(found[where], LIGHT[where])[0, 1])


def test_the_light_is_found_and_the_print_is_not_in_it() -> None:
    found = shading(product(), DISC)
    assert agreement(found.light) > 0.97
    # Lightness itself is mostly print.
    assert agreement(cv2.cvtColor(product(), cv2.COLOR_RGB2Lab)[..., 0]) < 0.6
    across = found.light[120, 100:103].mean() - found.light[120, 94:97].mean()
    assert abs(across - (LIGHT[120, 101] - LIGHT[120, 95])) < 0.1


def test_amounts_of_light_are_true() -> None:
    found = shading(product(), DISC).light
    centred = [item[INSIDE] - np.median(item[INSIDE]) for item in (found, LIGHT)]
    assert np.abs(centred[0] - centred[1]).mean() < 0.06


def test_it_does_not_leak_over_the_silhouette() -> None:
    """White paper, black paper: the same light, up to the outline."""
    light = shading(product(), DISC).light
    dark = np.where(DISC[..., None] > 0, product(), np.float32(0))
    np.testing.assert_array_equal(shading(dark, DISC).light[DISC > 0], light[DISC > 0])
    rim = (DISC > 0) & ~INSIDE
    assert np.abs(light - LIGHT - np.median((light - LIGHT)[INSIDE]))[rim].mean() < 0.12


def test_what_is_known_to_be_plain_has_its_deep_shadows_in_the_light() -> None:
    """A sharp shadow looks like another colour until it is known to be none."""
    picture = product(print_colour=None)
    cut = np.where(COLUMNS < 140, np.float32(1), np.float32(0.3))
    shadowed = np.where(DISC[..., None] > 0, encoded(linear(picture) * cut[..., None]), 1)
    shadowed = shadowed.astype(np.float32)
    light = shading(shadowed, DISC, plain=DISC).light
    step = light[60:180, 160:170].mean() - light[60:180, 110:120].mean()
    true = LIGHT[60:180, 160:170].mean() - LIGHT[60:180, 110:120].mean() + np.log(0.3)
    assert step == pytest.approx(true, abs=0.25)


def test_a_seam_is_detail_and_a_thin_print_is_not() -> None:
    picture = product(print_colour=None)
    seam, stripe = (np.s_[60:180, 120:122], np.s_[60:180, 160:162])
    picture[seam] = encoded(linear(picture[seam]) * 0.5)
    picture[stripe] = (0.95, 0.9, 0.3)
    detail = shading(picture, DISC).detail
    assert detail[seam].mean() < -0.25
    assert abs(detail[stripe].mean()) < 0.1
    np.testing.assert_array_equal(detail[DISC == 0], 0)


def test_an_empty_mask_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        shading(product(), np.zeros_like(DISC))


def test_a_cast_shadow_is_no_product_but_a_soft_outline_is() -> None:
    soft = cv2.GaussianBlur(DISC, (0, 0), 0.8)
    shadow = np.zeros_like(DISC)
    shadow[215:235, 90:190] = 0.4
    kept = solid(np.maximum(soft, shadow))
    assert kept[225:, 100:180].max() == 0
    assert np.abs(kept - soft)[:210].mean() < 2e-3


def test_the_size_of_a_product_is_the_root_of_its_area() -> None:
    assert product_size(DISC) == pytest.approx(100 * np.pi**0.5, rel=0.01)


def test_a_membrane_has_the_slopes_and_heights_it_was_given() -> None:
    wanted = LIGHT[::4, ::4].astype(np.float32)
    steps = [np.diff(wanted, axis=axis) for axis in (0, 1)]
    ones = [np.ones_like(step) for step in steps]
    none = np.zeros_like(wanted)
    free = membrane(*steps, *ones, height=none, height_weight=none)
    np.testing.assert_allclose(free, wanted - wanted.mean(), atol=1e-3)
    # A cut that counts for nothing leaves both halves where their own heights put them.
    uneven = [np.where(np.abs(step) < 1, one, one) for step, one in zip(steps, ones, strict=True)]
    uneven[1][:, 30] = 1e-6
    tied = membrane(*steps, *uneven, height=wanted + 2, height_weight=none + 0.1)
    np.testing.assert_allclose(tied, wanted + 2, atol=1e-2)


def test_the_largest_colour_is_the_cloth_in_light_and_shade_and_not_the_print() -> None:
    picture = product()
    found = largest_colour(picture, DISC, shading(picture, DISC).light)
    assert found[90:150, 110:170].max() < 0.1
    cloth = INSIDE.copy()
    cloth[76:164, 96:184] = False
    assert found[cloth].min() > 0.9
    assert found[DISC == 0].max() == 0
