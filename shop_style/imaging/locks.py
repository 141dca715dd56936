"""What a styled product keeps of its own: its colours, and places such as print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels; right and bottom are beyond it."""

STROKE: Final = 12.0
"""Most that a stroke may lighten or darken a product whose colours are locked, in L* of 100."""

_LOW: Final = 1 / 40
"""Deviation of the Gaussian that parts light and shade from strokes, of the short side."""


def lock_colour(
    original: Floats, styled: Floats, weights: Floats, *, share: float, stroke: float = STROKE
) -> Floats:
    """The styled picture with the product's own colours, (H, W, 3) in [0, 1].

    original, styled: (H, W, 3) sRGB in [0, 1]. weights: (H, W), where the product is. share: 0
    locks nothing, 1 wholly. In CIELAB: a* and b* are the original's; so is L* over large places,
    and finer changes of it are the style's, at most `stroke` either way.
    """
    if share == 0:
        return styled
    own, made = (cv2.cvtColor(item, cv2.COLOR_RGB2Lab) for item in (original, styled))
    sigma = max(1.0, min(own.shape[:2]) * _LOW)
    change = made[..., 0] - own[..., 0]
    # Over the product alone: what was done to the ground must not darken its edge.
    total = cv2.GaussianBlur(weights, (0, 0), sigma)
    large = cv2.GaussianBlur(change * weights, (0, 0), sigma) / np.maximum(total, 1e-3)
    own[..., 0] = np.clip(own[..., 0] + np.clip(change - large, -stroke, stroke), 0, 100)
    locked = np.asarray(cv2.cvtColor(own, cv2.COLOR_Lab2RGB), np.float32).clip(0, 1)
    part = (np.float32(share) * weights)[..., None]
    return (styled + part * (locked - styled)).astype(np.float32)


def lock_places(
    original: Floats, styled: Floats, boxes: Sequence[Box], *, feather: float = 0.15
) -> Floats:
    """The styled picture with the original's pixels inside boxes, such as those of print.

    original, styled: (H, W, 3). feather: width of the soft edge outside a box, of its shorter side.
    """
    kept = np.zeros(original.shape[:2], np.float32)
    for left, top, right, bottom in boxes:
        inside = np.zeros_like(kept)
        inside[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = 1
        reach = max(1.0, feather * min(right - left, bottom - top))
        away = cv2.distanceTransform((inside == 0).astype(np.uint8), cv2.DIST_L2, 5)
        kept = np.maximum(kept, np.clip(1 - away / reach, 0, 1).astype(np.float32))
    share = kept[..., None]
    # Not a sum: a kept pixel must be the original's to the bit.
    return np.where(share == 1, original, styled + share * (original - styled))
