from __future__ import annotations

import numpy as np
import pytest

from shop_style.exceptions import MaskUncertain
from shop_style.imaging.composite import composite
from shop_style.imaging.intake import Photo
from shop_style.imaging.mask import Origin, ProductMask, find_mask
from styleeval.preservation.ground import white_kept
from tests.imaging.test_mask import photo, scene

STYLED = np.full((400, 400, 3), 0.25, np.float32)


@pytest.fixture
def mug() -> Photo:
    return photo(scene())


def test_whole_takes_the_styled_picture(mug: Photo) -> None:
    out = composite(mug, STYLED, find_mask(mug), region="whole", keep_white=False)
    np.testing.assert_array_equal(out, STYLED)


def test_keep_white_keeps_exact_white(mug: Photo) -> None:
    mask = find_mask(mug)
    out = composite(mug, STYLED, mask, region="whole", keep_white=True)
    white = mask.weights == 0
    assert white[(mug.rgb == 1).all(axis=-1)].all()
    np.testing.assert_array_equal(out[white], mug.rgb[white])
    np.testing.assert_array_equal(out[mask.weights == 1], STYLED[mask.weights == 1])


@pytest.mark.parametrize("origin", ["merchant", "segmenter"])
def test_white_is_kept_whoever_found_the_product(mug: Photo, origin: Origin) -> None:
    weights = find_mask(mug).weights
    out = composite(mug, STYLED, ProductMask(weights, 1, origin), region="whole", keep_white=True)
    assert white_kept(mug.rgb, out, weights) == pytest.approx(1, abs=2e-3)


def test_a_bright_part_of_a_scene_is_no_white_ground() -> None:
    rgb = scene(background=0.6)
    rgb[:80, :80] = 1
    mask = ProductMask(find_mask(photo(scene())).weights, 1, "merchant")
    out = composite(photo(rgb), STYLED, mask, region="whole", keep_white=True)
    np.testing.assert_array_equal(out, STYLED)
    assert white_kept(rgb, out, mask.weights) is None


def test_background_leaves_the_product_untouched(mug: Photo) -> None:
    mask = find_mask(mug)
    out = composite(mug, STYLED, mask, region="background", keep_white=True)
    product = mask.weights == 1
    np.testing.assert_array_equal(out[product], mug.rgb[product])
    np.testing.assert_array_equal(out[mask.weights == 0], STYLED[mask.weights == 0])


def test_background_needs_a_sure_mask(mug: Photo) -> None:
    unsure = ProductMask(np.ones((400, 400), np.float32), 0.49, "white")
    with pytest.raises(MaskUncertain, match="transparent PNG"):
        composite(mug, STYLED, unsure, region="background", keep_white=False)


def test_product_without_a_mask_is_the_whole(mug: Photo) -> None:
    nothing = ProductMask(np.ones((400, 400), np.float32), 0.0, "none")
    out = composite(mug, STYLED, nothing, region="product", keep_white=True)
    np.testing.assert_array_equal(out, STYLED)


def test_an_unsure_fill_keeps_exact_white_only() -> None:
    rgb = np.full((4, 4, 3), 0.9, np.float32)
    rgb[0] = 1
    mask = ProductMask(np.zeros((4, 4), np.float32), 0.2, "white")
    styled = np.zeros_like(rgb)
    out = composite(photo(rgb), styled, mask, region="whole", keep_white=True)
    assert (out[0] == 1).all() and (out[1:] == 0).all()


def test_hidden_pixels_keep_their_colour() -> None:
    alpha = np.zeros((400, 400), np.float32)
    alpha[100:300, 100:300] = 1
    cut_out = photo(scene(), alpha)
    out = composite(cut_out, STYLED, find_mask(cut_out), region="whole", keep_white=False)
    np.testing.assert_array_equal(out[alpha == 0], cut_out.rgb[alpha == 0])
    np.testing.assert_array_equal(out[alpha == 1], STYLED[alpha == 1])


def test_edges_lie_between(mug: Photo) -> None:
    mask = find_mask(mug)
    edge = (mask.weights > 0.1) & (mask.weights < 0.9)
    assert edge.any(), "a soft edge has pixels of its own"
    black = np.zeros_like(STYLED)
    out = composite(mug, black, mask, region="whole", keep_white=True)
    expected = mug.rgb[edge] * (1 - mask.weights[edge][:, None])
    np.testing.assert_allclose(out[edge], expected, atol=1e-6)


def test_sizes_must_agree(mug: Photo) -> None:
    with pytest.raises(ValueError, match="styled picture"):
        composite(mug, STYLED[:-1], find_mask(mug), region="whole", keep_white=False)
