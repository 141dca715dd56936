"""A colour grade as a 3D table of changes to sRGB, tame at the ends of the scale."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from shop_style.transfer.palette import LinearMap
from shop_style.transfer.parameters import GradeParameters

Floats = NDArray[np.float64]

SIDE: Final = 33
"""Nodes per channel; 33 is what .cube files and cameras use."""

_MAX_SHIFT: Final = 14.0
_GREY_CHROMA: Final = 5.0
_NEUTRAL_CHROMA: Final = 9.0
_END: Final = 15.0
_BISECTIONS: Final = 12


def bake(mapping: LinearMap, parameters: GradeParameters) -> NDArray[np.float32]:
    """Changes of sRGB (3, 33, 33, 33), indexed [channel, blue, green, red].

    Adding a share of the change to a colour never leaves [0, 1]: node and node + change both lie
    within.
    """
    axis = np.linspace(0, 1, SIDE)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    nodes = np.stack([red, green, blue], axis=-1)
    graded = _in_gamut(_tamed(_lab(nodes), mapping, parameters))
    changes: Floats = graded - nodes
    table: NDArray[np.float32] = changes.transpose(3, 0, 1, 2).astype(np.float32, order="C")
    return table


def _tamed(lab: Floats, mapping: LinearMap, parameters: GradeParameters) -> Floats:
    change = mapping(lab) - lab
    lightness = _soft(change[..., 0]) * parameters.lightness * _away_from_ends(lab[..., 0])
    colour = change[..., 1:]
    length = np.linalg.norm(colour, axis=-1)
    kept = parameters.chroma * (1 - _protection(lab, parameters.keep_neutrals))
    shrink = _soft(length) / np.maximum(length, 1e-9) * kept
    tamed: Floats = lab + np.concatenate(
        [lightness[..., None], colour * shrink[..., None]], axis=-1
    )
    return tamed


def _soft(shift: Floats) -> Floats:
    """Lab units, bent so that none goes further than _MAX_SHIFT."""
    bent: Floats = _MAX_SHIFT * np.tanh(shift / _MAX_SHIFT)
    return bent


def _away_from_ends(lightness: Floats) -> Floats:
    """0 at black and white, 1 from _END units on: black stays black, white stays white."""
    share = np.clip(np.minimum(lightness, 100 - lightness) / _END, 0, 1)
    smooth: Floats = share * share * (3 - 2 * share)
    return smooth


def _protection(lab: Floats, keep_neutrals: float) -> Floats:
    """How much of the colour change each colour is spared, 0–1.

    Greys by keep_neutrals; near-white and near-black by twice as much, since there a tint shows
    first.
    """
    chroma = np.linalg.norm(lab[..., 1:], axis=-1)
    # Flat over a table cell around grey: look-ups mix in a grey's coloured neighbours.
    grey = np.exp(-np.square(np.maximum(chroma - _GREY_CHROMA, 0) / _NEUTRAL_CHROMA))
    end = 1 - _away_from_ends(lab[..., 0])
    spared: Floats = grey * np.maximum(keep_neutrals, end * min(1.0, 2 * keep_neutrals))
    return spared


def _in_gamut(lab: Floats) -> Floats:
    """sRGB in [0, 1]; a colour outside loses chroma, not hue or lightness."""
    lab = lab.copy()
    lab[..., 0] = np.clip(lab[..., 0], 0, 100)
    low, high = np.zeros(lab.shape[:-1]), np.ones(lab.shape[:-1])
    outside = ~_fits(_linear_rgb(lab))
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        fits = _fits(_linear_rgb(_with_chroma(lab, middle)))
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    scale = np.where(outside, low, 1.0)
    return _encoded(np.clip(_linear_rgb(_with_chroma(lab, scale)), 0, 1))


def _with_chroma(lab: Floats, scale: Floats) -> Floats:
    return np.concatenate([lab[..., :1], lab[..., 1:] * scale[..., None]], axis=-1)


def _fits(linear: Floats) -> NDArray[np.bool_]:
    slack = 1e-4
    inside: NDArray[np.bool_] = np.all((linear >= -slack) & (linear <= 1 + slack), axis=-1)
    return inside


# sRGB primaries and D65 white, IEC 61966-2-1.
_TO_XYZ: Final = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_FROM_XYZ: Final = np.linalg.inv(_TO_XYZ)
_WHITE: Final = _TO_XYZ.sum(axis=1)


def _lab(rgb: Floats) -> Floats:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    ratio = linear @ _TO_XYZ.T / _WHITE
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack(
        [
            116 * f[..., 1] - 16,
            500 * (f[..., 0] - f[..., 1]),
            200 * (f[..., 1] - f[..., 2]),
        ],
        axis=-1,
    )


def _linear_rgb(lab: Floats) -> Floats:
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    ratio = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    linear: Floats = ratio * _WHITE @ _FROM_XYZ.T
    return linear


def _encoded(linear: Floats) -> Floats:
    high = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    encoded: Floats = np.clip(np.where(linear <= 0.0031308, 12.92 * linear, high), 0, 1)
    return encoded
