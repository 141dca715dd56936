from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from styleeval.preservation import Scorecard, scorecard
from tests.styleeval import pictures

ORIGINAL = pictures.bottle()
MASK = pictures.product()


def card(candidate: np.ndarray, mask: np.ndarray | None = MASK) -> Scorecard:
    return scorecard(ORIGINAL, candidate, mask)


def test_an_equal_picture_scores_perfectly() -> None:
    same = card(ORIGINAL)
    for measure, perfect in ((same.ssim, 1.0), (same.perceptual, 0.0), (same.delta_e, 0.0)):
        assert measure.whole == measure.product == measure.product_p95 == perfect
        assert measure.worst_tile.value == perfect
    assert same.size == (256, 256)
    assert same.mask_coverage == pytest.approx(MASK.mean(), abs=1e-6)


def test_a_new_background_leaves_the_product_perfect() -> None:
    """The whole picture's SSIM collapses although the product was not touched."""
    found = card(pictures.new_background())
    assert found.ssim.whole < 0.6
    assert found.ssim.product > 0.999
    assert found.delta_e.product < 0.01
    assert found.perceptual.product < 0.001 < found.perceptual.whole


def test_each_defect_shows_where_it_should() -> None:
    label, hue, blur = (
        card(make())
        for make in (pictures.label_upside_down, pictures.wrong_hue_same_luma, pictures.blurred)
    )
    assert label.ssim.whole > 0.9, "the mean of the picture hides a label upside down"
    assert label.ssim.worst_tile.value < 0.5
    assert label.ssim.product < hue.ssim.product
    assert hue.ssim.product > 0.9 and hue.delta_e.product > 10
    assert blur.perceptual.product > hue.perceptual.product / 2
    assert label.delta_e.product < hue.delta_e.product


def test_a_shift_hurts_ssim_more_than_the_shift_tolerant_distance() -> None:
    shift, label = card(pictures.shifted(1)), card(pictures.label_upside_down())
    assert shift.perceptual.product < label.perceptual.product


def test_the_worst_tile_lies_on_the_defect() -> None:
    rows, columns = pictures.LABEL
    for measure in (card(pictures.label_upside_down()).ssim,):
        x0, y0, x1, y1 = measure.worst_tile.box
        assert x0 < columns.stop and x1 > columns.start
        assert y0 < rows.stop and y1 > rows.start


def test_worst_tiles_are_in_original_pixels() -> None:
    """Scored at 512 pixels a side, a picture four times as large has the same marks."""

    def enlarged(picture: np.ndarray, times: int) -> np.ndarray:
        return picture.repeat(times, axis=0).repeat(times, axis=1)

    middle, large = (
        scorecard(
            enlarged(ORIGINAL, times),
            enlarged(pictures.label_upside_down(), times),
            enlarged(MASK, times),
        )
        for times in (2, 8)
    )
    assert large.size == (2048, 2048)
    assert large.ssim.worst_tile.box == tuple(4 * x for x in middle.ssim.worst_tile.box)
    assert large.ssim.product == pytest.approx(middle.ssim.product, abs=1e-4)


def test_is_symmetric() -> None:
    forth = scorecard(ORIGINAL, pictures.blurred(), MASK)
    back = scorecard(pictures.blurred(), ORIGINAL, MASK)
    for name in ("ssim", "perceptual", "delta_e"):
        assert getattr(forth, name).whole == pytest.approx(getattr(back, name).whole, abs=1e-4)


def test_the_mask_decides() -> None:
    """A wrong hue in one half: invisible when the mask is the other half."""
    half = ORIGINAL.copy()
    half[:, :128] = pictures.wrong_hue()[:, :128]
    left, right = np.zeros((2, 256, 256), np.float32)
    left[:, :128], right[:, 128:] = 1, 1
    assert card(half, left * MASK).delta_e.product > 10
    assert card(half, right * MASK).delta_e.product < 0.01


def test_takes_arrays_images_and_tensors_alike() -> None:
    candidate = pictures.warm()
    expected = card(candidate)

    def tensor(picture: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(pictures.floats(picture)).permute(2, 0, 1)

    assert scorecard(tensor(ORIGINAL), tensor(candidate), torch.from_numpy(MASK)[None]) == expected
    mask = Image.fromarray((MASK * 255).astype(np.uint8))
    assert scorecard(Image.fromarray(ORIGINAL), Image.fromarray(candidate), mask) == expected
    assert scorecard(pictures.floats(ORIGINAL), pictures.floats(candidate), MASK) == expected


@pytest.mark.parametrize("size", [(16, 16), (30, 400), (600, 40)])
def test_takes_any_size(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (*size, 3), np.uint8)
    found = scorecard(picture, 255 - picture)
    x0, y0, x1, y1 = found.ssim.worst_tile.box
    assert 0 <= x0 < x1 <= size[1] and 0 <= y0 < y1 <= size[0]


def test_an_empty_mask_measures_the_whole() -> None:
    found = card(pictures.warm(), np.zeros_like(MASK))
    assert found.mask_coverage == 0
    assert found.delta_e.product == pytest.approx(found.delta_e.whole)


def test_survives_json_exactly() -> None:
    found = card(pictures.blurred())
    assert Scorecard.from_dict(json.loads(found.to_json())) == found
    assert Scorecard.from_dict(found.as_dict()) == found
    with pytest.raises(ValueError, match="schema"):
        Scorecard.from_dict({**found.as_dict(), "schema": 99})


@pytest.mark.parametrize(
    ("candidate", "mask", "message"),
    [
        (np.zeros((256, 255, 3), np.uint8), None, "score pictures of one size"),
        (np.zeros((256, 256), np.uint8), None, "a picture is"),
        (np.zeros((256, 256, 3), np.int64), None, "a picture holds"),
        (np.full((256, 256, 3), np.nan), None, "finite"),
        (ORIGINAL, np.ones((10, 10)), "mask is"),
    ],
)
def test_says_what_is_wrong(candidate: np.ndarray, mask: np.ndarray | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        card(candidate, mask)


def test_importing_and_judging_load_nothing_heavy() -> None:
    code = (
        "import sys, styleeval\n"
        "from styleeval.preservation import Scorecard, scorecard, judge, THRESHOLDS\n"
        "heavy = {'torch', 'torchvision', 'skimage', 'lpips', 'cv2', 'django', 'shop_style'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
