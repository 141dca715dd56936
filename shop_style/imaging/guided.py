"""A coarse mask drawn to the edges of its picture: the guided filter.

He, Sun & Tang, "Guided Image Filtering", TPAMI 2013, eq. 5, 6 and 8, with grey as the guide.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_EPSILON: Final = 1e-4
"""Variance of grey, of 1, below which a window counts as flat: 2.5 levels of 255."""


def guided(mask: Floats, rgb: NDArray[np.uint8], radius: int) -> Floats:
    """mask (H, W) in [0, 1], its edges moved to those of rgb (H, W, 3) within `radius` pixels."""
    guide = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32) / np.float32(255)

    def mean(values: Floats) -> Floats:
        side = 2 * radius + 1
        return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)

    grey, soft = mean(guide), mean(mask)
    slope = (mean(guide * mask) - grey * soft) / (mean(guide * guide) - grey * grey + _EPSILON)
    offset = soft - slope * grey
    drawn = mean(slope.astype(np.float32)) * guide + mean(offset.astype(np.float32))
    return np.clip(drawn, np.float32(0), np.float32(1))
