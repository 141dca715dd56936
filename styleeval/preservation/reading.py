"""Lines as OCR reads them: which of the original's characters are sure, and which still read."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from styleeval.preservation import ocr

Bytes = NDArray[np.uint8]
Box = tuple[int, int, int, int]

SURE: Final = 0.75
"""Confidence below which a line of the original is not asked of a candidate."""

FEWEST: Final = 2
"""Different characters that a line must surely show to count: a ring on its own reads as an o, a
row of diamonds as 000."""

_TURN_BELOW: Final = 0.9
_SAME: Final = str.maketrans("01|i", "olll")
"""Characters of one look in many typefaces: what is 0 to one reading is o to the next."""

_MARGIN: Final = 0.08


@dataclass(frozen=True, kw_only=True, eq=False)
class Line:
    """A line of the original. turned: it stands on its head there. sure: for each of its
    `characters`, is it read the same after harmless changes of the picture?"""

    text: str
    confidence: float
    quad: ocr.Quad
    turned: bool
    characters: str
    sure: tuple[bool, ...]

    @property
    def box(self) -> Box:
        """The upright box around it."""
        left, top = np.floor(self.quad.min(axis=0)).astype(int)
        right, bottom = np.ceil(self.quad.max(axis=0)).astype(int)
        return int(left), int(top), int(right), int(bottom)

    @property
    def total(self) -> int:
        """Characters that a candidate must show; 0 where the line is not sure enough."""
        shown = [sign for sign, sure in zip(self.characters, self.sure, strict=True) if sure]
        return len(shown) if self.confidence >= SURE and len(set(shown)) >= FEWEST else 0


@dataclass(frozen=True, kw_only=True)
class Read:
    """What a candidate says where a line was. kept: the line's sure characters still read."""

    text: str
    kept: int


def characters(text: str) -> str:
    """Letters and digits alone, without case, accents and differences nobody sees."""
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_SAME)
    return "".join(sign for sign in plain if sign.isalnum())


def read_original(rgb: Bytes) -> tuple[Line, ...]:
    """The lines of an original (H, W, 3) uint8, read as it stands and after two harmless changes:
    a shift of one pixel with a JPEG of quality 80, and a resize to 80 % and back."""
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    quads = ocr.find_lines(bgr)
    reads, turns = _turned_right(bgr, quads)
    changed = [
        ocr.read_lines([ocr.cut(other, quad, turned=turn) for quad, turn in _pairs(quads, turns)])
        for other in (_shifted(bgr), _resized(bgr))
    ]
    lines = []
    for index, (text, confidence) in enumerate(reads):
        signs = characters(text)
        sure = np.ones(len(signs), bool)
        for other in changed:
            sure &= found_in(signs, characters(other[index][0]))
        lines.append(
            Line(
                text=text,
                confidence=confidence,
                quad=quads[index],
                turned=turns[index],
                characters=signs,
                sure=tuple(bool(item) for item in sure),
            )
        )
    return tuple(lines)


def read_again(rgb: Bytes, lines: Sequence[Line], offsets: Sequence[tuple[int, int]]) -> list[Read]:
    """What a candidate (H, W, 3) uint8 says where the original's lines are.

    offsets: by how much (x, y) each seems to have moved. A line that does not read in full is
    read again with a wider margin, and the better reading counts; unless it reads better on its
    head or in a mirror: then none of it is kept, for the reader knows such print as well.
    """
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    crops = [
        ocr.cut(bgr, line.quad + np.array(offset, np.float32), turned=line.turned)
        for line, offset in zip(lines, offsets, strict=True)
    ]
    reads = _read(lines, crops)
    poor = [index for index, read in enumerate(reads) if read.kept < lines[index].total]
    doubtful = [lines[index] for index in poor]
    wider = _read(doubtful, [ocr.cut(bgr, _wider(x.quad), turned=x.turned) for x in doubtful])
    turned = _read(doubtful, [np.rot90(crops[index], 2) for index in poor])
    mirrored = _read(doubtful, [crops[index][:, ::-1] for index in poor])
    for index, *others in zip(poor, wider, turned, mirrored, strict=True):
        reads[index] = _judged(reads[index], *others)
    return reads


def _judged(upright: Read, wider: Read, turned: Read, mirrored: Read) -> Read:
    best = max(upright, wider, key=lambda read: read.kept)
    if max(turned.kept, mirrored.kept) > best.kept:
        return Read(text=best.text, kept=0)
    return best


def _read(lines: Sequence[Line], crops: Sequence[Bytes]) -> list[Read]:
    texts = ocr.read_lines([np.ascontiguousarray(crop) for crop in crops])
    reads = []
    for line, (text, _) in zip(lines, texts, strict=True):
        kept = found_in(line.characters, characters(text)) & np.array(line.sure, bool)
        reads.append(Read(text=text, kept=int(kept.sum())))
    return reads


def found_in(wanted: str, read: str) -> NDArray[np.bool_]:
    """Which characters of a line are in what was read, in their order."""
    found = np.zeros(len(wanted), bool)
    for block in SequenceMatcher(None, wanted, read, autojunk=False).get_matching_blocks():
        found[block.a : block.a + block.size] = True
    return found


def _turned_right(
    bgr: Bytes, quads: Sequence[ocr.Quad]
) -> tuple[list[tuple[str, float]], list[bool]]:
    """Each line read the way up that reads best, and whether that is on its head."""
    reads = ocr.read_lines([ocr.cut(bgr, quad) for quad in quads])
    turns = [False] * len(quads)
    unsure = [index for index, (_, score) in enumerate(reads) if score < _TURN_BELOW]
    turned = ocr.read_lines([ocr.cut(bgr, quads[index], turned=True) for index in unsure])
    for index, read in zip(unsure, turned, strict=True):
        if read[1] > reads[index][1]:
            reads[index], turns[index] = read, True
    return reads, turns


def _pairs(quads: Sequence[ocr.Quad], turns: Sequence[bool]) -> list[tuple[ocr.Quad, bool]]:
    return list(zip(quads, turns, strict=True))


def _wider(quad: ocr.Quad) -> ocr.Quad:
    """A line's corners moved outwards, along and across it, by a share of its height."""
    along, down = quad[1] - quad[0], quad[3] - quad[0]
    height = float(np.linalg.norm(down))
    step = _MARGIN * height * along / max(float(np.linalg.norm(along)), 1.0)
    fall = _MARGIN * down
    outwards = np.stack([-step - fall, step - fall, step + fall, -step + fall])
    return np.asarray(quad + outwards, np.float32)


def _shifted(bgr: Bytes) -> Bytes:
    moved = np.roll(bgr, (1, 1), axis=(0, 1))
    _, data = cv2.imencode(".jpg", moved, [cv2.IMWRITE_JPEG_QUALITY, 80])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _resized(bgr: Bytes) -> Bytes:
    height, width = bgr.shape[:2]
    size = (max(1, round(0.8 * width)), max(1, round(0.8 * height)))
    small = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
    back = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(back, np.uint8)
