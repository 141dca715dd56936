"""A length of cloth laid over a product: made flat, scaled to it, turned, bent along its folds."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shop_style.imaging.shading import LUMINANCE, encoded, linear

Floats = NDArray[np.float32]

_DARK: Final = np.float32(0.02)
_MOST_LIGHT: Final = np.float32(0.5)
"""Most that a swatch is lightened or darkened to even its light, in natural log."""

_FOLD: Final = 1 / 50
"""Deviation of the Gaussian under which light counts as relief, of the product's size."""

_LIFT: Final = 0.05
"""Shift of the cloth, of the product's size, for a slope of 1 in log light over a tenth of it."""

_FARTHEST: Final = 0.03
"""Most that a fold shifts the cloth, of the product's size."""

_STRAIN: Final = 0.4
"""Most that a fold stretches or presses the pattern together, but for half a per cent of places."""

_SHEEN: Final = np.float32(0.02)
"""Share of the light that any cloth's surface reflects uncoloured: folds show on black too."""

_SHINE: Final = np.float32(0.45)
"""Most that light lifts a cloth, in natural log; a photograph's own highlights are compressed."""


def flattened(swatch: Floats, share: float, *, sigma: float, tiles: bool = False) -> Floats:
    """A picture of cloth without the light it was photographed in, (H, W, 3) sRGB in [0, 1].

    share: how much of it is evened out, 0–1. sigma: deviation in pixels of the Gaussian over which
    lightness is evened; finer changes stay. tiles: does the swatch repeat beyond its edges?
    """
    if share == 0:
        return swatch
    light = linear(swatch)
    level = np.log(light @ LUMINANCE + _DARK)
    reach = min(round(3 * sigma), *level.shape)
    around = np.pad(level, reach, mode="wrap" if tiles else "symmetric")
    low = cv2.GaussianBlur(around, (0, 0), sigma)[reach:-reach, reach:-reach]
    uneven = np.clip(low - np.float32(low.mean()), -_MOST_LIGHT, _MOST_LIGHT)
    return encoded(light * np.exp(-np.float32(share) * uneven)[..., None])


def relief(light: Floats, size: float, share: float) -> tuple[Floats, Floats]:
    """How far a cloth is shifted down and to the right at each place, in pixels, (H, W) each.

    light: log light (H, W). size: the product's, in pixels. share: 0 lays it flat.
    """
    soft = cv2.GaussianBlur(light, (0, 0), max(1.0, size * _FOLD))
    most = np.float32(_FARTHEST * size)
    gain = np.float32(share * _LIFT * size * size / 10)
    down, right = (gain * np.gradient(soft, axis=axis) for axis in (0, 1))
    length = np.sqrt(down * down + right * right)
    # Bent towards a limit rather than cut at it: a fold has no edge in the cloth.
    bound = np.tanh(length / most) * most / np.maximum(length, 1e-6)
    down, right = down * bound, right * bound
    # Beyond that it would smear, or fold back on itself.
    strain = max(float(np.percentile(np.abs(np.gradient(item)), 99.5)) for item in (down, right))
    rest = np.float32(min(1.0, _STRAIN / max(strain, 1e-6)))
    return down * rest, right * rest


def laid(
    swatch: Floats,
    *,
    shape: tuple[int, int],
    centre: tuple[float, float],
    pixels: float,
    degrees: float,
    offset: tuple[float, float],
    shift: tuple[Floats, Floats],
) -> Floats:
    """The cloth as it falls over a picture (H, W, 3).

    swatch: (h, w, 3), tileable. shape: (H, W). centre: row and column it is turned about.
    pixels: how wide one pixel of the swatch is in the picture. degrees: anticlockwise.
    offset: row and column of the swatch, as shares of it, that lie at the centre. shift: from
    `relief`.
    """
    # Reduced first, or fine threads would alias.
    scale = min(1.0, pixels)
    size = (max(1, round(swatch.shape[1] * scale)), max(1, round(swatch.shape[0] * scale)))
    cloth = cv2.resize(swatch, size, interpolation=cv2.INTER_AREA) if scale < 1 else swatch
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    down = rows - np.float32(centre[0]) + shift[0]
    right = columns - np.float32(centre[1]) + shift[1]
    step = np.float32(pixels / scale)
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    x = (np.float32(cosine) * right - np.float32(sine) * down) / step
    y = (np.float32(sine) * right + np.float32(cosine) * down) / step
    x = np.mod(x + np.float32(offset[1] * size[0]), size[0]).astype(np.float32)
    y = np.mod(y + np.float32(offset[0] * size[1]), size[1]).astype(np.float32)
    found = cv2.remap(cloth, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
    return np.asarray(found, np.float32).clip(0, 1)


def lit(cloth: Floats, light: Floats) -> Floats:
    """Cloth (H, W, 3) sRGB under light (H, W), natural log of how much lighter than usual."""
    bound = np.where(light > 0, _SHINE * np.tanh(light / _SHINE), light)
    gain = np.exp(bound)[..., None]
    return encoded((linear(cloth) + _SHEEN) * gain - _SHEEN)
