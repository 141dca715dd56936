"""Where print seems to be, without OCR: rows of shapes that look like letters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels; right and bottom are beyond it."""

SMALLEST: Final = 8
"""Height in pixels below which a shape is too small to be told from texture."""

_SCALES: Final = (1.0, 0.5, 0.25)
_WINDOW: Final = 41
_TALLEST: Final = 48
_CONTRAST: Final = 16.0
_LETTERS: Final = 3
_LETTERS_UPWARDS: Final = 5
_SEPARATION: Final = 1.35
_ALIKE: Final = 0.8
_COMPARED: Final = 24


@dataclass(frozen=True, kw_only=True, eq=False)
class _Shapes:
    """Connected shapes of one polarity: their boxes, and what the letters of a row share."""

    label: NDArray[np.int32]
    left: Floats
    top: Floats
    width: Floats
    height: Floats
    stroke: Floats
    tone: Floats
    fill: Floats

    def only(self, keep: NDArray[np.bool_]) -> _Shapes:
        return _Shapes(**{name: values[keep] for name, values in vars(self).items()})


def find_lettering(luma: Floats) -> tuple[Box, ...]:
    """Boxes of what looks like lines of print in a picture's luma, (H, W) in [0, 1].

    Shapes darker or lighter than their surroundings, of one stroke width, that stand in a row of
    at least three, or of five where the row runs upwards. Blind to single letters, to script that
    joins up and to print on a steep slant.
    After: Epshtein, Ofek & Wexler, "Detecting Text in Natural Scenes with Stroke Width
    Transform", CVPR 2010, whose rules for letters and rows these are, on thresholded shapes.
    """
    grey = np.rint(luma * 255).astype(np.uint8)
    across: list[Box] = []
    upwards: list[Box] = []
    for scale in _SCALES:
        small = grey
        if scale < 1:
            size = (round(grey.shape[1] * scale), round(grey.shape[0] * scale))
            small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
        if min(small.shape) < _WINDOW:
            break
        across += [_scaled(box, scale) for box in _rows(small, _LETTERS)]
        width = small.shape[1]
        for left, top, right, bottom in _rows(np.rot90(small), _LETTERS_UPWARDS):
            upwards.append(_scaled((width - bottom, left, width - top, right), scale))
    # Letters below each other in a paragraph are rows upwards as well.
    upwards = [box for box in upwards if not any(_shared(box, other) for other in across)]
    return merged(across + upwards)


def merged(boxes: list[Box]) -> tuple[Box, ...]:
    """Boxes that overlap by half of the smaller one, made one."""
    kept: list[Box] = []
    for box in sorted(boxes, key=_area, reverse=True):
        for index, other in enumerate(kept):
            if _shared(box, other) > 0.5 * min(_area(box), _area(other)):
                kept[index] = _around(box, other)
                break
        else:
            kept.append(box)
    return tuple(sorted(kept, key=lambda box: (box[1], box[0])))


def _rows(grey: NDArray[np.uint8], letters: int) -> list[Box]:
    """Rows of at least so many letters of one size class, darker and lighter ones."""
    level = cv2.GaussianBlur(np.ascontiguousarray(grey), (0, 0), 0.6).astype(np.float32)
    mean = cv2.boxFilter(level, -1, (_WINDOW, _WINDOW))
    square = cv2.boxFilter(level * level, -1, (_WINDOW, _WINDOW))
    deviation = np.sqrt(np.maximum(square - mean * mean, 0))
    limit = np.maximum(_CONTRAST / 2, 0.35 * deviation)
    rows: list[Box] = []
    for sign in (-1, 1):
        beyond = sign * (level - mean)
        labels, shapes = _shapes((beyond > limit).astype(np.uint8), level, beyond)
        for members in _linked(shapes):
            part = np.array(members)
            if (
                len(part) >= letters
                and _is_print(shapes, part)
                and _stands_out(shapes, part, labels, level)
            ):
                rows.append(_box(shapes, part))
    return rows


def _shapes(
    binary: NDArray[np.uint8], level: Floats, beyond: Floats
) -> tuple[NDArray[np.int32], _Shapes]:
    """The label of each pixel, and the shapes that could be letters by size, fill and stroke."""
    number, labels, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8)
    area = np.maximum(stats[:, cv2.CC_STAT_AREA], 1).astype(np.float32)
    # Label 0 is what is no shape: most of the picture.
    inked = np.flatnonzero(binary)
    flat = labels.ravel()[inked]

    def mean(values: Floats) -> NDArray[np.float64]:
        found = np.bincount(flat, values.ravel()[inked], number) / area
        return np.asarray(found, np.float64)

    # The mean distance to the edge over a stroke of width w is w / 4.
    stroke = 4 * mean(np.asarray(cv2.distanceTransform(binary, cv2.DIST_L2, 3), np.float32))
    tone, contrast = mean(level), mean(beyond)
    left, top, width, height = (stats[:, index].astype(np.float32) for index in range(4))
    shapes = _Shapes(
        label=np.arange(number, dtype=np.int32),
        left=left,
        top=top,
        width=width,
        height=height,
        stroke=stroke.astype(np.float32),
        tone=tone.astype(np.float32),
        fill=area / (width * height),
    )
    keep = (height >= SMALLEST) & (height <= _TALLEST)
    keep &= (width >= 2) & (width <= 2.5 * height)
    keep &= (shapes.fill > 0.15) & (shapes.fill < 0.97)
    keep &= (stroke < 0.6 * height) & (contrast > _CONTRAST)
    keep[0] = False
    return np.asarray(labels, np.int32), shapes.only(keep)


def _linked(shapes: _Shapes) -> list[list[int]]:
    """Shapes joined to their next neighbours to the right that could be of the same word."""
    count = len(shapes.left)
    if not 1 < count < 4000:
        return []
    order = np.argsort(shapes.left)
    parent = list(range(count))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    left, width = shapes.left[order], shapes.width[order]
    height, stroke, tone = shapes.height[order], shapes.stroke[order], shapes.tone[order]
    bottom = shapes.top[order] + height
    middle = bottom - height / 2
    for one in range(count - 1):
        reach = left[one] + width[one] + 1.1 * height[one]
        last = int(np.searchsorted(left, reach, side="right"))
        others = np.arange(one + 1, last)
        if not others.size:
            continue
        taller = np.maximum(height[one], height[others])
        shorter = np.minimum(height[one], height[others])
        gap = left[others] - (left[one] + width[one])
        aligned = np.minimum(
            np.abs(bottom[others] - bottom[one]), np.abs(middle[others] - middle[one])
        )
        fits = (taller < 2 * shorter) & (gap > -0.3 * shorter) & (gap < 0.9 * taller)
        fits &= aligned < 0.25 * taller
        fits &= np.maximum(stroke[one], stroke[others]) < 1.8 * np.minimum(
            stroke[one], stroke[others]
        )
        fits &= np.abs(tone[one] - tone[others]) < 45
        for other in others[fits][:2]:
            parent[root(int(other))] = root(one)
    groups: dict[int, list[int]] = {}
    for index in range(count):
        groups.setdefault(root(index), []).append(int(order[index]))
    return list(groups.values())


def _is_print(shapes: _Shapes, part: NDArray[np.int_]) -> bool:
    """Is this a straight row, and more than bars?"""
    height = float(np.median(shapes.height[part]))
    span = float((shapes.left[part] + shapes.width[part]).max() - shapes.left[part].min())
    bars = (shapes.fill[part] > 0.8) | (shapes.width[part] < 0.25 * shapes.height[part])
    return bool(span > 1.8 * height and bars.mean() <= 0.5) and _straight(shapes, part, height)


def _stands_out(
    shapes: _Shapes, part: NDArray[np.int_], labels: NDArray[np.int32], level: Floats
) -> bool:
    """Are the shapes of one tone on a ground of another, and unlike each other?

    A weave's threads are neither, a row of stitches or teeth is not the second.
    """
    left, top, right, bottom = _box(shapes, part)
    own = np.isin(labels[top:bottom, left:right], shapes.label[part])
    ground = cv2.dilate(own.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0
    if not ground.any():
        return False
    ink, paper = level[top:bottom, left:right][own], level[top:bottom, left:right][ground]
    between = abs(float(ink.mean()) - float(paper.mean()))
    if between < _SEPARATION * (float(ink.std()) + float(paper.std())):
        return False
    return _likeness(shapes, part, labels) < _ALIKE


def _likeness(shapes: _Shapes, part: NDArray[np.int_], labels: NDArray[np.int32]) -> float:
    """Mean overlap (IoU) of the row's shapes with each other, each scaled to one square."""
    squares = []
    for index in part[:_COMPARED]:
        left, top = int(shapes.left[index]), int(shapes.top[index])
        right, bottom = left + int(shapes.width[index]), top + int(shapes.height[index])
        own = (labels[top:bottom, left:right] == shapes.label[index]).astype(np.float32)
        squares.append(cv2.resize(own, (12, 12), interpolation=cv2.INTER_AREA).ravel() > 0.5)
    flat = np.array(squares, np.float32)
    both = flat @ flat.T
    total = flat.sum(1)[:, None] + flat.sum(1)[None] - both
    overlap = both / np.maximum(total, 1)
    return float(overlap[~np.eye(len(flat), dtype=bool)].mean())


def _straight(shapes: _Shapes, part: NDArray[np.int_], height: float) -> bool:
    """Do the feet of the letters lie on a line, or on the arc of a line round a mug?"""
    foot = shapes.top[part] + shapes.height[part]
    place = shapes.left[part] + shapes.width[part] / 2
    degree = 1 if len(part) < 6 else 2
    curve = np.polynomial.Polynomial.fit(place, foot, degree)
    return float(np.median(np.abs(foot - curve(place)))) < 0.12 * height


def _box(shapes: _Shapes, part: NDArray[np.int_]) -> Box:
    pad = 0.15 * float(shapes.height[part].mean())
    right = shapes.left[part] + shapes.width[part]
    bottom = shapes.top[part] + shapes.height[part]
    return (
        max(0, round(float(shapes.left[part].min()) - pad)),
        max(0, round(float(shapes.top[part].min()) - pad)),
        round(float(right.max()) + pad),
        round(float(bottom.max()) + pad),
    )


def _scaled(box: Box, scale: float) -> Box:
    left, top, right, bottom = (round(edge / scale) for edge in box)
    return left, top, right, bottom


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _shared(one: Box, other: Box) -> int:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0) * max(height, 0)


def _around(one: Box, other: Box) -> Box:
    return (
        min(one[0], other[0]),
        min(one[1], other[1]),
        max(one[2], other[2]),
        max(one[3], other[3]),
    )
