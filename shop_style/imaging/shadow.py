"""The shadow that a product throws on a plain ground: ground with less light, not product."""

from __future__ import annotations

from dataclasses import dataclass
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

_CREEP: Final = 5
"""Pixels beyond the known ground in which an edge further on spoils its gradient."""

_LEAST_STEP: Final = 1.0
"""Change of L* from a pixel to the next that noise alone makes."""

_BEYOND: Final = 7
_CLEAR: Final = 24.0
"""ΔE76 within a few pixels at which a shadow's inner end counts as a product's edge."""

_STRETCH: Final = 0.03
_MOSTLY: Final = 0.6

_GAP: Final = 0.004
"""Of the long side: an opening twice this wide in a product's edge lets no shadow in."""

_RISE: Final = 1.5
_COARSE: Final = 256
_DEEPEST: Final = 0.06
_DEEP_SHARE: Final = 0.03
"""Distance from the lit ground, of the long side, and the share of a patch beyond it, that make a
shade wide: a product's own, or a cast shadow."""

_TOLD: Final = 16.0
_WELL_EDGED: Final = 0.75
_PARTLY_EDGED: Final = 0.4
_ENCLOSED: Final = 0.6
"""Shares of a cast shadow's inner bound with an edge of `_TOLD` ΔE76: alone, or where no more than
`_ENCLOSED` of its whole bound is the product's."""

_MOST_SHADE: Final = 0.45
"""Of the product's area, where the bound is partly edged; else no more than there is product."""

_NEAR: Final = 4
_EDGED: Final = 0.2
"""Share of steep places between lit ground and a shade that make it a pale product."""

_CORE: Final = 0.4
_STEEPER: Final = 2.5 * _STEEP
_MOST_CORE: Final = 0.08
_BESIDE: Final = 0.25
"""Share of a core's bound that is ground, its light, and its size as a share of the product's."""

_NONE: Final = np.zeros(1, np.bool_)


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
    kernel = _disc(max(2, round(_GAP * max(light.shape))))
    open_ground = cv2.erode((shaded | background).astype(np.uint8), kernel)
    _, labels = cv2.connectedComponents(open_ground, connectivity=4)
    known = np.unique(labels[background & (open_ground == 1)])
    reached = np.isin(labels, known[known > 0]).astype(np.uint8)
    grown = (cv2.dilate(reached, kernel) == 1) & shaded & ~background
    shade = grown & _falling(lab[..., 0], background, grown)
    patches = _patches(shade, background, smooth)
    cast = _cast(lab, patches, background)
    narrow = patches.fading & ~patches.deep
    ground = background | narrow[patches.labels] | cast
    found = ground & ~background & (cast | _before_an_edge(lab, ground))
    if cast.any():
        found |= _core(lab, (tint < _TINT) & (light > _CORE), background | found)
    return found


def crept(lab: Floats, background: Bools, tone: Floats) -> Bools:
    """What is left of a shadow between the ground as it is known and the product's edge, (H, W).

    A gradient over several pixels takes an edge for near before it is met, so the ground is let on
    a pixel at a time, for as long as light falls as slowly as in a shadow.
    """
    light = lab[..., 0] / max(float(tone[0]), 1.0)
    tint = np.linalg.norm(lab[..., 1:] - light[..., None] * tone[1:], axis=-1)
    shaded = (tint < _TINT) & (light > _DARKEST) & ~background
    step = np.float32(max(_STEEP / max(light.shape), _LEAST_STEP))
    near = (cv2.dilate(background.astype(np.uint8), _disc(_CREEP)) == 1) & shaded
    near &= _before_an_edge(lab, background)
    known = background.copy()
    for _ in range(_CREEP):
        share = known.astype(np.float32)
        beside = cv2.blur(share, (3, 3))
        tones = cv2.blur(lab[..., 0] * share, (3, 3)) / np.maximum(beside, 1e-3)
        change = tones - lab[..., 0]
        joins = near & ~known & (beside > 0.1) & (change < step) & (change > -step / 2)
        if not joins.any():
            break
        known |= joins
    return known & ~background


def _before_an_edge(lab: Floats, ground: Bools) -> Bools:
    """Places that lie before a clear edge, as the nearest stretch of the ground's outline says.

    A shadow ends at the product that throws it; where only more shading follows, it is a pale
    product's own.
    """
    if ground.all():
        return ground
    product = ~ground
    outline = product & (cv2.dilate(ground.astype(np.uint8), _disc(1)) == 1)
    clear = (_spans(lab) > _CLEAR).astype(np.float32)
    side = 2 * round(_STRETCH * max(ground.shape)) + 1
    total = cv2.blur(outline.astype(np.float32), (side, side))
    share = cv2.blur(clear * outline, (side, side)) / np.maximum(total, 1e-9)
    _, labels = cv2.distanceTransformWithLabels(
        (~outline).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_label = np.zeros(int(labels.max()) + 1, np.float32)
    of_label[labels[outline]] = share[outline]
    return np.asarray(of_label[labels] > _MOSTLY)


def _spans(lab: Floats) -> Floats:
    """ΔE76 that lies within a few pixels of each place, (H, W)."""
    reach = np.ones((2 * _BEYOND + 1, 2 * _BEYOND + 1), np.uint8)
    bands = [cv2.dilate(band, reach) - cv2.erode(band, reach) for band in cv2.split(lab)]
    return np.asarray(np.linalg.norm(np.stack(bands), axis=0), np.float32)


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


@dataclass(frozen=True, kw_only=True, eq=False)
class _Patches:
    """Shade in parts that hang together.

    labels: (H, W), the number of each place's patch, 0 of none. fading: of each patch, has it no
    edge towards the lit ground that it lies along? deep: does much of it lie far from that?
    """

    labels: NDArray[np.int32]
    fading: Bools
    deep: Bools


def _patches(shade: Bools, background: Bools, smooth: Bools) -> _Patches:
    count, found = cv2.connectedComponents(shade.astype(np.uint8), connectivity=8)
    labels = np.asarray(found, np.int32)
    if count == 1 or count >= 2**16:
        return _Patches(labels=np.zeros_like(labels), fading=_NONE, deep=_NONE)
    around = np.asarray(cv2.dilate(labels.astype(np.uint16), _disc(_NEAR)), np.int32)
    lit = cv2.dilate(background.astype(np.uint8), _disc(_NEAR)) == 1
    between = lit & ~shade & ~background & (around > 0)
    meeting = lit & shade
    total = _count(around, between, count) + _count(labels, meeting, count)
    steep = _count(around, between & ~smooth, count)
    fading = (total > 0) & (steep <= _EDGED * np.maximum(total, 1))
    fading[0] = False
    away = cv2.distanceTransform((~background).astype(np.uint8), cv2.DIST_L2, 3)
    deep = _count(labels, away > _DEEPEST * max(shade.shape), count)
    size = np.bincount(labels.ravel(), minlength=count)
    return _Patches(labels=labels, fading=fading, deep=deep > _DEEP_SHARE * size)


def _cast(lab: Floats, patches: _Patches, background: Bools) -> Bools:
    """The wide patches of shade that a product beside them throws, (H, W).

    What bounds a cast shadow is the lit ground on its outer side and on its inner side the
    product's edge, and there is less of it than of the product; a pale product's own shading is
    bounded by more shading.
    """
    wide = patches.fading & patches.deep
    if not wide.any():
        return np.zeros_like(background)
    count, labels = wide.size, patches.labels
    product = ~background & ~patches.fading[labels]
    rim = np.asarray(cv2.dilate(labels.astype(np.uint16), _disc(1)), np.int32)
    inner = _count(rim, product, count)
    outer = _count(rim, background, count)
    edged = _count(rim, product & (_spans(lab) > _TOLD), count) / np.maximum(inner, 1)
    enclosed = inner / np.maximum(inner + outer, 1)
    size = np.bincount(labels.ravel(), minlength=count) / max(int(product.sum()), 1)
    well = (edged > _WELL_EDGED) & (size < 1)
    partly = (edged > _PARTLY_EDGED) & (enclosed < _ENCLOSED) & (size < _MOST_SHADE)
    cast: Bools = (wide & (inner > 0) & (well | partly))[labels]
    return cast


def _core(lab: Floats, neutral: Bools, ground: Bools) -> Bools:
    """What is left of a cast shadow where the product touches or hangs over its ground, (H, W).

    There light falls steeply, and is lighter again behind; it ends at the product's edges.
    """
    open_places = (neutral & ~ground & _smooth(lab[..., 0], _STEEPER)).astype(np.uint8)
    kernel = _disc(max(1, round(_GAP * max(ground.shape) / 2)))
    whole = cv2.morphologyEx(open_places, cv2.MORPH_OPEN, kernel)
    count, found = cv2.connectedComponents(whole, connectivity=4)
    if count == 1 or count >= 2**16:
        return np.zeros_like(ground)
    labels = np.asarray(found, np.int32)
    rim = np.asarray(cv2.dilate(labels.astype(np.uint16), _disc(_NEAR)), np.int32)
    outline = ~ground & (labels == 0)
    inner = _count(rim, outline, count)
    edged = _count(rim, outline & (_spans(lab) > _TOLD), count) / np.maximum(inner, 1)
    beside = _count(rim, ground, count)
    small = np.bincount(labels.ravel(), minlength=count) < _MOST_CORE * (~ground).sum()
    core = small & (edged > _WELL_EDGED) & (beside > _BESIDE * (beside + inner))
    core[0] = False
    grown = cv2.dilate(core[labels].astype(np.uint8), kernel) == 1
    places: Bools = grown & (open_places == 1)
    return places


def _count(labels: NDArray[np.int32], places: Bools, count: int) -> NDArray[np.int64]:
    """How many of the places each patch has."""
    return np.asarray(np.bincount(labels[places], minlength=count), np.int64)


def _smooth(light: Floats, steep: float = _STEEP) -> Bools:
    soft = cv2.GaussianBlur(light, (0, 0), 1.0)
    across = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=1 / 8)
    return np.asarray(cv2.magnitude(across, down) < steep / max(light.shape))


def _disc(radius: int) -> NDArray[np.uint8]:
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
