"""Is the print on the product still there? By OCR where it is installed, else by its edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from styleeval.preservation import ocr, reading
from styleeval.preservation.imprint import print_kept
from styleeval.preservation.lettering import find_lettering
from styleeval.preservation.recent import Recent

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels; right and bottom are beyond it."""
Share = tuple[float, float, float, float]
"""The same as shares of the picture's width and height."""
Method = Literal["ocr", "edges", "none"]

LONGEST_SIDE: Final = 1600
"""Print is looked at in full size, up to this side in pixels."""


@dataclass(frozen=True, kw_only=True)
class TextRegion:
    """A line of print: what it says, where in pixels, how sure the reader is (0–1)."""

    text: str
    box: Box
    confidence: float


@dataclass(frozen=True, kw_only=True)
class PlaceKept:
    """One place of print.

    share: what is kept of it, 0–1: characters where it was read, else `edges`. edges: what is kept
    of its fine light and dark (`print_kept`), 0–1. before, after: what is read there; characters,
    kept: how many the original surely shows, and how many are still read; None where none was.
    """

    box: Box
    share: float
    edges: float
    before: str = ""
    after: str = ""
    characters: int | None = None
    kept: int | None = None


@dataclass(frozen=True, kw_only=True)
class TextKept:
    """What is left of the original's print.

    method: "ocr" (characters read before and after), "edges" (fine light and dark compared) or
    "none" (the original shows no print that counts; share is 1). share: kept characters of all
    that count, or print kept by its length; where a merchant marked places in which none was
    found, the least of it and of each of theirs. edges: the same by edges alone, whatever the
    method: print may be readable and yet be painted over. characters, kept: letters and digits
    that the original surely shows, and those still read; None without OCR.
    """

    method: Method
    share: float
    edges: float
    characters: int | None
    kept: int | None
    places: tuple[PlaceKept, ...]

    @property
    def worst(self) -> PlaceKept | None:
        """The place that lost most, or None without print."""
        return min(self.places, key=lambda place: place.share, default=None)


class OcrMissing(RuntimeError):
    """No OCR engine is installed."""


def text_available() -> bool:
    """Can print be read, rather than compared by its edges? Loads nothing."""
    return ocr.available()


def read_text(picture: Floats) -> tuple[TextRegion, ...]:
    """The lines of print in a picture (H, W, 3) in [0, 1], as it stands.

    Raises OcrMissing.
    """
    if not ocr.available():
        raise OcrMissing("print cannot be read: install django-shop-style[ocr]")
    small, scale = _working(picture)
    return tuple(
        TextRegion(text=line.text, box=_scaled(line.box, scale), confidence=line.confidence)
        for line in _lines(small)
    )


def text_boxes(
    picture: Floats, mask: Floats | None = None, *, use_ocr: bool | None = None
) -> tuple[Box, ...]:
    """Where a picture (H, W, 3) in [0, 1] shows print, by OCR or without.

    mask: (H, W), where the product is; print elsewhere is left out. use_ocr: None reads where
    `text_available`.
    """
    small, scale = _working(picture)
    if _reads(use_ocr):
        found = [line.box for line in _lines(small) if line.total]
    else:
        found = list(_lettering(small))
    boxes = [_scaled(box, scale) for box in found]
    return tuple(box for box in boxes if _on_product(box, mask))


def text_kept(
    original: Floats,
    candidate: Floats,
    mask: Floats | None = None,
    boxes: Sequence[Share] = (),
    *,
    use_ocr: bool | None = None,
) -> TextKept:
    """How much of the original's print a candidate keeps, both (H, W, 3) sRGB in [0, 1].

    mask: (H, W), where the product is; print elsewhere does not count. boxes: places of print or
    logos that a merchant marked, as shares of the picture. use_ocr: None reads where
    `text_available`, False compares edges. A shift of 6 pixels (of at most LONGEST_SIDE) is
    forgiven. What was found in the last originals is remembered.
    """
    if original.shape != candidate.shape:
        raise ValueError(f"original is {original.shape} and candidate {candidate.shape}")
    first, scale = _working(original)
    second, _ = _working(candidate)
    marked = [_pixels(box, first.shape) for box in boxes]
    pair = (_luma(first), _luma(second))
    if not _reads(use_ocr):
        found = [box for box in _lettering(first) if _on_product(_scaled(box, scale), mask)]
        places = [_compared(pair, box, scale) for box in found]
        drawn = [_compared(pair, box, scale) for box in _apart(marked, found)]
        return _summary("edges", places, drawn)
    lines = [line for line in _lines(first) if line.total]
    lines = [line for line in lines if _on_product(_scaled(line.box, scale), mask)]
    places = _read_places(pair, second, lines, scale)
    drawn = [_compared(pair, box, scale) for box in _apart(marked, [line.box for line in lines])]
    return _summary("ocr", places, drawn)


def _summary(method: Method, found: list[PlaceKept], drawn: list[PlaceKept]) -> TextKept:
    """drawn: the merchant's places without print that was found, each of which must be kept."""
    places = (*found, *drawn)
    if not places:
        return TextKept(
            method="none", share=1.0, edges=1.0, characters=None, kept=None, places=places
        )
    weights = [place.characters or _letters(place.box) for place in found]

    def least(shares: Callable[[PlaceKept], float]) -> float:
        each = [shares(place) for place in drawn]
        if found:
            each.append(float(np.average([shares(place) for place in found], weights=weights)))
        return min(each)

    read = method == "ocr" and bool(found)
    return TextKept(
        method=method,
        share=least(lambda place: place.share),
        edges=least(lambda place: place.edges),
        characters=sum(place.characters or 0 for place in found) if read else None,
        kept=sum(place.kept or 0 for place in found) if read else None,
        places=places,
    )


def _read_places(
    pair: tuple[Floats, Floats], candidate: Bytes, lines: list[reading.Line], scale: float
) -> list[PlaceKept]:
    edges = [print_kept(*pair, line.box) for line in lines]
    reads = reading.read_again(candidate, lines, [offset for _, offset in edges])
    return [
        PlaceKept(
            box=_scaled(line.box, scale),
            share=read.kept / line.total,
            edges=share,
            before=line.text,
            after=read.text,
            characters=line.total,
            kept=read.kept,
        )
        for line, read, (share, _) in zip(lines, reads, edges, strict=True)
    ]


def _compared(pair: tuple[Floats, Floats], box: Box, scale: float) -> PlaceKept:
    share, _ = print_kept(*pair, box)
    return PlaceKept(box=_scaled(box, scale), share=share, edges=share)


_recent_lines: Recent[tuple[reading.Line, ...]] = Recent(at_most=8)
_recent_lettering: Recent[tuple[Box, ...]] = Recent(at_most=8)


def _lines(rgb: Bytes) -> tuple[reading.Line, ...]:
    return _recent_lines.get(rgb, reading.read_original)


def _lettering(rgb: Bytes) -> tuple[Box, ...]:
    return _recent_lettering.get(rgb, lambda pixels: find_lettering(_luma(pixels)))


def _reads(use_ocr: bool | None) -> bool:
    if use_ocr and not ocr.available():
        raise OcrMissing("print cannot be read: install django-shop-style[ocr]")
    return ocr.available() if use_ocr is None else use_ocr


def _working(picture: Floats) -> tuple[Bytes, float]:
    """The picture in 8 bits within LONGEST_SIDE, and how much smaller it is."""
    eight = np.asarray(cv2.convertScaleAbs(picture, alpha=255), np.uint8)
    scale = max(picture.shape[:2]) / LONGEST_SIDE
    if scale <= 1:
        return eight, 1.0
    size = (round(picture.shape[1] / scale), round(picture.shape[0] / scale))
    return np.asarray(cv2.resize(eight, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _luma(rgb: Bytes) -> Floats:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return grey.astype(np.float32) / np.float32(255)


def _scaled(box: Box, scale: float) -> Box:
    left, top, right, bottom = (round(edge * scale) for edge in box)
    return left, top, right, bottom


def _pixels(box: Share, shape: tuple[int, ...]) -> Box:
    height, width = shape[:2]
    left, top, right, bottom = box
    return round(left * width), round(top * height), round(right * width), round(bottom * height)


def _on_product(box: Box, mask: Floats | None) -> bool:
    if mask is None:
        return True
    left, top, right, bottom = box
    inside = mask[max(top, 0) : bottom, max(left, 0) : right]
    return inside.size > 0 and float(inside.mean()) > 0.5


def _apart(marked: list[Box], found: list[Box]) -> list[Box]:
    """Marked boxes in which nothing was found."""
    return [
        box
        for box in marked
        if not any(
            box[0] <= (left + right) / 2 < box[2] and box[1] <= (top + bottom) / 2 < box[3]
            for left, top, right, bottom in found
        )
    ]


def _letters(box: Box) -> float:
    """About how many letters a line in this box has, for its weight."""
    width, height = box[2] - box[0], box[3] - box[1]
    return max(1.0, width / max(height, 1))
