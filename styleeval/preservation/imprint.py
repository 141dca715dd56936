"""How much of the print inside a box is still there, told from fine light and dark alone."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Box = tuple[int, int, int, int]

REACH: Final = 6
"""Pixels that print may have moved, each way, before it counts as lost."""

_SMOOTH: Final = 0.8
"""Deviation in pixels of what is ignored as noise of re-encoding and resampling."""

_CONTRAST: Final = 0.5
"""Share of the original's contrast at which print is as good as before."""

_CHANCE: Final = 0.3
"""Correlation of one line of print with another: strokes and gaps fall together by chance."""

_FAINT: Final = 0.01
"""Deviation of luma below which a spot of the original holds no print."""


def print_kept(before: Floats, after: Floats, box: Box) -> tuple[float, tuple[int, int]]:
    """Share of a box's print that is kept, in [0, 1], and the offset (x, y) at which it is.

    before, after: luma (H, W) in [0, 1] of two pictures of one size. The mean over the printed
    spots of the correlation of fine luma in windows of about a letter, as far as it is no chance,
    times the share of contrast that is left: structure and contrast of SSIM (Wang et al., IEEE
    TIP 13(4), 2004, §III.B) without its lightness, at the best whole-pixel offset.
    """
    left, top, right, bottom = inside(box, before.shape)
    if right - left < 4 or bottom - top < 4:
        return 1.0, (0, 0)
    offset = _offset(before, after, (left, top, right, bottom))
    own = before[top:bottom, left:right]
    made = moved(after, (left, top, right, bottom), offset)
    window = letter_size((left, top, right, bottom))
    first, second = _fine(own, window), _fine(made, window)
    means = [_mean(item, window) for item in (first, second)]
    spread = [
        np.sqrt(np.maximum(_mean(item * item, window) - mean * mean, 0))
        for item, mean in zip((first, second), means, strict=True)
    ]
    shared = _mean(first * second, window) - means[0] * means[1]
    alike = shared / np.maximum(spread[0] * spread[1], _FAINT**2 / 4)
    left_over = spread[1] / np.maximum(spread[0], _FAINT) / _CONTRAST
    kept = np.clip((alike - _CHANCE) / (1 - _CHANCE), 0, 1) * np.clip(left_over, 0, 1)
    weights = np.minimum(spread[0], np.percentile(spread[0], 75))
    weights = np.where(spread[0] < _FAINT, 0, weights)
    if not weights.any():
        return 1.0, offset
    return float(np.average(kept, weights=weights)), offset


def letter_size(box: Box) -> int:
    """Side in pixels of a window that holds about a letter of a line in a box; odd."""
    return 2 * round(min(max(0.3 * min(box[2] - box[0], box[3] - box[1]), 3), 20)) + 1


def inside(box: Box, shape: tuple[int, ...]) -> Box:
    """The part of a box inside a picture of this shape."""
    left, top, right, bottom = box
    return max(0, left), max(0, top), min(shape[1], right), min(shape[0], bottom)


def moved(picture: NDArray[np.float32], box: Box, offset: tuple[int, int]) -> Floats:
    """A box's pixels at an offset; beyond the picture's edge its last pixels go on."""
    left, top, right, bottom = box
    rows = np.clip(np.arange(top, bottom) + offset[1], 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(left, right) + offset[0], 0, picture.shape[1] - 1)
    return np.ascontiguousarray(picture[np.ix_(rows, columns)])


def _offset(before: Floats, after: Floats, box: Box) -> tuple[int, int]:
    """Where, within REACH, the candidate's fine luma is most like the original's."""
    left, top, right, bottom = box
    around = (left - REACH, top - REACH, right + REACH, bottom + REACH)
    window = letter_size(box)
    own = _fine(before[top:bottom, left:right], window)
    made = _fine(moved(after, around, (0, 0)), window)
    scores = cv2.matchTemplate(made, own, cv2.TM_CCOEFF_NORMED)
    scores = np.nan_to_num(scores, nan=0, posinf=0, neginf=0)
    # At equal likeness, the smaller move.
    away = np.hypot(*np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1]).astype(np.float32)
    row, column = np.unravel_index(int((scores - 1e-3 * away).argmax()), scores.shape)
    return int(column) - REACH, int(row) - REACH


def _fine(values: Floats, window: int) -> Floats:
    smooth = cv2.GaussianBlur(values, (0, 0), _SMOOTH)
    return np.asarray(smooth - _mean(values, window), np.float32)


def _mean(values: Floats, window: int) -> Floats:
    return np.asarray(cv2.blur(values, (window, window), borderType=cv2.BORDER_REFLECT), np.float32)
