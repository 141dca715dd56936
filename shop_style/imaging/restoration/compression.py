"""JPEG's blocks: the quality a picture was saved at, told from its pixels, and their removal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shop_style.imaging.restoration.blocks import (
    EVERY_SECOND,
    ORDER,
    SIDE,
    coefficients,
    plane_of,
    thresholded,
    whole_blocks,
)

Floats = NDArray[np.float32]

BEST_RESTORED: Final = 70
"""Pictures saved at a higher quality are left alone: their blocks are not seen."""

# ITU-T T.81, table K.1, which libjpeg scales by its quality.
_LUMA_STEPS: Final = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    np.float32,
)
_TOLD_BY: Final = (ORDER >= 1) & (ORDER <= 4)
_CANDIDATES: Final = range(10, BEST_RESTORED + 1, 5)
_MIN_COEFFICIENTS: Final = 200
_SURE: Final = 0.5
_LUMA_SHARE: Final = 0.8
_CHROMA_SHARE: Final = 1.0


def estimate_quality(rgb: Floats) -> int | None:
    """The JPEG quality 10–70 of a picture (H, W, 3) in [0, 1], or None: better, or no JPEG.

    Coefficients of its blocks then lie on multiples of that quality's steps. Only a picture that
    was neither cropped nor resized since shows them.
    """
    whole = whole_blocks(rgb)
    blocks = coefficients(_luma(whole)).transpose(1, 3, 0, 2)
    told = blocks[_TOLD_BY][:, _unclipped(whole)]
    fits = {quality: _fit(told, quality) for quality in _CANDIDATES}
    best = max(fits, key=lambda quality: fits[quality])
    return best if fits[best] > _SURE else None


def _fit(told: Floats, quality: int) -> float:
    """1 where all coefficients (frequencies, blocks) lie on multiples of the steps, 0 by chance."""
    steps = quantisation(quality)[_TOLD_BY][:, None]
    counted = np.abs(told) > 0.5 * steps
    if counted.sum() < _MIN_COEFFICIENTS:
        return 0.0
    return float(np.cos(2 * np.pi * told / steps)[counted].mean())


def _unclipped(rgb: Floats) -> NDArray[np.bool_]:
    """Blocks whose decoded levels were all kept: clipping moves coefficients off their steps."""
    rows, columns = rgb.shape[0] // SIDE, rgb.shape[1] // SIDE
    inside = np.all((rgb > 0) & (rgb < 1), axis=-1).reshape(rows, SIDE, columns, SIDE)
    return np.asarray(inside.all(axis=(1, 3)), np.bool_)


def quantisation(quality: int) -> Floats:
    """libjpeg's luma steps (8, 8) at a quality of 1–100, in levels of 255."""
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    return np.clip(np.floor((_LUMA_STEPS * scale + 50) / 100), 1, 255).astype(np.float32)


def deblock(
    rgb: Floats, quality: int, *, report: Callable[[int, int], None] = lambda done, total: None
) -> Floats:
    """A picture (H, W, 3) in [0, 1] without the blocks of a JPEG of this quality.

    What is small beside the steps goes at every offset of the grid; no coefficient then leaves the
    interval that the file allows it, so nothing the file holds is lost.
    Source: projection after Zakhor, "Iterative procedures for reduction of blocking effects in
    transform image coding", IEEE TCSVT 2(1), 1992.
    """
    steps = quantisation(quality)
    luma_first = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb), np.float32)
    levels = np.ascontiguousarray(luma_first[..., 0]) * np.float32(255)
    done, total = 0, 2 * len(EVERY_SECOND)

    def step() -> None:
        nonlocal done
        done += 1
        report(done, total)

    limit = _LUMA_SHARE * float(steps[:3, :3].mean())
    smooth = thresholded(levels, limit, EVERY_SECOND, step=step)
    luma_first[..., 0] = _allowed(smooth, levels, steps) / 255
    _smooth_chroma(luma_first, limit / 255, step)
    return np.asarray(cv2.cvtColor(luma_first, cv2.COLOR_YCrCb2RGB), np.float32).clip(0, 1)


def _allowed(smooth: Floats, original: Floats, steps: Floats) -> Floats:
    """`smooth` with every whole block's coefficients back in the interval of the original's."""
    held = coefficients(np.ascontiguousarray(whole_blocks(original) - 128))
    tried = coefficients(np.ascontiguousarray(whole_blocks(smooth) - 128))
    half = (steps / 2)[:, None, :]
    made = smooth.copy()
    inside = plane_of(np.clip(tried, held - half, held + half)) + 128
    made[: inside.shape[0], : inside.shape[1]] = inside
    return made


def _smooth_chroma(luma_first: Floats, limit: float, step: Callable[[], None]) -> None:
    """Chroma is mostly stored at half size, so its blocks are twice as large."""
    height, width = luma_first.shape[:2]
    half = (-(-width // 2), -(-height // 2))
    for channel in (1, 2):
        plane = np.ascontiguousarray(luma_first[..., channel])
        small = np.asarray(cv2.resize(plane, half, interpolation=cv2.INTER_AREA), np.float32)
        smooth = thresholded(small, _CHROMA_SHARE * limit, EVERY_SECOND[::2], step=step)
        change = cv2.resize(smooth - small, (width, height), interpolation=cv2.INTER_LINEAR)
        luma_first[..., channel] = plane + change


def _luma(rgb: Floats) -> Floats:
    grey = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)
    return np.asarray(grey * np.float32(255) - np.float32(128), np.float32)
