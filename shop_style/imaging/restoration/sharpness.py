"""Blur: its width, told from how edges answer to more of it, and its removal."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LEAST_BLUR: Final = 0.92
"""Edges this wide are those of an ordinary sharp photo, in pixels of deviation."""
MOST_BLUR: Final = 3.0
"""What is blurred further is deblurred as if it were this; the rest is lost."""

_SHARP: Final = 0.7
_PROBE: Final = 1.0
_MIN_EDGES: Final = 100
_LEAST_GRADIENT: Final = 6.0
_STRONG: Final = 0.25
_PAD: Final = 32
_BALANCE: Final = 0.001
_NOISE_BALANCE: Final = 0.02
_OVERSHOOT: Final = 0.1


def estimate_blur(rgb: Floats) -> float:
    """Deviation in pixels of the Gaussian that would make a step as soft as the edges are.

    The median over strong edges of a picture (H, W, 3) in [0, 1]: 0.3 to 0.9 where it is sharp.
    0 where there are too few edges to tell.
    Source: Zhuo & Sim, "Defocus map estimation from a single image", Pattern Recognition 44(9),
    2011, §3.1: an edge of width σ, blurred once more by σ₀, loses √(σ² + σ₀²)/σ of its gradient.
    """
    luma = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32) * np.float32(255)
    before = _gradient(luma)
    after = _gradient(np.asarray(cv2.GaussianBlur(luma, (0, 0), _PROBE), np.float32))
    least = max(_LEAST_GRADIENT, _STRONG * float(np.quantile(before[::2, ::2], 0.999)))
    ridge = (before >= cv2.dilate(before, np.ones((3, 3), np.uint8))) & (before > least)
    if ridge.sum() < _MIN_EDGES:
        return 0.0
    ratio = np.maximum(before[ridge] / np.maximum(after[ridge], 1e-3), 1.0005)
    return float(np.median(_PROBE / np.sqrt(np.square(ratio) - 1)))


def deblur(rgb: Floats, blur: float, *, noise: float = 0.0) -> Floats:
    """A picture (H, W, 3) in [0, 1] whose edges are as wide as those of a sharp photo.

    blur: as `estimate_blur` gives it; the picture itself at LEAST_BLUR or less. noise: deviation
    of the grain that is left, in levels of 255: the more, the less is sharpened. A pixel stays
    between its neighbours, give or take a bounded overshoot, so that no edge rings.
    Source: Wiener filter with a Laplacian prior, `skimage.restoration.wiener`.
    """
    width = _removed(blur)
    if width <= 0:
        return rgb
    from skimage.restoration import wiener

    kernel = _gaussian(width)
    balance = _BALANCE + _NOISE_BALANCE * (noise / 10) ** 2
    padded = cv2.copyMakeBorder(rgb, _PAD, _PAD, _PAD, _PAD, cv2.BORDER_REFLECT_101)
    planes = [
        wiener(padded[..., channel], kernel, balance, clip=False)  # type: ignore[no-untyped-call]
        for channel in range(3)
    ]
    sharp = np.stack(planes, axis=-1)[_PAD:-_PAD, _PAD:-_PAD].astype(np.float32)
    return bounded_by_neighbours(sharp, rgb, radius=round(2 * width), overshoot=_OVERSHOOT)


def bounded_by_neighbours(sharp: Floats, soft: Floats, *, radius: int, overshoot: float) -> Floats:
    """`sharp` held within the span that `soft` has around each pixel, so that edges cannot ring.

    overshoot: what it may go beyond, as a share of that span.
    """
    kernel = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    low, high = cv2.erode(soft, kernel), cv2.dilate(soft, kernel)
    beyond = np.float32(overshoot) * (high - low)
    return np.clip(np.clip(sharp, low - beyond, high + beyond), 0, 1).astype(np.float32)


def _removed(blur: float) -> float:
    """Variances add: what lies between a sharp photo's edges and these."""
    if blur <= LEAST_BLUR:
        return 0.0
    return float(np.sqrt(min(blur, MOST_BLUR) ** 2 - _SHARP**2))


def _gradient(luma: Floats) -> Floats:
    across = cv2.Sobel(luma, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(luma, cv2.CV_32F, 0, 1, scale=1 / 8)
    return np.asarray(cv2.magnitude(across, down), np.float32)


def _gaussian(sigma: float) -> Floats:
    radius = int(np.ceil(4 * sigma))
    line = cv2.getGaussianKernel(2 * radius + 1, sigma, cv2.CV_32F)
    return np.asarray(line @ line.T, np.float32)
