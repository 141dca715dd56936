from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from styleeval.preservation.structure import luma, ssim, ssim_map
from tests.styleeval import pictures

ORIGINAL = pictures.floats(pictures.bottle())


def test_equal_pictures_score_one() -> None:
    assert ssim(ORIGINAL, ORIGINAL) == 1.0


def test_is_symmetric() -> None:
    blurred = pictures.floats(pictures.blurred())
    assert ssim(ORIGINAL, blurred) == pytest.approx(ssim(blurred, ORIGINAL), abs=1e-6)


def test_falls_as_blur_grows() -> None:
    scores = [ssim(ORIGINAL, pictures.floats(pictures.blurred(sigma))) for sigma in (1, 2, 4)]
    assert scores == sorted(scores, reverse=True)


def test_agrees_with_scikit_image() -> None:
    other = pictures.floats(pictures.blurred())
    expected = structural_similarity(
        luma(ORIGINAL).astype(np.float64),
        luma(other).astype(np.float64),
        data_range=1.0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    # scikit-image leaves a border of five pixels out of its mean.
    assert float(ssim_map(ORIGINAL, other)[5:-5, 5:-5].mean()) == pytest.approx(expected, abs=1e-4)


def test_is_blind_to_hue() -> None:
    assert ssim(ORIGINAL, pictures.floats(pictures.wrong_hue_same_luma())) > 0.95


def test_takes_pictures_smaller_than_its_window() -> None:
    tiny = np.zeros((4, 7, 3), np.float32)
    assert ssim_map(tiny, tiny).shape == (4, 7)
