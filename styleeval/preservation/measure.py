"""One measure's numbers: on the product and around it, mean, tail and worst tile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Edges = NDArray[np.intp]
Kind = Literal["similarity", "distance"]

_TILE = 64
_MIN_HELD = 0.25
_PARTLY, _FULLY = 0.85, 0.1
"""Weight up to which a place is only partly there, and the step to where it counts fully."""

_LEAST_TO_MEASURE = 0.002
"""Share of the picture below which there is no ground, or no colour, to speak of."""


@dataclass(frozen=True)
class Tile:
    """A worst tile: its mean, and its box (x0, y0, x1, y1) in original pixels."""

    value: float
    box: tuple[int, int, int, int]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of dataclasses.asdict, also after JSON."""
        x0, y0, x1, y1 = values["box"]
        return cls(values["value"], (x0, y0, x1, y1))


@dataclass(frozen=True)
class Measure:
    """One measure's numbers.

    whole: mean over the picture. product: mean over the product, with everything around it left
    as in the original. product_p95: what 95 % of the product is at least as good as (the 95th
    percentile of a distance, the 5th of a similarity). worst_tile: the product's worst, 64 pixels
    a side where scores are taken. outside, outside_p95, outside_worst_tile: the same of what is
    not product; None where there is hardly any.
    """

    whole: float
    product: float
    product_p95: float
    worst_tile: Tile
    outside: float | None = None
    outside_p95: float | None = None
    outside_worst_tile: Tile | None = None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of dataclasses.asdict, also after JSON."""
        worst = Tile.from_dict(values["worst_tile"])
        outer = values.get("outside_worst_tile")
        tiles = {
            "worst_tile": worst,
            "outside_worst_tile": None if outer is None else Tile.from_dict(outer),
        }
        return cls(**{**values, **tiles})


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """Where a picture shows product and where ground, each (H, W) in [0, 1]. See `solid`."""

    inside: Floats
    around: Floats

    @classmethod
    def of(cls, weights: Floats) -> Self:
        """Of the product's weights (H, W)."""
        return cls(inside=solid(weights), around=solid(1 - weights))


def measured(
    whole: Floats,
    product: Floats,
    parts: Parts,
    *,
    kind: Kind,
    scale: float,
    counts: Floats | None = None,
) -> Measure:
    """The numbers of a map.

    whole, product: (H, W) maps of the candidate and of its product in the original's
    surroundings; pointwise measures give the same twice.
    counts: (H, W) in [0, 1], how much each place can say, such as a grey one about hue.
    scale: original pixels a pixel of the map.
    """
    inside, around = parts.inside, parts.around
    if counts is not None:
        inside, around = inside * counts, around * counts
    perfect = 1.0 if kind == "similarity" else 0.0
    found: dict[str, Any] = {"whole": _mean(whole, counts, perfect)}
    mean, tail, tile = _part(product, inside, kind, scale) or (perfect, perfect, None)
    height, width = whole.shape
    everywhere = (0, 0, round(width * scale), round(height * scale))
    found |= {"product": mean, "product_p95": tail}
    found["worst_tile"] = tile or Tile(perfect, everywhere)
    outer = _part(whole, around, kind, scale)
    if outer is not None:
        found |= dict(zip(("outside", "outside_p95", "outside_worst_tile"), outer, strict=True))
    return Measure(**found)


def solid(weights: Floats) -> Floats:
    """Weights without what is only partly there: a glass, or a shadow that a cut-out brings along,
    shows whatever stands behind it, and says nothing about the product's truth."""
    told = (weights - _PARTLY) / _FULLY
    return np.asarray(np.clip(told, 0, 1), np.float32)


def _part(
    values: Floats, weights: Floats, kind: Kind, scale: float
) -> tuple[float, float, Tile] | None:
    if float(weights.mean()) < _LEAST_TO_MEASURE:
        return None
    inside = values[weights > 0.5]
    percentile = 5 if kind == "similarity" else 95
    return (
        _mean(values, weights, 0.0),
        float(np.percentile(inside if inside.size else values, percentile)),
        worst_tile(values, weights, kind=kind, scale=scale),
    )


def _mean(values: Floats, weights: Floats | None, otherwise: float) -> float:
    if weights is None:
        return float(values.mean(dtype=np.float64))
    total = float(weights.sum(dtype=np.float64))
    product = np.multiply(values, weights, dtype=np.float64)
    return float(product.sum() / total) if total else otherwise


def worst_tile(values: Floats, weights: Floats, *, kind: Kind, scale: float) -> Tile:
    """The worst tile of a map (H, W) among those that hold enough weight, or among all if none
    does; `scale` original pixels a pixel of the map."""
    starts = [_starts(length) for length in values.shape]
    rows, columns = (
        np.stack([first, np.minimum(np.add(first, _TILE), length)])
        for first, length in zip(starts, values.shape, strict=True)
    )
    # So that a tile without any weight has a mean too.
    held = weights.astype(np.float64) + 1e-9
    total, amount = (_tile_sums(item, rows, columns) for item in (values * held, held))
    share = amount / np.multiply.outer(rows[1] - rows[0], columns[1] - columns[0])
    counts = share >= _MIN_HELD
    if not counts.any():
        counts = share == share.max()
    means = np.where(counts, total / amount, np.inf if kind == "similarity" else -np.inf)
    worst = int(means.argmin() if kind == "similarity" else means.argmax())
    row, column = np.unravel_index(worst, means.shape)
    box = (columns[0][column], rows[0][row], columns[1][column], rows[1][row])
    x0, y0, x1, y1 = (round(float(edge) * scale) for edge in box)
    return Tile(float(means[row, column]), (x0, y0, x1, y1))


def _tile_sums(values: NDArray[np.float64], rows: Edges, columns: Edges) -> NDArray[np.float64]:
    """Sums between first and last rows (2, R) and columns (2, C), the last beyond: (R, C)."""
    import cv2

    corner = np.asarray(cv2.integral(values))
    below = corner[rows[1]] - corner[rows[0]]
    return np.asarray(below[:, columns[1]] - below[:, columns[0]])


def _starts(length: int) -> list[int]:
    """Tile starts; a last sliver belongs to a tile that ends at the picture's edge."""
    starts = list(range(0, max(length - _TILE, 0) + 1, _TILE))
    if length > _TILE and starts[-1] + _TILE < length:
        starts.append(length - _TILE)
    return starts
