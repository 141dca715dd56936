"""Unknown places of a picture, filled in smoothly from what is known around them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def filled(picture: Floats, known: Floats) -> Floats:
    """A picture (H, W, 3) with its unknown places filled in smoothly from the known around them.

    known: (H, W) in [0, 1]. Pull and push: Gortler et al., "The Lumigraph", SIGGRAPH 1996, §3.4.
    """
    levels = [(picture * known[..., None], known)]
    while max(levels[-1][1].shape) > 2 and float(levels[-1][1].min()) < 1:
        size = tuple(max(1, -(-side // 2)) for side in levels[-1][1].shape[::-1])
        levels.append(
            (
                np.asarray(cv2.resize(levels[-1][0], size, interpolation=cv2.INTER_AREA)),
                np.asarray(cv2.resize(levels[-1][1], size, interpolation=cv2.INTER_AREA)),
            )
        )
    total, weight = levels[-1]
    whole = total / np.maximum(weight, 1e-4)[..., None]
    for total, weight in reversed(levels[:-1]):
        above = cv2.resize(whole, weight.shape[::-1], interpolation=cv2.INTER_LINEAR)
        share = np.clip(weight, 0, 1)[..., None]
        whole = total + (1 - share) * above
    return np.where(known[..., None] == 1, picture, whole).astype(np.float32)
