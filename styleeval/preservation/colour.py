"""Colour difference as the eye sees it (CIEDE2000)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def delta_e_map(x: Floats, y: Floats) -> Floats:
    """ΔE00 at each pixel of two sRGB pictures (H, W, 3) in [0, 1], D65; about 1 is just visible.

    Source: Sharma, Wu & Dalal, "The CIEDE2000 Color-Difference Formula", Color Research &
    Application 30(1), 2005, https://doi.org/10.1002/col.20070
    """
    from skimage.color import deltaE_ciede2000, rgb2lab

    difference = deltaE_ciede2000(  # type: ignore[no-untyped-call]
        rgb2lab(x), rgb2lab(y)
    )
    return np.asarray(difference, np.float32)
