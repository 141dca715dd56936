"""What is done to a picture's print: harmless changes and planted harm, on known places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Box = tuple[int, int, int, int]
Change = Callable[[Floats, Sequence[Box]], Floats]
"""A picture (H, W, 3) in [0, 1] and the boxes of its lines, to a changed picture."""


@dataclass(frozen=True)
class Named:
    """A change, and whether a shopper still reads everything."""

    name: str
    harmless: bool
    apply: Change


def _recoded(quality: int) -> Change:
    def change(picture: Floats, lines: Sequence[Box]) -> Floats:
        eight = np.rint(picture[..., ::-1] * 255).astype(np.uint8)
        _, data = cv2.imencode(".jpg", eight, [cv2.IMWRITE_JPEG_QUALITY, quality])
        back = cv2.imdecode(data, cv2.IMREAD_COLOR)
        return np.ascontiguousarray(back[..., ::-1]).astype(np.float32) / np.float32(255)

    return change


def _shifted(x: int, y: int) -> Change:
    def change(picture: Floats, lines: Sequence[Box]) -> Floats:
        height, width = picture.shape[:2]
        rows = np.clip(np.arange(height) - y, 0, height - 1)
        columns = np.clip(np.arange(width) - x, 0, width - 1)
        return np.ascontiguousarray(picture[np.ix_(rows, columns)])

    return change


def _exposed(gain: float) -> Change:
    return lambda picture, lines: np.clip(picture * np.float32(gain), 0, 1)


def _resized(share: float) -> Change:
    def change(picture: Floats, lines: Sequence[Box]) -> Floats:
        height, width = picture.shape[:2]
        size = (round(width * share), round(height * share))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        back = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
        return np.asarray(back, np.float32).clip(0, 1)

    return change


def _by_line(alter: Callable[[Floats], Floats]) -> Change:
    """Each line's box on its own."""

    def change(picture: Floats, lines: Sequence[Box]) -> Floats:
        made = picture.copy()
        for left, top, right, bottom in lines:
            made[top:bottom, left:right] = alter(picture[top:bottom, left:right])
        return made

    return change


def _by_label(alter: Callable[[Floats], Floats]) -> Change:
    """The box around all lines at once."""

    def change(picture: Floats, lines: Sequence[Box]) -> Floats:
        edges = np.array(lines)
        left, top = edges[:, :2].min(axis=0)
        right, bottom = edges[:, 2:].max(axis=0)
        return _by_line(alter)(picture, [(int(left), int(top), int(right), int(bottom))])

    return change


def _paper(line: Floats) -> Floats:
    """The colour around a line's letters."""
    edge = np.concatenate([line[0], line[-1], line[:, 0], line[:, -1]])
    return np.asarray(np.median(edge, axis=0), np.float32)


def _half_painted(line: Floats) -> Floats:
    made = line.copy()
    made[:, line.shape[1] // 2 :] = _paper(line)
    return made


def _painted(line: Floats) -> Floats:
    return np.broadcast_to(_paper(line), line.shape)


def _blurred(line: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(line, (0, 0), 0.22 * min(line.shape[:2])), np.float32)


def _swapped(line: Floats) -> Floats:
    """Slices of about a letter in another order."""
    count = max(4, round(1.6 * line.shape[1] / line.shape[0]))
    cuts = np.linspace(0, line.shape[1], count + 1).astype(int)
    slices = [line[:, cuts[i] : cuts[i + 1]] for i in range(count)]
    order = np.random.default_rng(count).permutation(count)
    return np.concatenate([slices[index] for index in order], axis=1)


CHANGES = (
    Named("identity", True, lambda picture, lines: picture),
    Named("re-encoded, JPEG q85", True, _recoded(85)),
    Named("shifted 1 px", True, _shifted(1, 0)),
    Named("shifted 3 px down", True, _shifted(0, 3)),
    Named("shifted 4 px both ways", True, _shifted(4, -4)),
    Named("exposure +5 %", True, _exposed(1.05)),
    Named("exposure −5 %", True, _exposed(0.95)),
    Named("resized to 75 % and back", True, _resized(0.75)),
    Named("half of each line painted over", False, _by_line(_half_painted)),
    Named("letters swapped", False, _by_line(_swapped)),
    Named("blurred, 0.22 of the line", False, _by_line(_blurred)),
    Named("label rotated 180°", False, _by_label(lambda label: label[::-1, ::-1])),
    Named("label mirrored", False, _by_label(lambda label: label[:, ::-1])),
    Named("print removed", False, _by_line(_painted)),
)
