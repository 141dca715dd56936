"""A picture's palette as a Gaussian in CIELAB, and the linear map from one palette to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SAMPLE_SIDE: Final = 256
_MIN_PRODUCT: Final = 0.002
_NEUTRAL_MEAN: Final = np.array([60.0, 0.0, 0.0])
_NEUTRAL_DEVIATION: Final = np.array([24.0, 12.0, 12.0])
_NEUTRAL_WEIGHT: Final = 0.5
_MIN_VARIANCE: Final = 4.0
_GAIN: Final = (0.6, 1.5)


@dataclass(frozen=True, kw_only=True, eq=False)
class Palette:
    """mean (3,) and covariance (3, 3) of CIELAB, D65."""

    mean: Floats
    covariance: Floats

    @classmethod
    def ordinary(cls) -> Self:
        """An ordinary photograph's: grey on average, with room on all sides."""
        return cls(mean=_NEUTRAL_MEAN, covariance=np.diag(_NEUTRAL_DEVIATION**2))

    @classmethod
    def mean_of(cls, palettes: Sequence[Self]) -> Self:
        """The average mean and the average covariance: no reference's spread is exaggerated."""
        return cls(
            mean=np.mean([one.mean for one in palettes], axis=0),
            covariance=np.mean([one.covariance for one in palettes], axis=0),
        )

    def towards_neutral(self) -> Palette:
        """Halfway to an ordinary photograph's palette.

        Matched as it is, a plain red product would be dragged to the reference's mean colour.
        """
        keep = 1 - _NEUTRAL_WEIGHT
        neutral = np.diag(_NEUTRAL_DEVIATION**2)
        return Palette(
            mean=keep * self.mean + _NEUTRAL_WEIGHT * _NEUTRAL_MEAN,
            covariance=keep * self.covariance + _NEUTRAL_WEIGHT * neutral,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearMap:
    """Lab → matrix · (Lab − source) + target."""

    matrix: Floats
    source: Floats
    target: Floats

    def __call__(self, lab: Floats) -> Floats:
        """lab: (…, 3)."""
        mapped: Floats = (lab - self.source) @ self.matrix.T + self.target
        return mapped


def palette_of(rgb: NDArray[np.float32], weights: NDArray[np.float32] | None = None) -> Palette:
    """The palette of a picture (H, W, 3) in [0, 1], weighted by (H, W) in [0, 1]."""
    rows, columns = (_sampled(length, max(rgb.shape[:2])) for length in rgb.shape[:2])
    rgb = rgb[rows][:, columns]
    if weights is not None:
        weights = weights[rows][:, columns]
    lab = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2Lab).reshape(-1, 3)
    share = np.ones(len(lab)) if weights is None else weights.reshape(-1).astype(np.float64)
    if share.sum() <= 1:
        share = np.ones(len(lab))
    mean = np.average(lab, axis=0, weights=share)
    centred = lab - mean
    covariance = (centred * share[:, None]).T @ centred / share.sum()
    return Palette(mean=mean, covariance=covariance)


def product_weights(mask: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
    """A product mask (H, W) as weights; None where it shows next to nothing."""
    return mask if mask is not None and mask.mean() >= _MIN_PRODUCT else None


def _sampled(length: int, longest: int) -> NDArray[np.int64]:
    """Which of so many rows or columns are looked at.

    Whole pixels, since averages would mix in colours that the picture does not hold.
    """
    if longest <= _SAMPLE_SIDE:
        return np.arange(length)
    number = max(1, round(length * _SAMPLE_SIDE / longest))
    return np.arange(number) * length // number


def monge_kantorovich(content: Palette, reference: Palette) -> LinearMap:
    """The linear map of least motion between the palettes, each first drawn towards neutral.

    Its gains are held within bounds, so that a flat picture does not turn into noise, and its
    shift never carries the content past the reference.
    Source: Pitié & Kokaram 2007, eq. 8.
    """
    floor = _MIN_VARIANCE * np.eye(3)
    from_here = content.towards_neutral().covariance + floor
    to_there = reference.towards_neutral().covariance + floor
    root, inverse = _matrix_power(from_here, 0.5), _matrix_power(from_here, -0.5)
    middle = _matrix_power(root @ to_there @ root, 0.5)
    gains, axes = np.linalg.eigh(inverse @ middle @ inverse)
    matrix = (axes * np.clip(gains, *_GAIN)) @ axes.T
    return LinearMap(
        matrix=matrix, source=content.mean, target=content.mean + _shift(content, reference)
    )


def _shift(content: Palette, reference: Palette) -> Floats:
    """How far the content's mean moves, axis by axis.

    Counted from halfway to neutral, so that a red product is not dragged to another hue, and
    never further than the reference, so that a warm photo is not made warmer than its model.
    """
    whole = reference.mean - content.mean
    half = reference.mean - content.towards_neutral().mean
    shift: Floats = np.where(whole * half > 0, np.sign(whole), 0.0) * np.minimum(
        np.abs(whole), np.abs(half)
    )
    return shift


def _matrix_power(matrix: Floats, power: float) -> Floats:
    values, axes = np.linalg.eigh((matrix + matrix.T) / 2)
    powered: Floats = (axes * np.maximum(values, 1e-9) ** power) @ axes.T
    return powered
