"""A product mask from colours alone, where no plain background helps: GrabCut.

Rother, Kolmogorov & Blake, "GrabCut", SIGGRAPH 2004. It is seeded twice, tightly and widely, and
looks again through a blur and at half the size; what all agree on says how far it can be trusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from styleeval.preservation.pullpush import filled

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]

_SIDE: Final = 320
_ROUNDS: Final = 4
_RIM: Final = 0.03
_SEEDS: Final = (0.30, 0.42)
"""Half axes of the ellipse that is probably product, as shares of the picture's sides."""

_SMALLEST: Final = 0.01
_BLUR: Final = 2.0
_REACH: Final = 3
_CLEAR: Final = 10.0
_UNLIKE: Final = 15.0
"""ΔE76 of a patch from the ground around the product at which it is no hole."""

_BAND: Final = 12
_BINS: Final = 20
_LOWEST: Final = np.array([0, -100, -100], np.float32)
_BIN: Final = np.array([10, 10, 10], np.float32)
"""Pixels on either side of an outline whose colours are told apart, and bins of CIELAB."""

_MOST: Final = 0.85
"""However well two cuts agree, colours alone never make a product sure."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Cut:
    """product: (H, W), at the reduced size it was found at. confidence: 0–1."""

    product: Bools
    confidence: float


def cut_out(rgb: Bytes, background: Bools | None = None) -> Cut:
    """The product of a picture (H, W, 3) standing near its middle.

    background: (H, W), places that are known to be none of it, such as an unsure fill's.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, _SIDE / min(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    known = None
    if background is not None:
        reduced = cv2.resize(background.astype(np.uint8), size, interpolation=cv2.INTER_AREA)
        known = np.asarray(cv2.erode(reduced, np.ones((5, 5), np.uint8)), np.bool_)
    tight, wide = (_cut(small, share, known) for share in _SEEDS)
    both, either = tight & wide, tight | wide
    if not both.any():
        return Cut(product=either, confidence=0.0)
    agreed = float(both.sum() / either.sum())
    area = float(wide.mean())
    sized = np.interp(area, [_SMALLEST, 0.04, 0.7, 0.95], [0, 1, 1, 0])
    inside = np.interp(_share_on_rim(wide), [0.1, 0.5], [1, 0])
    stable = np.interp(agreed, [0.6, 0.95], [0, 1])
    steady = np.interp(_steadiness(small, known, wide), [0.86, 0.96], [0.2, 1])
    # A blur takes much of a thin product, but not what no ground beside it looks like.
    apart = np.interp(_likeness(small, wide), [0.08, 0.15], [1, 0.2])
    edged = np.interp(_edge_share(small, wide), [0.4, 0.75], [0, 1])
    trusted = max(steady, apart) * sized * inside * edged
    return Cut(product=wide, confidence=float(_MOST * stable * trusted))


def _steadiness(rgb: Bytes, known: Bools | None, found: Bools) -> float:
    """How far the same cut is found again through a blur and at half the size: the lesser IoU.

    Colours that part a product well do so at any size; a cut along a texture or a shadow moves.
    """
    size = (found.shape[1], found.shape[0])
    blurred = _cut(np.asarray(cv2.GaussianBlur(rgb, (0, 0), _BLUR), np.uint8), _SEEDS[1], known)
    half = (max(1, size[0] // 2), max(1, size[1] // 2))
    smaller = np.asarray(cv2.resize(rgb, half, interpolation=cv2.INTER_AREA), np.uint8)
    ground = known
    if known is not None:
        reduced = cv2.resize(known.astype(np.uint8), half, interpolation=cv2.INTER_NEAREST)
        ground = np.asarray(reduced, np.bool_)
    coarse = _cut(smaller, _SEEDS[1], ground).astype(np.uint8)
    again = cv2.resize(coarse, size, interpolation=cv2.INTER_NEAREST) == 1
    return min(_iou(found, blurred), _iou(found, again))


def _likeness(rgb: Bytes, found: Bools) -> float:
    """0–1: the Bhattacharyya coefficient of the colours on both sides of an outline."""
    levels = rgb.astype(np.float32) / np.float32(255)
    lab = np.asarray(cv2.cvtColor(levels, cv2.COLOR_RGB2Lab), np.float32)
    bins = np.clip((lab - _LOWEST) / _BIN, 0, _BINS - 1).astype(np.int32)
    cells = np.ravel_multi_index(tuple(np.moveaxis(bins, -1, 0)), (_BINS,) * 3)
    side = 2 * _BAND + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    whole = found.astype(np.uint8)
    without = (cv2.dilate(whole, kernel) == 1) & ~found
    within = found & (cv2.erode(whole, kernel) == 0)
    one, other = (
        np.bincount(cells[band], minlength=_BINS**3) / max(int(band.sum()), 1)
        for band in (without, within)
    )
    return float(np.sqrt(one * other).sum())


def _iou(one: Bools, other: Bools) -> float:
    return float((one & other).sum() / max(int((one | other).sum()), 1))


def _cut(rgb: Bytes, share: float, known: Bools | None) -> Bools:
    labels = _seeds(rgb.shape[:2], share)
    if known is not None:
        labels[known] = cv2.GC_BGD
    if not np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).any():
        return np.zeros(labels.shape, np.bool_)
    models = (np.zeros((1, 65)), np.zeros((1, 65)))
    # OpenCV's generator is one for the process: the same picture must give the same mask.
    cv2.setRNGSeed(0)
    bgr, none = rgb[..., ::-1].copy(), (0, 0, 0, 0)
    cv2.grabCut(bgr, labels, none, *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    product = _largest(np.asarray(cv2.morphologyEx(found, cv2.MORPH_OPEN, kernel), np.uint8))
    return product | _print_in(product, rgb)


def _print_in(product: Bools, rgb: Bytes) -> Bools:
    """Enclosed patches that do not look like the ground around the product: letters, a label.

    The hole of a handle shows the ground of its surroundings.
    """
    count, numbered = cv2.connectedComponents((~product).astype(np.uint8), connectivity=4)
    labels = np.asarray(numbered, np.int32)
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    enclosed = ~product & ~np.isin(labels, edge)
    if not enclosed.any():
        return enclosed
    levels = rgb.astype(np.float32) / np.float32(255)
    lab = np.asarray(cv2.cvtColor(levels, cv2.COLOR_RGB2Lab), np.float32)
    around = filled(lab, (~product & ~enclosed).astype(np.float32))
    away = np.linalg.norm(lab - around, axis=-1)
    unlike = [
        label
        for label in np.setdiff1d(np.arange(1, count), edge)
        if np.median(away[labels == label]) > _UNLIKE
    ]
    letters: Bools = enclosed & np.isin(labels, unlike)
    return letters


def _seeds(shape: tuple[int, ...], share: float) -> Bytes:
    height, width = shape
    labels = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    centre, axes = (width // 2, height // 2), (round(width * share), round(height * share))
    cv2.ellipse(labels, centre, axes, 0, 0, 360, cv2.GC_PR_FGD, -1)
    rim = max(1, round(min(height, width) * _RIM))
    labels[:rim] = labels[-rim:] = cv2.GC_BGD
    labels[:, :rim] = labels[:, -rim:] = cv2.GC_BGD
    return labels


def _largest(found: Bytes) -> Bools:
    """The largest part, and those at least a quarter as large: a pair of shoes is one product."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(found, connectivity=8)
    if count == 1:
        return np.zeros(found.shape, np.bool_)
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = 1 + np.flatnonzero(areas >= 0.25 * areas.max())
    return np.isin(labels, kept)


def _edge_share(rgb: Bytes, product: Bools) -> float:
    """The share of the outline at which the colour changes clearly: shading alone is no edge."""
    lab = cv2.cvtColor(rgb.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2Lab)
    kernel = np.ones((2 * _REACH + 1, 2 * _REACH + 1), np.uint8)
    span = cv2.dilate(lab, kernel) - cv2.erode(lab, kernel)
    outline = product & (cv2.erode(product.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    return float((np.linalg.norm(span, axis=-1)[outline] > _CLEAR).mean())


def _share_on_rim(product: Bools) -> float:
    """How much of the frame's inner border the product runs along: a scene fills it."""
    rim = max(2, round(min(product.shape) * _RIM) + 2)
    inner = np.zeros(product.shape, np.bool_)
    inner[rim:-rim, rim:-rim] = True
    border = inner & ~np.asarray(cv2.erode(inner.astype(np.uint8), np.ones((3, 3))), np.bool_)
    return float(product[border].mean())
