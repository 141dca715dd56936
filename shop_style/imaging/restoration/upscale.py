"""Twice the size: what the pixels say and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shop_style.imaging.restoration.sharpness import bounded_by_neighbours

Floats = NDArray[np.float32]

_ROUNDS: Final = 4
_OVERSHOOT: Final = 0.05


def doubled(
    rgb: Floats, *, report: Callable[[int, int], None] = lambda done, total: None
) -> Floats:
    """A picture (H, W, 3) or plane (H, W) in [0, 1] at twice its width and height.

    Lanczos, then back-projected: reduced again it gives the picture it came from, which sharpens
    edges. No detail is invented, and a pixel stays between its neighbours, so no edge rings.
    Source: Irani & Peleg, "Improving Resolution by Image Registration", CVGIP 53(3), 1991.
    """
    height, width = rgb.shape[:2]
    size = (2 * width, 2 * height)
    smooth = cv2.resize(rgb, size, interpolation=cv2.INTER_LANCZOS4).astype(np.float32)
    made = smooth
    for number in range(_ROUNDS):
        missing = rgb - cv2.resize(made, (width, height), interpolation=cv2.INTER_AREA)
        made = made + cv2.resize(missing, size, interpolation=cv2.INTER_CUBIC)
        report(number + 1, _ROUNDS)
    repeated = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_NEAREST), np.float32)
    return bounded_by_neighbours(made, repeated, radius=2, overshoot=_OVERSHOOT)
