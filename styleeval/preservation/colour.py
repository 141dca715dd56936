"""Colour difference as the eye sees it (CIEDE2000), and hue by itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_SMOOTH = 1.5
_GREY, _COLOURED = 8.0, 16.0
"""Chroma below which hue says nothing, and from which it says all it can."""


def lab(rgb: Floats) -> Floats:
    """CIELAB (H, W, 3), D65, of an sRGB picture (H, W, 3) in [0, 1]: L* 0–100."""
    from skimage.color import rgb2lab

    return np.asarray(rgb2lab(rgb), np.float32)


def delta_e_map(x: Floats, y: Floats) -> Floats:
    """ΔE00 at each pixel of two sRGB pictures (H, W, 3) in [0, 1], D65; about 1 is just visible.

    Source: Sharma, Wu & Dalal, "The CIEDE2000 Color-Difference Formula", Color Research &
    Application 30(1), 2005, https://doi.org/10.1002/col.20070
    """
    return delta_e(lab(x), lab(y))


def delta_e(x: Floats, y: Floats) -> Floats:
    """`delta_e_map` of two pictures already in CIELAB."""
    from skimage.color import deltaE_ciede2000

    return np.asarray(deltaE_ciede2000(x, y), np.float32)  # type: ignore[no-untyped-call]


def hue_maps(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Degrees between the hues of two pictures in CIELAB (H, W, 3), and how much each place says.

    The first map is in [0, 180]. The second, in [0, 1], is 0 where either is grey. Both are taken
    over a Gaussian of 1.5 pixels: a JPEG's chroma is coarser than that.
    """
    import cv2

    one, two = (cv2.GaussianBlur(item[..., 1:], (0, 0), _SMOOTH) for item in (x, y))
    # By channel: NumPy's reductions over an axis of two are slow.
    (a, b), (c, d) = ((item[..., 0], item[..., 1]) for item in (one, two))
    turn = np.arctan2(a * d - b * c, a * c + b * d)
    chroma = np.sqrt(np.minimum(a * a + b * b, c * c + d * d))
    counts = np.clip((chroma - _GREY) / (_COLOURED - _GREY), 0, 1)
    return np.abs(np.degrees(turn)).astype(np.float32), counts.astype(np.float32)
