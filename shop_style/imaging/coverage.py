"""How much of a soft outline's pixels is product, and what lies behind it: for a new surface."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_REACH: Final = 3.0
"""Deviation in pixels of the Gaussian that carries colours to the outline from both sides."""

_CLEAR: Final = 0.15
"""Distance of two colours, of √3, from which a mixture of them can be told apart."""


def resurfaced(rgb: Floats, mask: Floats, surface: Floats) -> Floats:
    """The picture with the product's surface replaced, (H, W, 3) in [0, 1].

    rgb: (H, W, 3) sRGB in [0, 1]. mask: (H, W) in [0, 1]. surface: (H, W, 3), what every place
    would be if it were product. On the outline, where the mask is between 0 and 1, what shows of
    the background stays and nothing of the old colour does; where the mask is 0 the picture is
    returned bit for bit. It does not matter whether the picture of a cut-out is mixed with its
    background along the outline or is product alone: its colours tell.
    """
    soft = (mask > 0) & (mask < 1)
    inner = _carried(rgb, (mask >= 0.98).astype(np.float32))
    outer = _carried(rgb, (mask <= 0.02).astype(np.float32))
    apart = inner - outer
    length = np.square(apart).sum(-1)
    shown = ((rgb - outer) * apart).sum(-1) / np.maximum(length, 1e-6)
    trust = np.clip(np.sqrt(length) / _CLEAR - 1, 0, 1)
    # Never less than the mask says: strands of the old colour would stay.
    share = np.maximum(mask, trust * np.clip(shown, 0, 1) + (1 - trust) * mask)[..., None]
    behind = np.where(trust[..., None] > 0, outer, rgb)
    mixed = share * surface + (1 - share) * behind
    made = np.where(soft[..., None], mixed, surface)
    return np.where(mask[..., None] == 0, rgb, made).astype(np.float32)


def _carried(rgb: Floats, sure: Floats) -> Floats:
    """Colours of the nearest sure places."""
    total = cv2.GaussianBlur(sure, (0, 0), _REACH)[..., None]
    mean = cv2.GaussianBlur(rgb * sure[..., None], (0, 0), _REACH) / np.maximum(total, 1e-6)
    return np.where(total > 1e-4, mean, rgb).astype(np.float32)
