"""A scorecard as a picture: the product's outline, and where each measure found a change."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shop_style.imaging.sheet import HEAT, ROWS, Heat

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

_SHORT_SIDE: Final = 340

_LINE: Final = np.array([204, 0, 110], np.float32)
_CASING: Final = np.array([255, 255, 255], np.float32)
"""Either side of the line, so that it is seen on products of its own colour."""

_FINER: Final = 3
"""The outline is drawn so many times as large, and made smooth by shrinking it."""

_LINE_WIDTH: Final = 4
_CASING_WIDTH: Final = 9
_CASING_OPACITY: Final = 0.8

_RAMP: Final = np.array(
    [[255, 214, 64], [250, 140, 20], [214, 30, 40], [90, 10, 90]], dtype=np.float32
)
"""From a little to much; lightness falls all the way, so that it also reads without hues."""

_MOST_OPAQUE: Final = 190
"""The product stays to be seen under the hottest heat."""

_QUALITY: Final = 60
_ALPHA_QUALITY: Final = 70


def evidence_sheet(weights: Floats, maps: Mapping[str, Floats]) -> bytes:
    """The sheet as a WebP file with transparency, to be laid over either picture.

    weights: (H, W), where the product is. maps: by measure, (h, w) of the same shape.
    """
    height, width = weights.shape
    scale = min(1.0, _SHORT_SIDE / min(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    product = _resized(weights, size)
    rows = [_outline(weights, size)]
    rows += [_heat(HEAT[name], _resized(maps[name], size), product) for name in ROWS[1:]]
    stream = io.BytesIO()
    sheet = Image.fromarray(np.concatenate(rows))
    sheet.save(stream, "WEBP", quality=_QUALITY, alpha_quality=_ALPHA_QUALITY, method=4)
    return stream.getvalue()


def _resized(values: Floats, size: tuple[int, int]) -> Floats:
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _outline(weights: Floats, size: tuple[int, int]) -> Bytes:
    """The product's edge as a line on nothing, (h, w, 4). weights: (H, W), of any size."""
    drawn_size = (size[0] * _FINER, size[1] * _FINER)
    solid = (_resized(weights, drawn_size) > 0.5).astype(np.uint8)
    found, _ = cv2.findContours(solid, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    line = _resized(_drawn(solid.shape, found, _LINE_WIDTH), size)
    casing = _resized(_drawn(solid.shape, found, _CASING_WIDTH), size)
    colour = _CASING + line[..., None] * (_LINE - _CASING)
    alpha = 255 * np.maximum(line, _CASING_OPACITY * casing)
    return np.concatenate([colour, alpha[..., None]], axis=-1).astype(np.uint8)


def _drawn(shape: tuple[int, ...], contours: Any, width: int) -> Floats:
    return np.asarray(cv2.drawContours(np.zeros(shape, np.float32), contours, -1, 1.0, width))


def _heat(heat: Heat, values: Floats, product: Floats) -> Bytes:
    """A measure as heat, (h, w, 4): clear where nothing changed, dark where all did."""
    share = np.clip((values - heat.clear) / (heat.full - heat.clear), 0, 1)
    stops = np.linspace(0, 1, len(_RAMP))
    colour = np.stack([np.interp(share, stops, channel) for channel in _RAMP.T], axis=-1)
    # Not in proportion, or a slight change could hardly be seen.
    alpha = _MOST_OPAQUE * share**0.7 * (product if heat.of_product else 1)
    return np.concatenate([colour, alpha[..., None]], axis=-1).astype(np.uint8)
