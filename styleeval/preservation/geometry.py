"""Has anything moved? The way that each place of the product went."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from styleeval.preservation.structure import luma

Floats = NDArray[np.float32]
Levels = NDArray[np.uint8]

_FINE = 8.0
_POOLED = 10.0
_QUARTER = 4
_CLEARLY = 0.2
"""Gain in correlation from which a place counts as moved in full."""

_FLAT = 1.0
"""Mean square of band-passed levels (of 255) below which nothing can be told."""


def displacement_map(x: Floats, y: Floats) -> Floats:
    """Pixels that each place of x (H, W, 3) in [0, 1] has moved in y, (H, W).

    Dense inverse search on band-passed luma, pooled over a Gaussian of ten pixels so that
    strokes, which move here and there, cancel out while a warp does not. A move counts as far as
    undoing it makes both more alike: strokes on a plain place lead anywhere and explain nothing.
    Source: Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016 (OpenCV).
    """
    import cv2

    if min(x.shape[:2]) < 32:
        return np.zeros(x.shape[:2], np.float32)
    # The stubs know the class, not its maker.
    make = cv2.DISOpticalFlow_create  # type: ignore[attr-defined]
    own, other = _levels(x), _levels(y)
    flow = make(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(own, other, None)
    pooled = np.asarray(cv2.GaussianBlur(flow, (0, 0), _POOLED), np.float32)
    far = np.hypot(pooled[..., 0], pooled[..., 1])
    return np.asarray(far * _explained(own, other, pooled), np.float32)


def _explained(own: Levels, other: Levels, flow: Floats) -> Floats:
    """How far undoing a flow (H, W, 2) brings a picture nearer to its original, (H, W) in [0, 1]:
    the gain in local correlation."""
    import cv2

    height, width = own.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    back = cv2.remap(
        other,
        columns + flow[..., 0],
        rows + flow[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    first, second, undone = (item.astype(np.float32) - 128 for item in (own, other, back))
    energy = _nearby(first * first)

    def alike(candidate: Floats) -> Floats:
        both = energy * _nearby(candidate * candidate)
        return np.asarray(_nearby(first * candidate) / np.sqrt(np.maximum(both, _FLAT**2)))

    gain = np.clip((alike(undone) - alike(second)) / _CLEARLY, 0, 1)
    return np.asarray(cv2.resize(gain, (width, height)), np.float32)


def _nearby(values: Floats) -> Floats:
    """Means over the pooling Gaussian, at a quarter of the size."""
    import cv2

    small = (max(1, values.shape[1] // _QUARTER), max(1, values.shape[0] // _QUARTER))
    reduced = cv2.resize(values, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(reduced, (0, 0), _POOLED / _QUARTER), np.float32)


def _levels(picture: Floats) -> Levels:
    """Luma without its large places: a lighter picture has not moved."""
    import cv2

    grey = luma(picture)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), _FINE)
    return np.asarray(np.clip(128 + 255 * fine, 0, 255), np.uint8)
