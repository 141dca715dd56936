"""Has anything moved? The way that each place of the product went."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from styleeval.preservation.structure import luma

Floats = NDArray[np.float32]

_FINE = 8.0
_POOLED = 10.0


def displacement_map(x: Floats, y: Floats) -> Floats:
    """Pixels that each place of x (H, W, 3) in [0, 1] has moved in y, (H, W).

    Dense inverse search on band-passed luma, pooled over a Gaussian of ten pixels so that
    strokes, which move here and there, cancel out while a warp does not.
    Source: Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016 (OpenCV).
    """
    import cv2

    if min(x.shape[:2]) < 32:
        return np.zeros(x.shape[:2], np.float32)
    # The stubs know the class, not its maker.
    make = cv2.DISOpticalFlow_create  # type: ignore[attr-defined]
    flow = make(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(_levels(x), _levels(y), None)
    pooled = cv2.GaussianBlur(flow, (0, 0), _POOLED)
    return np.asarray(np.linalg.norm(pooled, axis=-1), np.float32)


def _levels(picture: Floats) -> NDArray[np.uint8]:
    """Luma without its large places: a lighter picture has not moved."""
    import cv2

    grey = luma(picture)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), _FINE)
    return np.asarray(np.clip(128 + 255 * fine, 0, 255), np.uint8)
