"""The shadow that a product throws on a plain ground: ground with less light, not product."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]

_DARKEST: Final = 0.6
_TINT: Final = 3.0
_STEEP: Final = 1100.0
"""Change of L* over a picture's whole long side at which shading counts as an edge."""

_GAP: Final = 2
"""An opening twice this wide in a product's edge lets no shadow in."""

_RISE: Final = 1.5
_COARSE: Final = 256
_DEEPEST: Final = 0.06
_DEEP_SHARE: Final = 0.03
"""Distance from the lit ground, of the long side, and the share of a patch beyond it, that make a
shade a product's own."""

_NEAR: Final = 4
_EDGED: Final = 0.2
"""Share of steep places between lit ground and a shade that make it a pale product."""


def in_shadow(lab: Floats, background: Bools, tone: Floats) -> Bools:
    """Where a ground of one tone lies in shadow, (H, W).

    lab: (H, W, 3) in CIELAB. background: (H, W), the ground as it is known. tone: (3,) its colour.
    A shadow keeps the ground's hue, darkens it, hangs together with the lit ground and fades into
    it: what has an edge towards the light, like a white product on white, is none.
    """
    light = lab[..., 0] / max(float(tone[0]), 1.0)
    tint = np.linalg.norm(lab[..., 1:] - light[..., None] * tone[1:], axis=-1)
    smooth = _smooth(lab[..., 0])
    shaded = (tint < _TINT) & (light > _DARKEST) & (light < 1.02) & smooth
    kernel = _disc(_GAP)
    open_ground = cv2.erode((shaded | background).astype(np.uint8), kernel)
    _, labels = cv2.connectedComponents(open_ground, connectivity=4)
    known = np.unique(labels[background & (open_ground == 1)])
    reached = np.isin(labels, known[known > 0]).astype(np.uint8)
    grown = (cv2.dilate(reached, kernel) == 1) & shaded & ~background
    return _fading(grown & _falling(lab[..., 0], background, grown), background, smooth)


def _falling(light: Floats, background: Bools, shade: Bools) -> Bools:
    """Places that are no lighter than the way to them from the lit ground.

    Light falls all the way into a shadow; what is lighter behind it is a product.
    """
    from skimage.morphology import reconstruction

    # Light in a shadow changes slowly, and the filter's time grows faster than the picture.
    scale = min(1.0, _COARSE / max(light.shape))
    size = (max(1, round(light.shape[1] * scale)), max(1, round(light.shape[0] * scale)))
    passable, lit, grey = (
        cv2.resize(item.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        for item in (background | shade, background, light)
    )
    way = np.where(passable > 0.5, grey, 0)
    start = np.where(lit > 0.5, way, 0)
    darkest = reconstruction(start, way).astype(np.float32)  # type: ignore[no-untyped-call]
    return np.asarray(light <= cv2.resize(darkest, light.shape[::-1]) + _RISE)


def _fading(shade: Bools, background: Bools, smooth: Bools) -> Bools:
    """The patches of shade that lie along the lit ground and have no edge towards it."""
    count, labels = cv2.connectedComponents(shade.astype(np.uint8), connectivity=8)
    if count == 1 or count >= 2**16:
        return np.zeros_like(shade)
    around = cv2.dilate(labels.astype(np.uint16), _disc(_NEAR))
    lit = cv2.dilate(background.astype(np.uint8), _disc(_NEAR)) == 1
    between = lit & ~shade & ~background & (around > 0)
    meeting = lit & shade
    total = np.bincount(around[between], minlength=count) + np.bincount(
        labels[meeting], minlength=count
    )
    steep = np.bincount(around[between & ~smooth], minlength=count)
    away = cv2.distanceTransform((~background).astype(np.uint8), cv2.DIST_L2, 3)
    deep = np.bincount(labels[away > _DEEPEST * max(shade.shape)], minlength=count)
    size = np.bincount(labels.ravel(), minlength=count)
    fades = (steep <= _EDGED * np.maximum(total, 1)) & (deep <= _DEEP_SHARE * size)
    fades[0] = False
    patches: Bools = fades[labels]
    return patches


def _smooth(light: Floats) -> Bools:
    soft = cv2.GaussianBlur(light, (0, 0), 1.0)
    across = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=1 / 8)
    return np.asarray(cv2.magnitude(across, down) < _STEEP / max(light.shape))


def _disc(radius: int) -> NDArray[np.uint8]:
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
