"""A colour cast: told from a light ground, else from the whole scene, and taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from shop_style.imaging.borderfill import fill_border

Floats = NDArray[np.float32]
Evidence = Literal["ground", "scene", "none"]

LEAST_CAST: Final = 4.0
"""Chroma in CIELAB below which a white ground is neutral."""

_NEUTRAL: Final = (1.0, 1.0, 1.0)
_MIN_GROUND: Final = 0.55
_MAX_RATIO: Final = 1.75
_MAX_TINT: Final = 0.16
_WORKING_SIDE: Final = 512
_CLIPPED: Final = 250 / 255
_POWER: Final = 6
_AGREEMENT: Final = 4.0
_NATURAL: Final = 7.0
_NEUTRAL_CHROMA: Final = 4.0
_NEUTRAL_SHARE: Final = 0.05
_MOST_OF_SCENE: Final = 10.0
_MIN_PIXELS: Final = 200
_LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True)
class Cast:
    """The colour of the light.

    light: linear red, green and blue, the greatest 1; equal where there is no cast. evidence: what
    it was told from. chroma: of a white thing under it, in CIELAB.
    """

    light: tuple[float, float, float] = _NEUTRAL
    evidence: Evidence = "none"

    @property
    def chroma(self) -> float:
        """Of a white thing in this light, in CIELAB."""
        white = _encoded(np.array([[self.light]], np.float32))
        _, a, b = cv2.cvtColor(white, cv2.COLOR_RGB2Lab)[0, 0]
        return float(np.hypot(a, b))

    def weakened(self, share: float) -> Cast:
        """The same light with this share of its colour, 0–1."""
        red, green, blue = (1 + share * (value - 1) for value in self.light)
        return Cast((red, green, blue), self.evidence)


def estimate_cast(rgb: Floats, weights: Floats | None = None) -> Cast:
    """The cast of a picture (H, W, 3) in [0, 1]; none where it is not sure.

    weights: (H, W), where the product is; None where product and scene are not told apart. A plain
    light ground decides where there is one: it was white or grey, unless its tint is one that no
    lamp has (pink, mint). Neutral, it clears the whole picture, whatever the product's colour. Of
    a product by itself, or on a strong colour, nothing can be said. In a scene, shades of grey and
    grey edges must agree, nothing may be neutral as it is, ordinary warmth is left in, and no more
    than a chroma of 10 is told: the rest may be the scene's own.
    Source: Finlayson & Trezzi, "Shades of Gray and Colour Constancy", CIC 2004; van de Weijer,
    Gevers & Gijsenij, "Edge-Based Color Constancy", IEEE TIP 16(9), 2007.
    """
    small = _reduced(rgb)
    fill = fill_border(np.asarray(np.rint(small * 255), np.uint8))
    if fill is not None and fill.even:
        ground = _linear(fill.colour[None, None] / np.float32(255))[0, 0]
        return _of_ground(ground) if float(ground.max()) > _MIN_GROUND else Cast()
    if weights is not None and float(weights.min()) < 0.5:
        return Cast()
    return _of_scene(small)


def neutralise(rgb: Floats, cast: Cast) -> Floats:
    """A picture (H, W, 3) in [0, 1] as if lit by white: the light divided out, lightness kept.

    The picture itself where there is no cast. White in that light becomes white.
    """
    if cast.light == _NEUTRAL:
        return rgb
    light = np.asarray(cast.light, np.float32)
    gains = np.asarray(1 / light, np.float32)
    linear = _linear(rgb)
    if cast.evidence == "scene":
        # Without a white to go by the picture must not get lighter.
        gains /= np.float32(np.dot(gains, _LUMINANCE))
    return _encoded(linear * gains)


def _of_ground(ground: Floats) -> Cast:
    light = ground / ground.max()
    if float(light.min()) < 1 / _MAX_RATIO or not _is_a_lamp(light):
        return Cast(evidence="ground")
    cast = Cast((float(light[0]), float(light[1]), float(light[2])), "ground")
    return cast if cast.chroma >= LEAST_CAST else Cast(evidence="ground")


def _is_a_lamp(light: Floats) -> bool:
    """Lamps and skies go from amber to blue, and some tubes a little green; none is pink or mint.

    In logarithms of the linear channels: how far green lies off the mean of red and blue.
    """
    red, green, blue = np.log(light)
    return bool(abs(green - (red + blue) / 2) < _MAX_TINT + 0.35 * abs(red - blue))


def _of_scene(small: Floats) -> Cast:
    usable = small.max(axis=-1) < _CLIPPED
    if usable.sum() < _MIN_PIXELS:
        return Cast()
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2Lab)[usable]
    if (np.hypot(lab[:, 1], lab[:, 2]) < _NEUTRAL_CHROMA).mean() > _NEUTRAL_SHARE:
        return Cast()
    linear = _linear(small)
    grey, edges = _shades(linear[usable]), _shades(_edges(linear)[usable])
    angle = _angle(grey, np.ones(3, np.float32))
    if (
        _angle(grey, edges) > _AGREEMENT
        or min(angle, _angle(edges, np.ones(3, np.float32))) < _NATURAL
    ):
        return Cast()
    both = grey / np.linalg.norm(grey) + edges / np.linalg.norm(edges)
    share = (angle - _NATURAL / 2) / angle
    light = np.maximum(1 + share * (both / both.mean() - 1), 0.3)
    light = light / light.max()
    cast = Cast((float(light[0]), float(light[1]), float(light[2])), "scene")
    return cast.weakened(min(1.0, _MOST_OF_SCENE / cast.chroma))


def _shades(values: Floats) -> Floats:
    """Minkowski mean of each channel."""
    return np.asarray(np.power(np.power(values, _POWER).mean(axis=0), 1 / _POWER), np.float32)


def _edges(linear: Floats) -> Floats:
    soft = cv2.GaussianBlur(linear, (0, 0), 1.5)
    return np.asarray(np.hypot(cv2.Sobel(soft, -1, 1, 0), cv2.Sobel(soft, -1, 0, 1)), np.float32)


def _angle(first: Floats, second: Floats) -> float:
    """Degrees between two lights."""
    cosine = float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second) + 1e-12))
    return float(np.degrees(np.arccos(min(1.0, cosine))))


def _reduced(rgb: Floats) -> Floats:
    scale = _WORKING_SIDE / max(rgb.shape[:2])
    if scale >= 1:
        return rgb
    return cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).clip(0, 1)


def _linear(rgb: Floats) -> Floats:
    """IEC 61966-2-1, decoded."""
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _encoded(linear: Floats) -> Floats:
    """IEC 61966-2-1, encoded; clipped to [0, 1]."""
    light = linear.clip(0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055).astype(
        np.float32
    )
