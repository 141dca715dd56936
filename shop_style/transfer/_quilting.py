"""A small piece of cloth made into a large one that repeats without a seam: image quilting.

Efros & Freeman, "Image Quilting for Texture Synthesis and Transfer", SIGGRAPH 2001,
https://doi.org/10.1145/383259.383296: patches overlap and are cut where they differ least. The
last row and column are also fitted to the first, so the result tiles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

_SEARCH_SIDE: Final = 170
"""Short side, about, at which places are compared; what is found is refined at full size."""

_FEATHER: Final = 0.8
"""Deviation in pixels of the blur that softens a cut."""

_ALIKE: Final = 1e-4
"""Mean squared difference, of 1, below which two places count as equally good."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Quilt:
    """A quilted texture.

    pixels: (H, W, C) float32, of period H and W. cuts: (H, W), true along the cuts.
    """

    pixels: Floats
    cuts: Bools


def _go_on(done: int, total: int) -> None:
    return None


def quilt(
    texture: Floats,
    *,
    size: tuple[int, int],
    patch: int,
    seed: int = 0,
    tolerance: float = 0.1,
    step: Callable[[int, int], None] = _go_on,
) -> Quilt:
    """A tileable texture at least `size` (height, width) large.

    texture: (h, w, 3) in [0, 1]. patch: side in pixels of what is copied; at most the texture's
    short side. tolerance: a place is drawn by `seed` among those whose error is at most this share
    above the least. step: called with (done, total) patches; what it raises ends the work.
    Raises ValueError for a patch that does not fit.
    """
    if not 8 <= patch <= min(texture.shape[:2]):
        raise ValueError(f"a patch of {patch} does not fit a texture of {texture.shape[:2]}")
    overlap = max(4, patch // 5)
    stride = patch - overlap
    # Two patches in a row would overlap each other on both sides at once.
    rows, columns = (max(3, -(-length // stride)) for length in size)
    maker = _Maker(texture, (rows * stride, columns * stride), patch, overlap, seed, tolerance)
    for number in range(rows * columns):
        maker.lay(number // columns * stride, number % columns * stride)
        step(number + 1, rows * columns)
    return Quilt(pixels=maker.canvas, cuts=maker.cuts)


class _Maker:
    """The canvas as it grows, patch by patch; places wrap around its edges."""

    def __init__(
        self,
        texture: Floats,
        size: tuple[int, int],
        patch: int,
        overlap: int,
        seed: int,
        tolerance: float,
    ) -> None:
        self.canvas = np.zeros((*size, texture.shape[2]), np.float32)
        self.cuts = np.zeros(size, np.bool_)
        self._laid = np.zeros(size, np.bool_)
        self._texture = np.ascontiguousarray(texture)
        self._patch, self._overlap = patch, overlap
        self._tolerance = tolerance
        self._random = np.random.default_rng(seed)
        self._factor = max(1, round(min(texture.shape[:2]) / _SEARCH_SIDE))
        self._small = _shrunk(self._texture, self._factor)

    def lay(self, top: int, left: int) -> None:
        """Choose the patch that fits at this place, cut it and lay it."""
        rows = np.arange(top, top + self._patch) % self.canvas.shape[0]
        columns = np.arange(left, left + self._patch) % self.canvas.shape[1]
        place = np.ix_(rows, columns)
        beneath, laid = self.canvas[place], self._laid[place]
        y, x = self._chosen(beneath, laid)
        patch = self._texture[y : y + self._patch, x : x + self._patch]
        share = self._cut(np.square(patch - beneath).sum(-1), laid)
        border = share != cv2.erode(share, np.ones((3, 3), np.uint8))
        soft = cv2.GaussianBlur(share, (0, 0), _FEATHER)
        soft = np.where(laid, soft, np.float32(1))[..., None]
        self.canvas[place] = beneath + soft * (patch - beneath)
        # A cut that a later patch covers is none any more.
        self.cuts[place] = (self.cuts[place] & (share == 0)) | (border & laid)
        self._laid[place] = True

    def _chosen(self, beneath: Floats, laid: Bools) -> tuple[int, int]:
        """Top and left, in the texture, of a patch that agrees with what is laid."""
        limit = [length - self._patch for length in self._texture.shape[:2]]
        if not laid.any():
            y, x = (int(self._random.integers(most + 1)) for most in limit)
            return y, x
        factor = self._factor
        known = _shrunk(laid.astype(np.float32), factor)
        errors = _differences(self._small, _shrunk(beneath, factor), known)
        mean = np.maximum(errors, 0) / max(float(known.sum()), 1)
        near = mean <= mean.min() * (1 + self._tolerance) + _ALIKE
        found = np.argwhere(near)
        y, x = (int(v) * factor for v in found[self._random.integers(len(found))])
        return self._refined(beneath, laid, min(y, limit[0]), min(x, limit[1]))

    def _refined(self, beneath: Floats, laid: Bools, y: int, x: int) -> tuple[int, int]:
        """The best place, at full size, around one that was found in the reduced texture."""
        if self._factor == 1:
            return y, x
        reach, patch = self._factor, self._patch
        top, left = max(0, y - reach), max(0, x - reach)
        around = self._texture[top : y + reach + patch, left : x + reach + patch]
        errors = _differences(around, beneath, laid.astype(np.float32))
        dy, dx = np.unravel_index(int(errors.argmin()), errors.shape)
        return top + int(dy), left + int(dx)

    def _cut(self, error: Floats, laid: Bools) -> Floats:
        """(P, P): 1 where the new patch is taken, 0 where what is laid stays."""
        share = np.ones_like(error)
        wide, middle = self._overlap, self._patch // 2
        # Each side in turn looked at as the left one.
        sides = (
            (laid[middle, 0], error, share),
            (laid[0, middle], error.T, share.T),
            (laid[middle, -1], error[:, ::-1], share[:, ::-1]),
            (laid[-1, middle], error.T[:, ::-1], share.T[:, ::-1]),
        )
        for overlaps, cost, kept in sides:
            if overlaps:
                path = least_path(cost[:, :wide])
                kept[:, :wide][np.arange(wide)[None, :] < path[:, None]] = 0
        return share


def least_path(error: Floats) -> NDArray[np.intp]:
    """Columns (H,) of the cheapest way from top to bottom of error (H, W), one step aside a row."""
    height, width = error.shape
    # A column of infinity on both sides, so that no way leads out.
    cost = np.full((height, width + 2), np.inf)
    cost[:, 1:-1] = error
    for above, row in pairwise(cost):
        row[1:-1] += np.minimum(np.minimum(above[:-2], above[1:-1]), above[2:])
    path = np.empty(height, np.intp)
    path[-1] = cost[-1].argmin()
    for row in range(height - 2, -1, -1):
        left = path[row + 1] - 1
        path[row] = left + cost[row, left : left + 3].argmin()
    return path - 1


def _differences(texture: Floats, patch: Floats, known: Floats) -> Floats:
    """Summed squared difference, where known (P, P), of a patch at every place of a texture."""
    mask = np.repeat(known[..., None], patch.shape[2], 2)
    found = cv2.matchTemplate(texture, patch, cv2.TM_SQDIFF, mask=mask)
    return np.nan_to_num(np.asarray(found, np.float32), nan=np.inf, posinf=np.inf)


def _shrunk(array: Floats, factor: int) -> Floats:
    if factor == 1:
        return np.ascontiguousarray(array, np.float32)
    size = (max(1, array.shape[1] // factor), max(1, array.shape[0] // factor))
    # Cropped first, so that a place is the same in both sizes.
    cropped = array[: size[1] * factor, : size[0] * factor]
    return np.asarray(cv2.resize(cropped, size, interpolation=cv2.INTER_AREA), np.float32)
