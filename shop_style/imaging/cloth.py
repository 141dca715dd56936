"""The part of a product that has its largest colour: the cloth of a chair, not its legs."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shop_style.imaging.guided import guided
from shop_style.imaging.shading import encoded, linear

Floats = NDArray[np.float32]

_WORKING_SIDE: Final = 512
_CLUSTERS: Final = 6
_LIGHTNESS: Final = (0.5, 0.2)
"""Weights of L* beside a* and b*, for greys and for hues: black and white are two cloths, a light
and a dark green mostly one in two lights."""

_CHROMA: Final = (10.0, 30.0)
"""C*ab from a grey to a hue."""

_MIDDLE: Final = np.float32(0.35)
_DIM: Final = np.float32(0.02)
"""a* and b* are taken as if every place had the first amount of light, the length of its linear
red, green and blue: a shade leaves them alone. What is darker than the second counts as that dark:
its colours are mostly noise."""

_VIVID: Final = np.float32(200.0)
"""C*ab at which it counts half: vivid colours differ by their hue."""

_SAME: Final = (9.0, 13.0)
"""Distances of cluster centres below which they are one colour, for greys and for hues."""

_OTHER: Final = 20.0
"""Distance from all centres of a cloth at which a single pixel is none of it."""

_FAR: Final = 22.0
"""Distance from which they are never."""

_ACROSS: Final = 4
_BORDER: Final = 40
_SOFT: Final = 0.5
"""Pixels over which the border of two clusters is looked at, places it must have, and the part of
their distance that is passed there below which it is no edge."""


def largest_colour(rgb: Floats, mask: Floats, light: Floats) -> Floats:
    """Share of each place that is the product's largest colour, (H, W) in [0, mask].

    rgb: (H, W, 3) sRGB in [0, 1]. mask: (H, W). light: (H, W), natural log, of
    `imaging.shading`: colours are compared as they are without it. Prints of another colour are
    left out. k-means in CIELAB from seeded starts, then the guided filter.
    """
    scale = min(1.0, _WORKING_SIDE / max(mask.shape))
    size = (max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale)))
    even = encoded((linear(rgb) * np.exp(-light)[..., None]).clip(0, 1))
    small, there = (
        np.asarray(cv2.resize(item, size, interpolation=cv2.INTER_AREA), np.float32)
        for item in (even, mask)
    )
    own = _features(small)
    soft = np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), np.float32)
    lab = np.asarray(cv2.bilateralFilter(_features(soft), 9, 12, 4), np.float32)
    inside = there > 0.5
    centres, counts = _clusters(lab[inside])
    apart = np.stack([np.sqrt(np.square(lab - centre).sum(-1)) for centre in centres])
    labels = np.where(inside, apart.argmin(0), -1)
    family = _family(counts, _alike(lab, labels, centres))
    found = np.isin(labels, np.flatnonzero(family)).astype(np.uint8)
    # Smoothed away above, and cleaned away here, would be small print.
    away = [np.square(own - centre).sum(-1) for centre in centres[family]]
    cleaned = cv2.medianBlur(found, 5) * (np.min(away, axis=0) < _OTHER**2)
    cleaned = cleaned.astype(np.float32)
    full = cv2.resize(cleaned, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
    radius = max(2, round(2 / scale))
    share = guided(np.asarray(full, np.float32), np.rint(rgb * 255).astype(np.uint8), radius)
    # The guided filter leaves a faint rest everywhere.
    return np.asarray(np.clip((share - 0.15) / 0.7, 0, 1) * mask, np.float32)


def _features(rgb: Floats) -> Floats:
    """Coordinates (H, W, 3) in which a cloth is one place, whatever light is on it."""
    light = linear(rgb)
    length = np.sqrt(np.square(light).sum(-1))
    even = light * (_MIDDLE / np.maximum(length, _DIM))[..., None]
    found = np.array(cv2.cvtColor(encoded(even), cv2.COLOR_RGB2Lab), np.float32)
    own = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)[..., 0]
    chroma = np.hypot(found[..., 1], found[..., 2])
    hue = _hue_share(chroma)
    found[..., 1:] /= (1 + chroma / _VIVID)[..., None]
    found[..., 0] = own * (_LIGHTNESS[0] + hue * (_LIGHTNESS[1] - _LIGHTNESS[0]))
    return found


def _hue_share(chroma: Floats) -> Floats:
    low, high = _CHROMA
    return np.asarray(np.clip((chroma - low) / (high - low), 0, 1), np.float32)


def _clusters(colours: Floats) -> tuple[Floats, NDArray[np.intp]]:
    every = max(1, len(colours) // 20_000)
    sample = np.ascontiguousarray(colours[::every])
    count = min(_CLUSTERS, len(sample))
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.2)
    start = np.zeros((len(sample), 1), np.int32)
    _, labels, centres = cv2.kmeans(sample, count, start, stop, 3, cv2.KMEANS_PP_CENTERS)
    return np.asarray(centres, np.float32), np.bincount(labels.ravel(), minlength=count)


def _alike(lab: Floats, labels: NDArray[np.intp], centres: Floats) -> NDArray[np.bool_]:
    """(K, K): are two clusters one colour? Near each other, or parted by no edge in the picture:
    a shade ends softly, a cloth does not."""
    away = np.sqrt(np.square(centres[:, None] - centres[None]).sum(-1))
    hue = _hue_share(np.hypot(centres[:, 1], centres[:, 2]))
    least = np.minimum(hue[:, None], hue[None])
    alike: NDArray[np.bool_] = away < _SAME[0] + least * (_SAME[1] - _SAME[0])
    steps: dict[tuple[int, int], list[Floats]] = {}
    for axis in (0, 1):
        here, on = _moved(axis)
        differ = (labels[here] != labels[on]) & (labels[here] >= 0) & (labels[on] >= 0)
        step = np.sqrt(np.square(lab[here][differ] - lab[on][differ]).sum(-1))
        pairs = np.sort(np.stack([labels[here][differ], labels[on][differ]], -1), axis=-1)
        for pair in np.unique(pairs, axis=0):
            between = (pairs == pair).all(-1)
            steps.setdefault((int(pair[0]), int(pair[1])), []).append(step[between])
    for (first, second), found in steps.items():
        across = np.concatenate(found)
        if len(across) < _BORDER or away[first, second] > _FAR:
            continue
        if np.median(across) < _SOFT * away[first, second]:
            alike[first, second] = alike[second, first] = True
    return alike


def _moved(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Where all places are, and those a few pixels on."""
    first, second = slice(None, -_ACROSS), slice(_ACROSS, None)
    if axis == 0:
        return (first,), (second,)
    return (slice(None), first), (slice(None), second)


def _family(counts: NDArray[np.intp], alike: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The clusters that make up the largest colour: alike by one or by way of others."""
    best = np.zeros(len(counts), np.bool_)
    for family in alike:
        for _ in counts:
            family = alike[family].any(0)
        if counts[family].sum() > counts[best].sum():
            best = family
    return best
