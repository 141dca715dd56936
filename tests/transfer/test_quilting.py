"""Quilting: any size, one seed one result, no seam to be seen, none where it repeats either."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from shop_style.transfer._quilting import Quilt, least_path, quilt

GRAVEL = np.repeat(data.gravel()[:96, :120, None].astype(np.float32) / 255, 3, 2)
BRICK = np.repeat(data.brick()[::4, ::4, None].astype(np.float32) / 255, 3, 2)


def edges(pixels: np.ndarray) -> np.ndarray:
    """Absolute steps to the pixels above and to the left, across the borders too."""
    steps = [np.abs(pixels - np.roll(pixels, 1, axis)).sum(-1) for axis in (0, 1)]
    return steps[0] + steps[1]


def at_cuts(made: Quilt) -> float:
    """Gradient along the cuts over gradient elsewhere; 1 is invisible."""
    found = edges(made.pixels)
    return float(found[made.cuts].mean() / found[~made.cuts].mean())


@pytest.mark.parametrize("texture", [GRAVEL, BRICK])
def test_cuts_are_no_sharper_than_the_texture(texture: np.ndarray) -> None:
    made = quilt(texture, size=(180, 200), patch=36)
    assert 0.005 < made.cuts.mean() < 0.2
    assert at_cuts(made) < 1.15
    # Patches put side by side where they happen to come from do show.
    random = np.random.default_rng(0)
    places = [(random.integers(60), random.integers(60)) for _ in range(25)]
    pieces = [texture[y : y + 36, x : x + 36] for y, x in places]
    naive = np.vstack([np.hstack(pieces[row * 5 : row * 5 + 5]) for row in range(5)])
    joins = np.zeros(naive.shape[:2], bool)
    joins[::36] = joins[:, ::36] = True
    assert at_cuts(Quilt(pixels=naive, cuts=joins)) > 1.4


def test_it_repeats_without_a_seam() -> None:
    made = quilt(BRICK, size=(150, 150), patch=36)
    found = edges(made.pixels)
    inner = found[1:, 1:].mean()
    assert found[0].mean() < 1.4 * inner and found[:, 0].mean() < 1.4 * inner
    # The brick picture itself does not.
    own = edges(BRICK)
    assert max(own[0].mean(), own[:, 0].mean()) > 1.4 * own[1:, 1:].mean()


@pytest.mark.parametrize("size", [(40, 40), (97, 311)])
def test_any_size_is_filled_with_the_textures_own_colours(size: tuple[int, int]) -> None:
    made = quilt(GRAVEL, size=size, patch=30)
    assert made.pixels.shape[0] >= size[0] and made.pixels.shape[1] >= size[1]
    assert made.pixels.dtype == np.float32
    assert made.pixels.min() >= GRAVEL.min() - 1e-5 and made.pixels.max() <= GRAVEL.max() + 1e-5
    wanted, found = (np.quantile(item, [0.1, 0.5, 0.9]) for item in (GRAVEL, made.pixels))
    np.testing.assert_allclose(found, wanted, atol=0.08)


def test_one_seed_one_result_and_another_another() -> None:
    first, same, other = (quilt(GRAVEL, size=(100, 100), patch=30, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.pixels, same.pixels)
    assert np.abs(first.pixels - other.pixels).mean() > 0.02


def test_a_stripe_is_continued_not_cut() -> None:
    """A patch is chosen by what lies beneath it: stripes meet."""
    phase = np.sin(np.arange(90) * 2 * np.pi / 9).astype(np.float32) * 0.4 + 0.5
    stripes = np.repeat(np.tile(phase[None, :, None], (90, 1, 1)), 3, 2)
    made = quilt(stripes, size=(120, 120), patch=27)
    # Every row is the same: nothing steps from one to the next.
    assert np.abs(np.diff(made.pixels[2:-2, 10:-30], axis=0)).mean() < 0.02


def test_the_least_path_goes_around_a_wall() -> None:
    error = np.ones((5, 5), np.float32)
    error[:, 1] = 0
    error[2, :4] = 9
    path = least_path(error)
    assert error[np.arange(5), path].max() == 1 and np.abs(np.diff(path)).max() == 1


def test_every_patch_is_told_and_may_stop_it() -> None:
    told: list[tuple[int, int]] = []
    quilt(GRAVEL, size=(60, 60), patch=30, step=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] == len(told) >= 9
    with pytest.raises(ValueError, match="does not fit"):
        quilt(GRAVEL, size=(60, 60), patch=97)
