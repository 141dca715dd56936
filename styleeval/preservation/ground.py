"""The ground behind a product: white that stayed white, and how the product fills its frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from styleeval.preservation.pictures import least_channel

Floats = NDArray[np.float32]

_WHITE: Final = 254.5 / 255
_NEAR_WHITE: Final = 253.5 / 255
BACKGROUND: Final = 0.02
"""Weight of a product below which a place is ground."""

_LEAST: Final = 0.02
_MOSTLY: Final = 0.5
_ROUNDING: Final = 0.5 / 255


@dataclass(frozen=True, kw_only=True)
class Frame:
    """How a candidate stands in its picture.

    fill: the product's box over the picture, along the longer of its two shares, 0–1.
    white: share of the picture's border that is exactly white (255).
    """

    fill: float
    white: float


def white_kept(original: Floats, candidate: Floats, weights: Floats) -> float | None:
    """The share of the original's white ground (254 or 255) that is no darker in the candidate.

    original, candidate: (H, W, 3) in [0, 1] at full size. weights: (H, W), where the product is.
    None where the product does not stand on white.
    """
    own = least_channel(original)
    white = _white_ground(own, weights)
    if white is None:
        return None
    kept = least_channel(candidate)[white] >= own[white] - _ROUNDING
    return float(kept.mean())


def stands_on_white(picture: Floats, weights: Floats) -> bool:
    """Is the ground of a picture (H, W, 3) in [0, 1], around a product's weights (H, W), white?"""
    return _white_ground(least_channel(picture), weights) is not None


def _white_ground(least: Floats, weights: Floats) -> NDArray[np.bool_] | None:
    """The white of a ground, by the picture's least channel; None where there is hardly any, or
    where it is not most of the ground: a bright window behind a product is no white ground."""
    ground = weights < BACKGROUND
    white = ground & (least >= _NEAR_WHITE)
    if float(white.mean()) < _LEAST or white.sum() < _MOSTLY * ground.sum():
        return None
    return white


def frame_of(candidate: Floats, weights: Floats) -> Frame:
    """How a candidate (H, W, 3) in [0, 1] stands in its picture."""
    solid = weights > 0.5
    height, width = solid.shape
    down, across = (np.flatnonzero(solid.any(axis=axis)) for axis in (1, 0))
    fill = 0.0
    if down.size:
        fill = max((down[-1] + 1 - down[0]) / height, (across[-1] + 1 - across[0]) / width)
    edges = (candidate[0], candidate[-1], candidate[:, 0], candidate[:, -1])
    border = least_channel(np.concatenate(edges))
    return Frame(fill=float(fill), white=float((border >= _WHITE).mean()))
