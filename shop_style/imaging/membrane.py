"""A surface from its slopes: weighted least squares on a grid, by conjugate gradients."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn

Floats = NDArray[np.float32]

_ROUNDS: Final = 40
_ENOUGH: Final = 5e-4


def membrane(
    down: Floats,
    right: Floats,
    down_weight: Floats,
    right_weight: Floats,
    *,
    height: Floats,
    height_weight: Floats,
) -> Floats:
    """The surface (H, W) whose slopes and heights come nearest to those given.

    down, down_weight: (H − 1, W), step from each row to the next and how much it counts, above 0.
    right, right_weight: (H, W − 1), likewise for columns. height, height_weight: (H, W); weights
    may be 0, and where all are the surface has mean 0. Preconditioned by the exact solution for
    equal weights, a cosine transform; at most 40 rounds.
    """
    flat = _eigenvalues(height.shape, float(height_weight.mean()))
    target = _divergence(down * down_weight, right * right_weight) + height * height_weight
    surface = np.zeros_like(target)
    rest = target.copy()
    enough = _ENOUGH * float(np.linalg.norm(rest))
    way = even = _evened(rest, flat)
    size = float((rest * even).sum())
    for _ in range(_ROUNDS):
        if np.linalg.norm(rest) <= enough:
            break
        bent = height_weight * way + _divergence(
            np.diff(way, axis=0) * down_weight, np.diff(way, axis=1) * right_weight
        )
        stride = np.float32(size / float((way * bent).sum()))
        surface += stride * way
        rest -= stride * bent
        even = _evened(rest, flat)
        size, before = float((rest * even).sum()), size
        way = even + np.float32(size / before) * way
    return surface


def _divergence(down: Floats, right: Floats) -> Floats:
    """Transpose of the slopes: what each place takes part in."""
    total = np.zeros((right.shape[0], down.shape[1]), np.float32)
    total[1:] += down
    total[:-1] -= down
    total[:, 1:] += right
    total[:, :-1] -= right
    return total


def _eigenvalues(shape: tuple[int, ...], lift: float) -> Floats:
    rows, columns = (2 - 2 * np.cos(np.pi * np.arange(n) / n) for n in shape)
    values: Floats = (rows[:, None] + columns[None, :] + lift).astype(np.float32)
    if lift == 0:
        # No height is given: the mean stays at 0.
        values[0, 0] = np.inf
    return values


def _evened(rest: Floats, eigenvalues: Floats) -> Floats:
    """Solve with all weights 1 (a cosine transform diagonalises it)."""
    return np.asarray(idctn(dctn(rest, norm="ortho") / eigenvalues, norm="ortho"), np.float32)
