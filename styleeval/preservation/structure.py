"""Structural similarity of lightness: are edges, texture and print still where they were?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_FINE = 2.0
_POOLED = 5.0
_NOISE = 2.5 / 255
"""Deviation of fine detail, of 1, that a camera's noise and a JPEG make too."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def luma(rgb: Floats) -> Floats:
    """BT.601 luma (H, W) in [0, 1] of an sRGB picture (H, W, 3) in [0, 1]."""
    return rgb @ _LUMA


def ssim_map(x: Floats, y: Floats) -> Floats:
    """SSIM at each pixel of two sRGB pictures (H, W, 3) in [0, 1]; 1 is equal.

    On luma, Gaussian window σ = 1.5 (11 pixels), data range 1.
    Source: Wang et al., "Image Quality Assessment", IEEE TIP 13(4), 2004.
    """
    from skimage.metrics import structural_similarity

    _, full = structural_similarity(  # type: ignore[no-untyped-call]
        luma(x),
        luma(y),
        data_range=1.0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        win_size=min(11, _largest_odd(min(x.shape[:2]))),
        full=True,
    )
    return np.asarray(full, np.float32)


def ssim(x: Floats, y: Floats) -> float:
    """Mean of `ssim_map`."""
    return float(ssim_map(x, y).mean())


def detail_maps(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """How much of x's fine detail y still shows at each place, and where x has any.

    x, y: (H, W, 3) in [0, 1]. The first map is the slope of y's fine detail over x's, cut to
    [0, 1]: 1 is kept, 0 is gone or another's; detail that y adds is not held against it. The
    second, in [0, 1], is how far x's detail stands out from noise.
    """
    import cv2

    def fine(picture: Floats) -> Floats:
        grey = luma(picture)
        return grey - np.asarray(cv2.GaussianBlur(grey, (0, 0), _FINE), np.float32)

    def pooled(values: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), _POOLED), np.float32)

    own, other = fine(x), fine(y)
    energy = pooled(own * own)
    faint = _NOISE * _NOISE
    kept = np.clip((pooled(own * other) + faint) / (energy + faint), 0, 1)
    counts = np.clip((np.sqrt(np.maximum(energy, 0)) - _NOISE) / (3 * _NOISE), 0, 1)
    return kept.astype(np.float32), counts.astype(np.float32)


def _largest_odd(length: int) -> int:
    return length - 1 + length % 2
