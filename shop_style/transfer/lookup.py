"""A colour grade as a 3D table of changes to sRGB, tame at the ends of the scale."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shop_style.transfer.cube import Cube, grid
from shop_style.transfer.palette import LinearMap
from shop_style.transfer.parameters import AS_AUTHORED, GradeParameters

Floats = NDArray[np.float64]

SIDE: Final = 33
"""Nodes per channel; 33 is what .cube files and cameras use."""

_MAX_SHIFT: Final = 14.0
_GREY_CHROMA: Final = 5.0
_NEUTRAL_CHROMA: Final = 9.0
_END: Final = 15.0
_BISECTIONS: Final = 12


def bake(
    mapping: LinearMap, parameters: GradeParameters, *, side: int = SIDE
) -> NDArray[np.float32]:
    """Changes of sRGB (3, N, N, N), indexed [channel, blue, green, red].

    Adding a share of the change to a colour never leaves [0, 1]: node and node + change both lie
    within.
    """
    nodes, lab = _usual_nodes() if side == SIDE else _nodes(side)
    return _changes(_in_gamut(_tamed(lab, mapping, parameters)), nodes)


def exact(rgb: Floats, mapping: LinearMap, parameters: GradeParameters) -> Floats:
    """Colours (…, 3) graded one by one: what the table comes near to."""
    return _in_gamut(_tamed(_lab(rgb), mapping, parameters))


def bake_cube(cube: Cube, parameters: GradeParameters) -> NDArray[np.float32]:
    """The same of a `.cube`: its own changes, or the shares of them that the parameters leave."""
    values = cube.on_unit_grid()
    nodes = grid(len(values))
    if parameters.as_dict() == AS_AUTHORED:
        # Not clipped: what was looked up is, as other tools do it.
        return _changes(values, nodes)
    lab = _lab(nodes)
    change = _lab(np.clip(values, 0, 1)) - lab
    kept = parameters.chroma * (1 - _protection(lab, parameters.keep_neutrals))
    change[..., 0] *= parameters.lightness
    change[..., 1:] *= kept[..., None]
    return _changes(_in_gamut(lab + change), nodes)


def _changes(graded: Floats, nodes: Floats) -> NDArray[np.float32]:
    changes: Floats = graded - nodes
    table: NDArray[np.float32] = changes.transpose(3, 0, 1, 2).astype(np.float32, order="C")
    return table


def _nodes(side: int) -> tuple[Floats, Floats]:
    """The grid's colours and their CIELAB."""
    nodes = grid(side)
    return nodes, _lab(nodes)


@cache
def _usual_nodes() -> tuple[Floats, Floats]:
    # Every picture needs them.
    for array in (found := _nodes(SIDE)):
        array.setflags(write=False)
    return found


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
    linear = _linear_rgb(lab)
    outside = ~_fits(linear)
    strays = lab[outside]
    low, high = np.zeros(len(strays)), np.ones(len(strays))
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        fits = _fits(_linear_rgb(_with_chroma(strays, middle)))
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    linear[outside] = _linear_rgb(_with_chroma(strays, low))
    return _encoded(np.clip(linear, 0, 1))


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
