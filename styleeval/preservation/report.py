"""The scorecard: every measure of one styled picture, on the product and on its worst spot."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from styleeval.preservation.colour import delta_e_map
from styleeval.preservation.perceptual import Weights, perceptual_metric
from styleeval.preservation.structure import ssim_map

Floats = NDArray[np.float32]

SHORT_SIDE = 512
"""Scores depend on size, so all are taken here (pixels); smaller pictures stay as they are."""

_INVISIBLE = 0.5 / 255
_TILE = 64
_MIN_TILE_PRODUCT = 0.25


@dataclass(frozen=True)
class Tile:
    """The product's worst tile: its mean, and its box (x0, y0, x1, y1) in original pixels."""

    value: float
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class Measure:
    """One measure's numbers.

    whole: mean over the picture. product: mean over the product, with everything around it left
    as in the original. product_p95: what 95 % of the product is at least as good as (the 95th
    percentile of a distance, the 5th of a similarity).
    """

    whole: float
    product: float
    product_p95: float
    worst_tile: Tile

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of dataclasses.asdict, also after JSON."""
        tile = values["worst_tile"]
        x0, y0, x1, y1 = tile["box"]
        return cls(**{**values, "worst_tile": Tile(tile["value"], (x0, y0, x1, y1))})


@dataclass(frozen=True)
class Scorecard:
    """How truthfully a candidate shows the original's product.

    ssim: luma SSIM, 1 is equal. perceptual: LPIPS or ST-LPIPS, 0 is equal; perceptual_name says
    which. delta_e: ΔE00, 0 is equal. mask_coverage: the product's share of the picture.
    size: width and height in pixels of the pictures compared, before scaling.
    """

    schema: ClassVar[int] = 1

    ssim: Measure
    perceptual: Measure
    delta_e: Measure
    perceptual_name: str
    mask_coverage: float
    mask_confidence: float
    size: tuple[int, int]

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts, with the schema's number."""
        return {"schema": self.schema, **json.loads(json.dumps(dataclasses.asdict(self)))}

    def to_json(self) -> str:
        """`as_dict` as JSON; the same card gives the same text."""
        return json.dumps(self.as_dict(), sort_keys=True, allow_nan=False)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `as_dict`. Raises ValueError for another schema."""
        if values.get("schema") != cls.schema:
            raise ValueError(
                f"scorecard schema {values.get('schema')!r} is not {cls.schema}; score again"
            )
        width, height = values["size"]
        return cls(
            ssim=Measure.from_dict(values["ssim"]),
            perceptual=Measure.from_dict(values["perceptual"]),
            delta_e=Measure.from_dict(values["delta_e"]),
            perceptual_name=values["perceptual_name"],
            mask_coverage=values["mask_coverage"],
            mask_confidence=values["mask_confidence"],
            size=(width, height),
        )


def scorecard(
    original: Any,
    candidate: Any,
    mask: Any = None,
    *,
    mask_confidence: float = 1.0,
    alexnet_weights: Weights = None,
) -> Scorecard:
    """Score a candidate against its original.

    original, candidate: NumPy (H, W, 3) uint8 or float in [0, 1], a PIL image, or a torch tensor
    (3, H, W) in [0, 1]; all sRGB. mask: the product's share of each pixel, (H, W) or (1, H, W) in
    [0, 1] or a PIL "L" image; None means the whole picture. mask_confidence is only recorded.
    alexnet_weights: see `perceptual_metric`.
    Raises ValueError when sizes differ or an array is no picture.
    """
    first, second = _picture(original), _picture(candidate)
    if first.shape != second.shape:
        raise ValueError(
            f"original is {_size_text(first)} and candidate {_size_text(second)}; "
            f"score pictures of one size"
        )
    product = None if mask is None else _mask(mask, first)
    height, width = first.shape[:2]
    first, second = _scaled(first), _scaled(second)
    product = None if product is None else np.clip(_scaled(product), 0, 1)
    weights = np.ones(first.shape[:2], np.float32) if product is None else product
    coverage = float(weights.mean())
    if coverage == 0:
        weights = np.ones_like(weights)
    alone = _product_alone(first, second, weights)
    metric = perceptual_metric(alexnet_weights)

    def measured(pair: tuple[Floats, Floats], worst: Callable[..., Any], tail: int) -> Measure:
        return _measure(*pair, weights, worst, tail, width / first.shape[1])

    return Scorecard(
        ssim=measured(_both(lambda other: ssim_map(first, other), second, alone), np.argmin, 5),
        perceptual=measured(_perceptual_pair(metric.maps, first, second, alone), np.argmax, 95),
        delta_e=measured(
            _both(lambda other: delta_e_map(first, other), second, alone), np.argmax, 95
        ),
        perceptual_name=metric.name,
        mask_coverage=coverage,
        mask_confidence=float(mask_confidence),
        size=(width, height),
    )


def _product_alone(first: Floats, second: Floats, weights: Floats) -> Floats:
    """The candidate's product in the original's surroundings, since measures look past outlines.

    The candidate itself where its surroundings are the original's anyway.
    """
    around = np.abs(second - first).max(axis=-1) * (weights == 0)
    if float(around.max()) < _INVISIBLE:
        return second
    return first + (second - first) * weights[..., None]


def _both(
    measure: Callable[[Floats], Floats], second: Floats, alone: Floats
) -> tuple[Floats, Floats]:
    whole = measure(second)
    return whole, whole if alone is second else measure(alone)


def _perceptual_pair(
    maps: Callable[..., list[Floats]], first: Floats, second: Floats, alone: Floats
) -> tuple[Floats, Floats]:
    # One batch, so that the original passes the network once.
    found = maps(first, [second] if alone is second else [second, alone])
    return found[0], found[-1]


def _measure(
    whole: Floats,
    product: Floats,
    weights: Floats,
    worst: Callable[..., Any],
    tail: int,
    scale: float,
) -> Measure:
    inside = product[weights > 0.5]
    return Measure(
        whole=float(whole.mean(dtype=np.float64)),
        product=float(np.average(product, weights=weights.astype(np.float64))),
        product_p95=float(np.percentile(inside if inside.size else product, tail)),
        worst_tile=_worst_tile(product, weights, worst, scale),
    )


def _worst_tile(values: Floats, weights: Floats, worst: Callable[..., Any], scale: float) -> Tile:
    """The worst tile among those that hold enough product, or among all if none does."""
    boxes = [
        (x, y, min(x + _TILE, values.shape[1]), min(y + _TILE, values.shape[0]))
        for y in _starts(values.shape[0])
        for x in _starts(values.shape[1])
    ]
    shares = np.array([weights[y0:y1, x0:x1].mean() for x0, y0, x1, y1 in boxes])
    held = [box for box, share in zip(boxes, shares, strict=True) if share >= _MIN_TILE_PRODUCT]
    boxes = held or [boxes[int(shares.argmax())]]
    means = [
        np.average(values[y0:y1, x0:x1], weights=weights[y0:y1, x0:x1].astype(np.float64) + 1e-9)
        for x0, y0, x1, y1 in boxes
    ]
    index = int(worst(means))
    x0, y0, x1, y1 = (round(edge * scale) for edge in boxes[index])
    return Tile(float(means[index]), (x0, y0, x1, y1))


def _starts(length: int) -> list[int]:
    """Tile starts; a last sliver belongs to a tile that ends at the picture's edge."""
    starts = list(range(0, max(length - _TILE, 0) + 1, _TILE))
    if length > _TILE and starts[-1] + _TILE < length:
        starts.append(length - _TILE)
    return starts


def _picture(image: Any) -> Floats:
    array = _array(image)
    if array.ndim == 3 and array.shape[0] == 3 and _is_tensor(image):
        array = array.transpose(1, 2, 0)
    if array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise ValueError(f"a picture is (H, W, 3), or (3, H, W) as a tensor, not {array.shape}")
    return np.ascontiguousarray(_unit_floats(array))


def _mask(mask: Any, picture: Floats) -> Floats:
    array = _unit_floats(_array(mask))
    if array.ndim == 3 and array.shape[0] == 1:
        array = array[0]
    if array.shape != picture.shape[:2]:
        raise ValueError(f"mask is {array.shape}, the picture {picture.shape[:2]}")
    return array


def _array(image: Any) -> NDArray[Any]:
    if _is_tensor(image):
        return np.asarray(image.detach().cpu())
    if hasattr(image, "getbands"):
        image = image if image.mode == "L" else image.convert("RGB")
    return np.asarray(image)


def _is_tensor(image: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(image, torch.Tensor)


def _unit_floats(array: NDArray[Any]) -> Floats:
    if array.dtype == np.uint8:
        return array.astype(np.float32) / np.float32(255)
    if array.dtype == np.bool_ or array.dtype.kind == "f":
        floats = array.astype(np.float32)
        if np.isfinite(floats).all():
            return np.clip(floats, 0, 1)
    raise ValueError(f"a picture holds uint8 or finite floats in [0, 1], not {array.dtype}")


def _scaled(array: Floats) -> Floats:
    """Down to SHORT_SIDE by area averaging, never up."""
    height, width = array.shape[:2]
    scale = SHORT_SIDE / min(height, width)
    if scale >= 1:
        return array
    import cv2

    size = (round(width * scale), round(height * scale))
    return np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA), np.float32)


def _size_text(array: Floats) -> str:
    return f"{array.shape[1]}×{array.shape[0]}"
