"""A flat picture: how much of the range it leaves empty at both ends, and stretching it back."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LEAST_VEIL: Final = 0.1
"""Pictures whose range is nearly full are left alone."""
MOST_VEIL: Final = 0.25
"""Never stretched more than twofold."""

_END: Final = 0.001
_BLACK, _WHITE = 0.02, 0.99


def estimate_veil(rgb: Floats) -> float:
    """The share of the range that a picture (H, W, 3) in [0, 1] leaves empty at either end.

    It is the smaller of both gaps: a white mug on white has no black, a night scene no white, and
    neither is flat. A white ground that is white makes it 0.
    """
    tone = cv2.GaussianBlur(rgb, (3, 3), 0)
    darkest = float(np.quantile(tone.min(axis=-1)[::2, ::2], _END))
    lightest = float(np.quantile(tone.max(axis=-1)[::2, ::2], 1 - _END))
    return max(0.0, min(darkest - _BLACK, _WHITE - lightest))


def unveil(rgb: Floats, veil: float) -> Floats:
    """A picture (H, W, 3) in [0, 1] stretched about the middle by 1/(1 − 2·veil).

    The picture itself below LEAST_VEIL. Raises no contrast that was there: no more than the veil's.
    """
    if veil < LEAST_VEIL:
        return rgb
    share = np.float32(min(veil, MOST_VEIL))
    return ((rgb - share) / (1 - 2 * share)).clip(0, 1).astype(np.float32)
