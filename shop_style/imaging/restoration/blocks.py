"""Cosine transforms of 8 × 8 blocks, and smoothing by thresholding them at many offsets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn

Floats = NDArray[np.float32]
Offset = tuple[int, int]

SIDE: Final = 8
EVERY_SECOND: Final = tuple((y, x) for y in range(0, SIDE, 2) for x in range(0, SIDE, 2))
QUINCUNX: Final = ((0, 0), (4, 4), (2, 6), (6, 2), (0, 4), (4, 0), (2, 2), (6, 6))
ORDER: Final = np.add.outer(np.arange(SIDE), np.arange(SIDE))
"""Frequency of each coefficient, vertical plus horizontal, (8, 8): 0 is the mean, 14 the finest."""

_WITHIN: Final = (1, 3)
_OPPONENT: Final[Floats] = np.array(
    [[3**-0.5] * 3, [2**-0.5, 0, -(2**-0.5)], [6**-0.5, -2 * 6**-0.5, 6**-0.5]], np.float32
)


def opponent(rgb: Floats) -> Floats:
    """Lightness and two colour differences, orthonormal: independent noise keeps its deviation."""
    return np.asarray(rgb @ _OPPONENT.T, np.float32)


def from_opponent(planes: Floats) -> Floats:
    """The inverse of `opponent`."""
    return np.asarray(planes @ _OPPONENT, np.float32)


def whole_blocks(plane: Floats) -> Floats:
    """The plane (H, W, …) cut to whole blocks from its top left corner."""
    height, width = plane.shape[:2]
    return plane[: height - height % SIDE, : width - width % SIDE]


def coefficients(plane: Floats) -> Floats:
    """The orthonormal DCT of each block of a plane whose sides are multiples of 8.

    Returns (rows of blocks, vertical frequency, columns of blocks, horizontal frequency).
    """
    height, width = plane.shape
    blocks = plane.reshape(height // SIDE, SIDE, width // SIDE, SIDE)
    return np.asarray(dctn(blocks, axes=_WITHIN, norm="ortho"), np.float32)


def plane_of(blocks: Floats) -> Floats:
    """The inverse of `coefficients`, (H, W)."""
    rows, _, columns, _ = blocks.shape
    plane = idctn(blocks, axes=_WITHIN, norm="ortho")
    return np.asarray(plane, np.float32).reshape(rows * SIDE, columns * SIDE)


def thresholded(
    plane: Floats,
    thresholds: Floats | float,
    offsets: Sequence[Offset],
    *,
    step: Callable[[], None] = lambda: None,
) -> Floats:
    """A plane (H, W) without what is small in its blocks, averaged over offsets of their grid.

    thresholds: a number or (8, 8), in the plane's units; smaller coefficients go, means stay.
    A block counts the more, the fewer coefficients it kept: flat ones have no ringing.
    step: called after each offset.
    Source: Yu & Sapiro, "DCT Image Denoising: a Simple and Effective Image Denoising Algorithm",
    IPOL 1, 2011, https://doi.org/10.5201/ipol.2011.ys-dct; weights after Guleryuz, "Weighted
    Averaging for Denoising With Overcomplete Dictionaries", IEEE TIP 16(12), 2007.
    """
    limits = np.broadcast_to(np.asarray(thresholds, np.float32), (SIDE, SIDE))[:, None, :].copy()
    limits[0, 0, 0] = -1
    height, width = plane.shape
    tall, wide = (-(-(side + SIDE) // SIDE) * SIDE for side in (height, width))
    padded = cv2.copyMakeBorder(
        plane, SIDE, tall - height, SIDE, wide - width, cv2.BORDER_REFLECT_101
    )
    total, weight = (np.zeros(padded.shape, np.float32) for _ in range(2))
    for top, left in offsets:
        window = (slice(top, top + tall), slice(left, left + wide))
        blocks = coefficients(np.ascontiguousarray(padded[window]))
        kept = np.abs(blocks) > limits
        share = np.float32(1) / kept.sum(axis=(1, 3), keepdims=True, dtype=np.float32)
        np.multiply(blocks, kept, out=blocks)
        np.multiply(blocks, share, out=blocks)
        total[window] += plane_of(blocks)
        weight[window] += np.broadcast_to(share, blocks.shape).reshape(tall, wide)
        step()
    inside = (slice(SIDE, SIDE + height), slice(SIDE, SIDE + width))
    return np.asarray(total[inside] / weight[inside], np.float32)
