"""Is the light on the product still the light it was photographed in?"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_LARGE: Final = 1 / 16
"""Deviation of the Gaussian that leaves light and takes patterns away, of the product's size."""

_FAINT: Final = 1.0
"""Variance of L* (100 is white) below which a product counts as evenly lit."""

_WORKING_SIDE: Final = 256


def shading_correlation(original: Floats, candidate: Floats, mask: Floats) -> float:
    """How alike light and shade lie on the product, from −1 to 1; 1 is equal.

    original, candidate: (H, W, 3) sRGB in [0, 1]. mask: (H, W) in [0, 1], the part to compare.
    Pearson's correlation of L* over large places (Gaussian of a sixteenth of the part's size,
    inside it alone), with a constant in covariance and variances as in SSIM's structure term
    (Wang et al., IEEE TIP 13(4), 2004, eq. 10), so that two evenly lit products agree. A change of
    contrast or of overall lightness costs nothing. L* cannot tell light from a print as large as a
    fold: compare products of one colour, or hand the part that has one. 1 for an empty mask.
    """
    part = _reduced((mask > 0.5).astype(np.float32))
    size = float(np.sqrt(part.sum(dtype=np.float64)))
    if size < 4:
        return 1.0
    sigma = max(1.0, _LARGE * size)
    total = np.maximum(cv2.GaussianBlur(part, (0, 0), sigma), 1e-4)
    weights = part / part.sum()
    first, second = (_light(_reduced(item), part, total, sigma) for item in (original, candidate))
    first, second = (item - (item * weights).sum() for item in (first, second))
    together = float((weights * first * second).sum()) + _FAINT
    each = [float((weights * item * item).sum()) + _FAINT for item in (first, second)]
    return float(np.clip(together / np.sqrt(each[0] * each[1]), -1, 1))


def _light(rgb: Floats, part: Floats, total: Floats, sigma: float) -> Floats:
    lightness = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)[..., 0]
    return np.asarray(cv2.GaussianBlur(lightness * part, (0, 0), sigma) / total, np.float32)


def _reduced(array: Floats) -> Floats:
    scale = _WORKING_SIDE / min(array.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(array, np.float32)
    size = (round(array.shape[1] * scale), round(array.shape[0] * scale))
    return np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA), np.float32)
