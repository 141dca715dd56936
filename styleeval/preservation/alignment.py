"""A candidate moved back onto its original, when it was merely shifted by a few pixels."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, kw_only=True, eq=False)
class Aligned:
    """A candidate moved back: at full size, where scores are taken, and by how much it was
    shifted (right, down) in pixels of the full size."""

    picture: Floats
    small: Floats
    shift: tuple[float, float]


class Anchor:
    """An original that candidates are moved back onto."""

    def __init__(self, original: Floats, weights: Floats) -> None:
        """original: (H, W, 3) in [0, 1] where scores are taken; weights: (H, W), the product."""
        import cv2

        self._window = np.asarray(cv2.GaussianBlur(weights, (0, 0), 4), np.float32)
        self._own = _fine(luma(original))

    def aligned(self, candidate: Floats) -> Aligned:
        """A candidate (H, W, 3) at full size with its shift taken away.

        A shift counts only if it is at most `MOST` long and taking it away brings the product
        clearly nearer: strokes of a style are no shift.
        Source of the estimate: Foroosh, Zerubia & Berthod, "Extension of Phase Correlation to
        Subpixel Registration", IEEE TIP 11(3), 2002 (OpenCV's phaseCorrelate).
        """
        import cv2

        small = scaled(candidate)
        other = _fine(luma(small))
        scale = candidate.shape[0] / small.shape[0]
        found, _ = cv2.phaseCorrelate(
            (self._own * self._window).astype(np.float64),
            (other * self._window).astype(np.float64),
        )
        across, down = (_settled(length * scale) for length in found)
        as_it_is = Aligned(picture=candidate, small=small, shift=(0.0, 0.0))
        if not 0 < np.hypot(across, down) <= MOST:
            return as_it_is
        moved = _moved(candidate, -across, -down)
        second = scaled(moved)
        if self._apart(_fine(luma(second))) > _BETTER * self._apart(other):
            return as_it_is
        return Aligned(picture=moved, small=second, shift=(across, down))

    def _apart(self, other: Floats) -> float:
        return float((np.abs(self._own - other) * self._window).mean())


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
