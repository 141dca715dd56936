"""Products whose outline is known exactly, each with a printed label whose text and place are too.

Our renders always; the real cut-outs of ../shared/data where they are, their own alpha the mask.
"""

from __future__ import annotations

import dataclasses
import re
import zlib
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tests.benchmarks.masks import cut_outs, real_cut_outs
from tests.benchmarks.vault import FOLDER

Floats = NDArray[np.float32]
Box = tuple[int, int, int, int]

SIDE: Final = 800
_MARGIN: Final = 0.08
_WORDS: Final = (
    ("MORNING", "HARVEST", "250 g"),
    ("No. 24", "cedar &", "bergamot"),
    ("QUIET", "RIVERS", "est. 1987"),
    ("GOOD", "COMPANY", "size M"),
    ("ALPINE", "TEA CO", "50 bags"),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """A product on white.

    rgb: (H, W, 3) sRGB in [0, 1], what it looks like without any ground. alpha: (H, W), its exact
    mask. label: box of the printed label, None where none fits. ours: may it be shown?
    calibrates: does it belong to the half that thresholds are chosen on?
    """

    slug: str
    rgb: Floats
    alpha: Floats
    label: Box | None
    ours: bool
    calibrates: bool

    @property
    def on_white(self) -> Floats:
        """The shop's picture."""
        return laid_on(self.rgb, self.alpha, np.ones_like(self.rgb))


def laid_on(rgb: Floats, alpha: Floats, ground: Floats) -> Floats:
    """A product over a ground, both (H, W, 3)."""
    share = alpha[..., None]
    return np.where(share == 1, rgb, rgb * share + ground * (1 - share)).astype(np.float32)


def subjects(count: int) -> list[Subject]:
    """Our renders and as many real cut-outs, kinds of product apart in two halves."""
    real = real_cut_outs(count // 2)
    ours = cut_outs(FOLDER / "masks", 0.5)[: count - len(real)]
    found = [_subject(item.name, item.rgb, item.alpha, ours=True) for item in ours]
    found += [_subject(item.name, item.rgb, item.alpha, ours=False) for item in real]
    return _halved(found)


def _subject(slug: str, rgb: Floats, alpha: Floats, *, ours: bool) -> Subject:
    rgb, alpha = _framed(rgb, alpha)
    box = _label_place(alpha)
    if box is not None:
        rgb = _labelled(rgb, box, _WORDS[_mixed(slug) % len(_WORDS)])
    return Subject(slug=slug, rgb=rgb, alpha=alpha, label=box, ours=ours, calibrates=False)


def _halved(found: list[Subject]) -> list[Subject]:
    """Every second kind calibrates; two views of one product never stand on both sides."""
    halves = []
    for part in (True, False):
        kinds = sorted({_kind(item.slug) for item in found if item.ours is part}, key=_mixed)
        chosen = set(kinds[::2])
        halves += [
            dataclasses.replace(item, calibrates=_kind(item.slug) in chosen)
            for item in found
            if item.ours is part
        ]
    return halves


def _kind(slug: str) -> str:
    return re.sub(r"[-_ ]?\d+$", "", slug)


def _mixed(kind: str) -> int:
    return zlib.crc32(kind.encode())


def _framed(rgb: Floats, alpha: Floats) -> tuple[Floats, Floats]:
    """Cut to the product with a margin, square, SIDE pixels."""
    down, across = (np.flatnonzero((alpha > 0.5).any(axis=axis)) for axis in (1, 0))
    top, left = down[0], across[0]
    height, width = down[-1] + 1 - top, across[-1] + 1 - left
    side = round(max(height, width) * (1 + 2 * _MARGIN))
    y, x = (side - height) // 2, (side - width) // 2
    square = np.zeros((side, side, 4), np.float32)
    pixels = np.concatenate([rgb * alpha[..., None], alpha[..., None]], axis=-1)
    square[y : y + height, x : x + width] = pixels[top : top + height, left : left + width]
    method = cv2.INTER_AREA if side >= SIDE else cv2.INTER_CUBIC
    small = np.clip(cv2.resize(square, (SIDE, SIDE), interpolation=method), 0, 1)
    share = small[..., 3]
    own = small[..., :3] / np.maximum(share, 1e-3)[..., None]
    return np.clip(_spread(own, share), 0, 1).astype(np.float32), share.astype(np.float32)


def _spread(rgb: Floats, alpha: Floats) -> Floats:
    """The product's colours carried outwards, so that no defect meets a colourless place."""
    unknown = (alpha < 0.5).astype(np.uint8) * 255
    eight = np.clip(rgb * 255, 0, 255).astype(np.uint8)
    filled = cv2.inpaint(eight, unknown, 3, cv2.INPAINT_TELEA).astype(np.float32) / 255
    return np.where(alpha[..., None] < 0.5, filled, rgb).astype(np.float32)


def _label_place(alpha: Floats) -> Box | None:
    """A box around the place deepest inside the product."""
    solid = (alpha > 0.99).astype(np.uint8)
    depth = cv2.distanceTransform(solid, cv2.DIST_L2, 5)
    radius = float(depth.max())
    if radius < 70:
        return None
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    half_width, half_height = round(0.75 * radius), round(0.6 * radius)
    return (int(x) - half_width, int(y) - half_height, int(x) + half_width, int(y) + half_height)


def _labelled(rgb: Floats, box: Box, lines: tuple[str, ...]) -> Floats:
    """A paper label with text, lit as the product is there."""
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    paper = Image.new("RGB", (width, height), (243, 239, 228))
    draw = ImageDraw.Draw(paper)
    row = height / (len(lines) + 0.6)
    for number, text in enumerate(lines):
        font = ImageFont.load_default(row * 0.8)
        shrunk = min(1.0, 0.86 * width / draw.textlength(text, font=font))
        font = ImageFont.load_default(row * 0.8 * shrunk)
        place = (width / 2, row * (number + 0.8))
        draw.text(place, text, font=font, fill=(38, 42, 60), anchor="mm")
    under = rgb[y0:y1, x0:x1]
    light = cv2.GaussianBlur(under.mean(axis=-1), (0, 0), max(width, height) / 3)
    light = np.clip(light / max(float(light.max()), 1e-3), 0.75, 1)
    printed = rgb.copy()
    printed[y0:y1, x0:x1] = np.asarray(paper, np.float32) / 255 * light[..., None]
    return printed
