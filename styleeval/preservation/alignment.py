"""A candidate moved back onto its original, when it was merely shifted by a few pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from styleeval.preservation.pictures import scaled
from styleeval.preservation.structure import luma

Floats = NDArray[np.float32]

MOST = 5.0
"""Longest shift taken away, in original pixels: four, also aslant, and what an estimate is off."""

_FINE = 3.0
_NEARLY_WHOLE = 0.2
_BETTER = 0.8


def aligned(
    original: Floats, candidate: Floats, weights: Floats
) -> tuple[Floats, tuple[float, float]]:
    """The candidate with its shift taken away, and that shift (right, down) in pixels.

    original, candidate: (H, W, 3) in [0, 1]. weights: (H, W), where the product is.
    A shift counts only if it is at most `MOST` long and taking it away brings the product clearly
    nearer: strokes of a style are no shift.
    Source of the estimate: Foroosh, Zerubia & Berthod, "Extension of Phase Correlation to
    Subpixel Registration", IEEE TIP 11(3), 2002 (OpenCV's phaseCorrelate).
    """
    import cv2

    small, other = luma(scaled(original)), luma(scaled(candidate))
    window = np.asarray(cv2.GaussianBlur(scaled(weights), (0, 0), 4), np.float32)
    scale = original.shape[0] / small.shape[0]
    found, _ = cv2.phaseCorrelate(
        (_fine(small) * window).astype(np.float64), (_fine(other) * window).astype(np.float64)
    )
    across, down = (_settled(length * scale) for length in found)
    if not 0 < np.hypot(across, down) <= MOST:
        return candidate, (0.0, 0.0)
    moved = _moved(candidate, -across, -down)
    if _apart(small, luma(scaled(moved)), window) > _BETTER * _apart(small, other, window):
        return candidate, (0.0, 0.0)
    return moved, (across, down)


def _settled(length: float) -> float:
    """Whole pixels where it is nearly so: moving by these loses no sharpness."""
    whole = float(round(length))
    return whole if abs(length - whole) < _NEARLY_WHOLE else length


def _moved(picture: Floats, across: float, down: float) -> Floats:
    import cv2

    matrix = np.array([[1, 0, across], [0, 1, down]], np.float32)
    whole = across == round(across) and down == round(down)
    height, width = picture.shape[:2]
    moved = cv2.warpAffine(
        picture,
        matrix,
        (width, height),
        flags=cv2.INTER_NEAREST if whole else cv2.INTER_LANCZOS4,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(np.clip(moved, 0, 1), np.float32)


def _fine(grey: Floats) -> Floats:
    import cv2

    return grey - np.asarray(cv2.GaussianBlur(grey, (0, 0), _FINE), np.float32)


def _apart(one: Floats, other: Floats, window: Floats) -> float:
    return float((np.abs(_fine(one) - _fine(other)) * window).mean())
