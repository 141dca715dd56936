"""A scorecard as a picture: the product's outline, and where each measure found a change."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

ROWS: Final = ("outline", "ssim", "perceptual", "delta_e", "hue", "detail", "displacement")
"""What the sheet shows, from top to bottom; every row has the picture's shape."""

_SHORT_SIDE: Final = 320
_FULL: Final[Mapping[str, tuple[float, float]]] = {
    "ssim": (1.0, 0.2),
    "perceptual": (0.0, 0.6),
    "delta_e": (0.0, 20.0),
    "hue": (0.0, 40.0),
    "detail": (1.0, 0.2),
    "displacement": (0.0, 6.0),
}
"""Value of each measure that is drawn clear, and the one drawn opaque."""

_LINE: Final = (255, 0, 160)
_COOL, _HOT = np.array([255, 196, 0], np.float32), np.array([214, 0, 28], np.float32)
_QUALITY: Final = 60


def evidence_sheet(weights: Floats, maps: Mapping[str, Floats]) -> bytes:
    """The sheet as a WebP file with transparency, to be laid over either picture.

    weights: (H, W), where the product is. maps: by measure, (h, w) of the same shape.
    """
    height, width = weights.shape
    scale = min(1.0, _SHORT_SIDE / min(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    rows = [_outline(_resized(weights, size))]
    rows += [_heat(name, _resized(maps[name], size)) for name in ROWS[1:]]
    stream = io.BytesIO()
    Image.fromarray(np.concatenate(rows)).save(stream, "WEBP", quality=_QUALITY, method=4)
    return stream.getvalue()


def _resized(values: Floats, size: tuple[int, int]) -> Floats:
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _outline(weights: Floats) -> Bytes:
    """The product's edge as a line on nothing, (h, w, 4)."""
    drawn = np.zeros((*weights.shape, 4), np.uint8)
    found, _ = cv2.findContours(
        (weights > 0.5).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
    )
    cv2.drawContours(drawn, found, -1, (*_LINE, 255), 1)
    return drawn


def _heat(name: str, values: Floats) -> Bytes:
    """A measure as heat, (h, w, 4): clear where nothing changed, red where all did."""
    clear, opaque = _FULL[name]
    share = np.clip((values - clear) / (opaque - clear), 0, 1)[..., None]
    colour = _COOL + share * (_HOT - _COOL)
    return np.concatenate([colour, 230 * share], axis=-1).astype(np.uint8)
