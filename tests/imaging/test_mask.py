from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from shop_style.exceptions import SegmenterError
from shop_style.imaging.intake import Photo
from shop_style.imaging.mask import find_mask
from shop_style.imaging.segmenter import Segmenter, installed_segmenter

Floats = NDArray[np.float32]


def photo(rgb: Floats, alpha: Floats | None = None) -> Photo:
    return Photo(rgb=rgb.astype(np.float32), alpha=alpha, format="PNG")


def scene(size: int = 400, background: float = 1.0) -> Floats:
    """A blue mug with a handle on white, drawn with soft edges."""
    # OpenCV draws soft edges on bytes only.
    drawn = np.full((size, size, 3), round(255 * background), np.uint8)
    blue = (38, 76, 178)
    unit = size / 400
    at = lambda *values: tuple(round(value * unit) for value in values)  # noqa: E731
    cv2.rectangle(drawn, at(120, 110), at(250, 320), blue, -1, cv2.LINE_AA)
    cv2.circle(drawn, at(265, 210), round(60 * unit), blue, round(22 * unit), cv2.LINE_AA)
    cv2.rectangle(drawn, at(120, 110), at(250, 320), blue, -1, cv2.LINE_AA)
    return drawn.astype(np.float32) / np.float32(255)


def test_finds_the_product_and_the_hole_in_its_handle() -> None:
    mask = find_mask(photo(scene()))
    assert mask.origin == "white" and mask.confidence > 0.9
    assert mask.weights[200, 200] == 1
    assert mask.weights[20, 20] == 0
    assert mask.weights[210, 285] == 0, "the handle's hole is background"
    np.testing.assert_allclose(mask.background, 1 - mask.weights)


def test_agrees_with_the_drawn_shape() -> None:
    rgb = scene()
    drawn = rgb[..., 0] < 0.6
    found = find_mask(photo(rgb)).weights > 0.5
    assert (drawn & found).sum() / (drawn | found).sum() > 0.98


def test_a_printed_title_is_no_hole() -> None:
    drawn = np.full((400, 300, 3), 255, np.uint8)
    cv2.rectangle(drawn, (30, 30), (270, 370), (50, 50, 50), 5)
    cv2.rectangle(drawn, (35, 200), (265, 365), (50, 120, 80), -1)
    cv2.putText(drawn, "TEA TIME", (50, 110), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (150, 30, 30), 4)
    mask = find_mask(photo(drawn / 255))
    assert mask.weights[60, 150] == 1


@pytest.mark.parametrize("background", [1.0, 0.97, 0.94])
def test_takes_off_white_for_white(background: float) -> None:
    random = np.random.default_rng(1)
    rgb = scene(background=background) + random.normal(0, 0.004, (400, 400, 3))
    mask = find_mask(photo(rgb.clip(0, 1)))
    assert mask.usable and mask.weights[5, 5] == 0 and mask.weights[200, 200] == 1


def on(ground: Floats) -> Floats:
    """The mug on another ground."""
    rgb = scene()
    share = ((1 - rgb[..., :1]) / (1 - 38 / 255)).clip(0, 1)
    return (rgb - (1 - share) + ground * (1 - share)).astype(np.float32)


@pytest.mark.parametrize("tone", [(0.2, 0.6, 0.6), (0.5, 0.5, 0.5), (0.9, 0.7, 0.5)])
def test_finds_the_product_on_any_plain_colour(tone: tuple[float, float, float]) -> None:
    mask = find_mask(photo(on(np.float32(tone))))
    assert mask.origin == "plain" and mask.usable
    assert mask.weights[200, 200] == 1 and mask.weights[20, 20] == 0
    assert mask.weights[210, 285] == 0, "the handle's hole is background"


def test_finds_the_product_by_its_colours_on_a_busy_ground() -> None:
    random = np.random.default_rng(2)
    noise = cv2.GaussianBlur(random.normal(0, 1, (400, 400)).astype(np.float32), (0, 0), 3)
    boards = np.float32([0.75, 0.6, 0.4]) + 0.5 * noise[..., None]
    rgb = on(boards).clip(0, 1)
    mask = find_mask(photo(rgb))
    drawn = scene()[..., 0] < 0.6
    found = mask.weights > 0.5
    assert mask.origin == "colours" and mask.usable
    assert (drawn & found).sum() / (drawn | found).sum() > 0.9
    assert mask.weights[210, 285] < 0.5, "the handle's hole is background"
    again = find_mask(photo(rgb))
    np.testing.assert_array_equal(again.weights, mask.weights)


def test_a_picture_without_a_product_gives_no_mask_to_trust() -> None:
    teal = np.tile(np.float32([0.2, 0.6, 0.6]), (100, 100, 1))
    random = np.random.default_rng(0).random((200, 300, 3))
    for rgb in (teal, random):
        assert not find_mask(photo(rgb)).usable


def test_the_merchants_mask_goes_before_what_is_found_and_after_transparency() -> None:
    own = np.zeros((400, 400), np.float32)
    own[100:300, 100:300] = 1
    mask = find_mask(photo(scene()), merchant=own)
    assert (mask.origin, mask.confidence) == ("merchant", 1.0)
    np.testing.assert_array_equal(mask.weights, own)
    alpha = 1 - own
    assert find_mask(photo(scene(), alpha), merchant=own).origin == "alpha"


class Middle(Segmenter):
    """Says that the product is in the middle."""

    asked = 0

    def segment(self, rgb):
        self.asked += 1
        weights = np.zeros(rgb.shape[:2], np.float32)
        weights[50:150, 100:200] = 1
        return weights, 0.9


def test_a_segmenter_is_asked_only_where_nothing_else_is_sure() -> None:
    segmenter = Middle()
    assert find_mask(photo(scene()), segmenter=segmenter).origin == "white"
    assert segmenter.asked == 0
    noise = np.random.default_rng(0).random((200, 300, 3))
    mask = find_mask(photo(noise), segmenter=segmenter)
    assert (mask.origin, mask.confidence, segmenter.asked) == ("segmenter", 0.9, 1)


def test_a_segmenter_that_is_not_installed_is_named() -> None:
    with pytest.raises(SegmenterError, match="'rembg'"):
        installed_segmenter("rembg")


def test_doubts_a_white_product_that_melts_into_white() -> None:
    """A white ball, shaded in its middle only: the fill has no edge to stop at."""
    rows, columns = np.mgrid[0:400, 0:400].astype(np.float32)
    radius = np.hypot(rows - 200, columns - 200)
    shade = 1 - 0.3 * np.clip(1 - radius / 120, 0, 1)
    mask = find_mask(photo(np.repeat(shade[..., None], 3, 2)))
    assert mask.confidence < 0.5


def test_real_transparency_wins() -> None:
    alpha = np.zeros((60, 60), np.float32)
    alpha[20:40, 20:40] = 1
    alpha[19, 20:40] = 0.5
    mask = find_mask(photo(np.full((60, 60, 3), 0.3), alpha))
    assert (mask.origin, mask.confidence) == ("alpha", 1.0)
    np.testing.assert_array_equal(mask.weights, alpha)


def test_a_few_transparent_pixels_are_no_cut_out() -> None:
    alpha = np.ones((100, 100), np.float32)
    alpha[:3, :3] = 0
    mask = find_mask(photo(np.tile(np.float32([0.2, 0.5, 0.3]), (100, 100, 1)), alpha))
    assert mask.origin == "none"


@pytest.mark.parametrize("shape", [(16, 16), (16, 900), (900, 16)])
def test_takes_any_shape(shape: tuple[int, int]) -> None:
    mask = find_mask(photo(np.ones((*shape, 3))))
    assert mask.weights.shape == shape and mask.confidence == 0


def test_large_pictures_keep_their_edge_and_take_little_time() -> None:
    rgb = scene(size=3000)
    started = time.process_time()
    mask = find_mask(photo(rgb))
    # 0.16 s on our machine; CPU time, since wall time is the neighbours'.
    assert time.process_time() - started < 3
    drawn = rgb[..., 0] < 0.6
    found = mask.weights > 0.5
    assert (drawn & found).sum() / (drawn | found).sum() > 0.98


def test_print_on_a_product_is_no_hole_to_colours_alone() -> None:
    random = np.random.default_rng(2)
    noise = cv2.GaussianBlur(random.normal(0, 1, (400, 400)).astype(np.float32), (0, 0), 3)
    ground = np.float32([0.75, 0.6, 0.4]) + 0.5 * noise[..., None]
    ground[:, :70] = ground[:, 330:] = 0.08  # as dark as the letters
    rgb = on(ground).clip(0, 1)
    drawn = np.rint(rgb * 255).astype(np.uint8)
    cv2.rectangle(drawn, (150, 150), (220, 280), (245, 240, 225), -1)
    cv2.putText(drawn, "TEA", (152, 225), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (20, 20, 20), 6)
    mask = find_mask(photo(drawn / np.float32(255)))
    letters = (drawn == 20).all(axis=-1)
    letters[:, :150] = letters[:, 220:] = False
    assert mask.origin == "colours"
    assert (mask.weights[letters] > 0.5).mean() > 0.95
