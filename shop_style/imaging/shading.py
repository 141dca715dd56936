"""The light on a product, parted from the colours and prints it falls on.

Retinex: steps of chromaticity, and of lightness too steep for light, belong to the goods; what
changes gently is light. Land & McCann 1971; solved as in Horn, "Determining Lightness from an
Image", 1974, within the mask, so that nothing leaks over the silhouette.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shop_style.imaging.membrane import membrane

Floats = NDArray[np.float32]

_WORKING_SIDE: Final = 384
_DARK: Final = np.float32(0.012)
"""Added to linear light before its logarithm: what a lens and a cloth's surface scatter."""

_CHROMATIC: Final = (0.03, 0.08)
"""Angles in radians between the colours of neighbours, from surely light to surely colour."""

_SHARP: Final = (0.16, 0.28)
_LASTING: Final = (0.3, 0.5)
"""Likewise for a sharp step that also lasts: what is lighter stays lighter a few pixels on, while a
crease is dark only as a line. Between greys alone: within one hue it is where a part is shaded."""

_SATURATED: Final = (0.12, 0.3)
"""Angles in radians from grey, from a grey to a hue."""

_FAR: Final = 4
"""How many pixels on, at working size."""

_FAINT: Final = 0.06
"""Linear light at which half of such an angle is believed."""

_STEEP: Final = (0.45, 0.8)
"""Steps of log light between neighbours, from surely light to surely print."""

_ACROSS: Final = 0.25
"""Weight of "no step of light here" where the goods themselves change."""

_TIED: Final = np.float32(0.05)
"""Weight of "as light as it looks" where the goods have one colour: parts that do not touch would
float."""

_OUTSIDE: Final = 0.01
"""Weight of smoothness beyond the product, which lets its light run on there."""

_LINE: Final = 1 / 130
"""Half the width of the widest line that counts as a seam or crease, of the product's size."""

_WEAVE: Final = 2.0
_FLAT: Final = (0.03, 0.12)
"""What of such a line's depth, in log light, is only weave: so many times its median, within
bounds."""

_DEEPEST: Final = 0.9
"""Most of its depth that is kept."""

_OUTLINE: Final = 2
_OPAQUE: Final = 0.9
"""Width in pixels of a product's soft outline, and what of its mask lies within it."""

_OTHER_HUE: Final = (0.08, 0.2)
"""Angles in radians between a line and its surroundings, from a crease to a print."""

_SOFT: Final = 1 / 90
"""Deviation that parts light from fine detail, of the product's size."""

LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Of linear sRGB (IEC 61966-2-1)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Shading:
    """Natural logarithms of how much lighter than usual each place is, (H, W) float32.

    light: over large places, 0 at the product's median; it runs on smoothly beyond the mask.
    detail: what is finer, such as seams, creases and weave, without prints; 0 beyond the mask.
    """

    light: Floats
    detail: Floats


def shading(rgb: Floats, mask: Floats, *, plain: Floats | None = None) -> Shading:
    """The light on a product.

    rgb: (H, W, 3) sRGB in [0, 1]. mask: (H, W) in [0, 1]. plain: (H, W) in [0, 1], where the goods
    are known to have one colour (`imaging.cloth`): there every step is light.
    Raises ValueError where the mask is empty.
    """
    box = _box(mask)
    inner, weights = rgb[box], mask[box]
    fine = np.log(linear(inner) @ LUMINANCE + _DARK)
    small, known = _reduced(inner, weights)
    found, printed = _light(small, known, _core(plain, box, small.shape[:2]))
    size = (inner.shape[1], inner.shape[0])
    large = np.asarray(cv2.resize(found, size, interpolation=cv2.INTER_LINEAR), np.float32)
    light = _blurred(large, weights, max(1.0, _SOFT * product_size(mask)))
    unit = product_size(mask)
    same = _of_one_hue(linear(inner), weights, _LINE * unit)
    detail = (large - light) + same * _residue(fine, weights, printed, small.shape[:2])
    detail = np.minimum(detail, -same * _creases(fine, weights, _LINE * unit))
    light = light - np.float32(np.median(light[weights > 0.5]))
    return Shading(light=_placed(light, box, mask.shape), detail=_inside(detail, box, mask))


def solid(mask: Floats) -> Floats:
    """The mask without what is translucent over more than an outline, such as a cast shadow."""
    side = 2 * _OUTLINE + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    near = cv2.dilate((mask >= _OPAQUE).astype(np.float32), kernel)
    return np.asarray(mask * near, np.float32)


def product_size(mask: Floats) -> float:
    """The side in pixels of a square as large as the product: the unit of its patterns."""
    return float(np.sqrt(mask.sum(dtype=np.float64)))


def linear(rgb: Floats) -> Floats:
    """Linear light of sRGB values in [0, 1] (IEC 61966-2-1)."""
    low = rgb <= 0.04045
    high = np.power((np.maximum(rgb, 0) + 0.055) / 1.055, 2.4)
    return np.where(low, rgb / 12.92, high).astype(np.float32)


def encoded(light: Floats) -> Floats:
    """sRGB values in [0, 1] of linear light (IEC 61966-2-1)."""
    low = light <= 0.0031308
    high = 1.055 * np.power(np.maximum(light, 1e-6), 1 / 2.4) - 0.055
    return np.where(low, 12.92 * light, high).clip(0, 1).astype(np.float32)


def _box(mask: Floats) -> tuple[slice, slice]:
    """The product's bounding box with a margin for what runs on."""
    there = mask > 0.5
    if not there.any():
        raise ValueError("the mask is empty: there is no product to find the light on")
    margin = 8
    spans = []
    for axis in (1, 0):
        found = np.flatnonzero(there.any(axis=axis))
        low, high = max(0, int(found[0]) - margin), int(found[-1]) + 1 + margin
        spans.append(slice(low, min(high, mask.shape[1 - axis])))
    return spans[0], spans[1]


def _reduced(rgb: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Linear light and mask at working size; light of the product alone, not of what is beside."""
    scale = min(1.0, _WORKING_SIDE / max(weights.shape))
    size = (max(2, round(weights.shape[1] * scale)), max(2, round(weights.shape[0] * scale)))
    sure = (weights > 0.95).astype(np.float32)
    share = np.asarray(cv2.resize(sure, size, interpolation=cv2.INTER_AREA), np.float32)
    held = cv2.resize(linear(rgb) * sure[..., None], size, interpolation=cv2.INTER_AREA)
    small = np.asarray(held, np.float32) / np.maximum(share, np.float32(1e-3))[..., None]
    return small.astype(np.float32), (share > 0.5).astype(np.float32)


def _core(plain: Floats | None, box: tuple[slice, slice], shape: tuple[int, ...]) -> Floats:
    """The plain part at working size, less its border, whose colours are mixed."""
    if plain is None:
        return np.zeros(shape, np.float32)
    small = cv2.resize(plain[box], (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    sure = (small > 0.9).astype(np.float32)
    return np.asarray(cv2.erode(sure, np.ones((3, 3), np.uint8)), np.float32)


def _light(small: Floats, known: Floats, plain: Floats) -> tuple[Floats, Floats]:
    """Log light (h, w), and (h, w) how surely each place lies on a step of colour or print."""
    level = np.log(small @ LUMINANCE + _DARK)
    length = np.sqrt(np.square(small).sum(-1))
    hue = small / np.maximum(length, 1e-4)[..., None]
    smooth = _blurred(level, known, 1.2)
    grey = 1 - _ramp(np.sqrt(np.square(hue - np.float32(3**-0.5)).sum(-1)), *_SATURATED)
    steps, weights = [], []
    printed = np.zeros_like(known)
    for axis in (0, 1):
        step = np.diff(level, axis=axis)
        dimmer = np.minimum(*_pair(length, axis))
        turn = np.sqrt(np.square(np.diff(hue, axis=axis)).sum(-1))
        # Compression and noise turn the hue of dark creases at random.
        tint = turn * dimmer / (dimmer + _FAINT)
        own = np.maximum(_ramp(tint, *_CHROMATIC), _ramp(np.abs(step), *_STEEP))
        sharp = _ramp(np.abs(step), *_SHARP)
        lasting = sharp * _ramp(_across(smooth, axis), *_LASTING)
        own = np.maximum(own, lasting * np.maximum(*_pair(grey, axis)))
        both = np.minimum(*_pair(known, axis))
        for side in _pair(printed, axis):
            np.maximum(side, own * both, out=side)
        steps.append(step)
        weights.append(both)
    # The blurred flank of a print is as little light as its middle.
    printed = np.asarray(cv2.dilate(printed, np.ones((3, 3), np.uint8)), np.float32)
    for axis in (0, 1):
        own = np.maximum(*_pair(printed, axis)) * (1 - np.minimum(*_pair(plain, axis)))
        steps[axis] = steps[axis] * (1 - own) * weights[axis]
        inside = 1 + own * (_ACROSS - 1)
        weights[axis] = np.where(weights[axis] > 0, inside, np.float32(_OUTSIDE))
    usual = np.float32(np.median(level[plain > 0])) if plain.any() else 0
    surface = membrane(*steps, *weights, height=level - usual, height_weight=_TIED * plain)
    return surface, printed * (1 - plain)


def _pair(array: Floats, axis: int) -> tuple[Floats, Floats]:
    """Views of both partners of all neighbours along an axis."""
    if axis == 0:
        return array[:-1], array[1:]
    return array[:, :-1], array[:, 1:]


def _across(level: Floats, axis: int) -> Floats:
    """How much the places some pixels to both sides of each step differ."""
    count = level.shape[axis]
    before = np.maximum(np.arange(count - 1) - _FAR, 0)
    after = np.minimum(np.arange(1, count) + _FAR, count - 1)
    apart = np.take(level, after, axis) - np.take(level, before, axis)
    return np.asarray(np.abs(apart), np.float32)


def _ramp(values: Floats, low: float, high: float) -> Floats:
    return np.asarray(np.clip((values - low) / (high - low), 0, 1), np.float32)


def _residue(fine: Floats, weights: Floats, printed: Floats, small: tuple[int, ...]) -> Floats:
    """What is finer than the working size, left out where the goods themselves change."""
    scale = max(fine.shape) / max(small)
    if scale <= 1:
        return np.zeros_like(fine)
    size = (fine.shape[1], fine.shape[0])
    share = np.asarray(cv2.resize(printed, size, interpolation=cv2.INTER_LINEAR), np.float32)
    residue = fine - _blurred(fine, weights, 0.6 * scale)
    bounded = np.where(np.abs(residue) < 1.2, residue, 0)
    return np.asarray(bounded * (1 - share), np.float32)


def _of_one_hue(light: Floats, weights: Floats, reach: float) -> Floats:
    """1 where a place has the hue of what is around it, as creases have; 0 on thin prints."""
    bands = [_blurred(light[..., band], weights, reach + 1) for band in range(3)]
    around = np.stack(bands, -1)
    own, others = (np.sqrt(np.square(item).sum(-1)) + 1e-4 for item in (light, around))
    cosine = (light * around).sum(-1) / (own * others)
    turn = np.sqrt(np.maximum(2 - 2 * cosine, 0)) * own / (own + _FAINT)
    return 1 - _ramp(turn, *_OTHER_HUE)


def _creases(fine: Floats, weights: Floats, reach: float) -> Floats:
    """How much darker a thin line is than both its sides: seams, folds, the gap under a flap."""
    side = 2 * max(1, round(reach)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    sure = weights > 0.95
    if not sure.any():
        return np.zeros_like(fine)
    # What lies beside the product must not make its edge a valley.
    level = np.where(sure, fine, fine[sure].min())
    closed = np.asarray(cv2.morphologyEx(level, cv2.MORPH_CLOSE, kernel), np.float32)
    # And the gaps between the letters of a light print are as light as the cloth.
    depth = np.minimum(closed, _middle(level, 4 * side + 1)) - level
    weave = np.clip(_WEAVE * np.median(depth[sure]), *_FLAT)
    return np.where(sure, np.clip(depth - weave, 0, _DEEPEST), 0).astype(np.float32)


def _middle(level: Floats, side: int) -> Floats:
    """Median in a square; in 256 steps, which is enough to tell a line."""
    low, high = float(level.min()), float(level.max())
    step = max(high - low, 1e-6) / 255
    found = cv2.medianBlur(((level - low) / step).round().astype(np.uint8), min(side, 255))
    return np.asarray(found, np.float32) * np.float32(step) + np.float32(low)


def _blurred(values: Floats, weights: Floats, sigma: float) -> Floats:
    """Gaussian mean of the product's own values; beyond the mask, of the nearest of them."""
    total = cv2.GaussianBlur(weights, (0, 0), sigma)
    mean = cv2.GaussianBlur(values * weights, (0, 0), sigma) / np.maximum(total, 1e-6)
    return np.where(total > 1e-3, mean, values).astype(np.float32)


def _placed(values: Floats, box: tuple[slice, slice], shape: tuple[int, ...]) -> Floats:
    """The whole picture's, its border values carried on."""
    (top, bottom), (left, right) = ((part.start, part.stop) for part in box)
    edges = ((top, shape[0] - bottom), (left, shape[1] - right))
    return np.pad(values, edges, mode="edge")


def _inside(values: Floats, box: tuple[slice, slice], mask: Floats) -> Floats:
    whole = np.zeros_like(mask)
    whole[box] = values * (mask[box] > 0)
    return whole
