"""Grain: how strong it is, told from the quietest blocks, and how it is taken out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shop_style.imaging.restoration.blocks import (
    EVERY_SECOND,
    ORDER,
    QUINCUNX,
    SIDE,
    coefficients,
    from_opponent,
    opponent,
    thresholded,
    whole_blocks,
)

Floats = NDArray[np.float32]

LEAST_SIGMA: Final = 2.0
"""Grain below this is left alone, in levels of 255: it is not seen, and fine cloth looks alike."""

_MIN_BLOCKS: Final = 64
_QUIET: Final = 0.1
_CLIPPED_SHARES: Final = (0.0, 0.1, 0.3)
_FINE: Final = ORDER >= 9
_MIDDLE: Final = (ORDER >= 5) & (ORDER <= 7)
_WHITEST_TEXTURE: Final = 1.35
_MOST_COLOURLESS: Final = 5.0
_THRESHOLD: Final = 2.5


@dataclass(frozen=True)
class NoiseLevel:
    """Deviation of the grain in levels of 255: of lightness, red–blue and green–purple."""

    lightness: float = 0.0
    red_blue: float = 0.0
    green_purple: float = 0.0

    @classmethod
    def uniform(cls, sigma: float) -> NoiseLevel:
        """The same in every channel, and independent between them."""
        return cls(sigma, sigma, sigma)

    @property
    def sigmas(self) -> tuple[float, float, float]:
        """All three."""
        return self.lightness, self.red_blue, self.green_purple

    @property
    def worst(self) -> float:
        """The strongest of the three."""
        return max(self.sigmas)

    @property
    def visible(self) -> bool:
        """Is it worth taking out?"""
        return self.worst >= LEAST_SIGMA


def estimate_noise(rgb: Floats, weights: Floats | None = None) -> NoiseLevel:
    """The grain of a picture (H, W, 3) in [0, 1]. weights: (H, W), where the product is.

    From the fine frequencies of the quietest tenth of the blocks that are not clipped. Where those
    blocks hold much more at middle frequencies they are cloth, not grain, or as well: then the
    grain of the colours counts for lightness too. Without any colour it is cloth.
    """
    levels = whole_blocks(rgb) * np.float32(255)
    usable = _usable(levels)
    if weights is not None:
        usable &= ~_laid_under(levels, whole_blocks(weights))
    if usable.sum() < _MIN_BLOCKS:
        return NoiseLevel()
    planes = opponent(levels)
    found = [_sigma(planes[..., channel], usable) for channel in range(3)]
    colours = [sigma if white else 0.0 for sigma, white in found[1:]]
    lightness, white = found[0]
    # Grain without any colour is more often cloth, and cloth must stay.
    most = max(colours) * (_MOST_COLOURLESS if white else 1)
    return NoiseLevel(min(lightness, most), *colours)


def denoise(
    rgb: Floats,
    level: NoiseLevel,
    *,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Floats:
    """A picture (H, W, 3) in [0, 1] without grain of this level; the picture itself at none.

    Edges and print keep their place: what stands out of the grain in any block is kept whole.
    """
    planes = opponent(rgb)
    sigmas = [sigma if sigma > 0 else 0.0 for sigma in level.sigmas]
    total = sum(len(_offsets(channel)) for channel, sigma in enumerate(sigmas) if sigma)
    if not total:
        return rgb
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        report(done, total)

    for channel, sigma in enumerate(sigmas):
        if sigma:
            plane = np.ascontiguousarray(planes[..., channel])
            limit = _THRESHOLD * sigma / 255
            planes[..., channel] = thresholded(plane, limit, _offsets(channel), step=step)
    return _unclipped(from_opponent(planes), level)


def _unclipped(rgb: Floats, level: NoiseLevel) -> Floats:
    """Undo what clipping did: grain on white could only darken it, so its mean is not white.

    Source: Foi, "Clipped noisy images: Heteroskedastic modeling and practical denoising", Signal
    Processing 89(12), 2009, §4.
    """
    from scipy.stats import norm

    sigma = float(np.sqrt(np.mean(np.square(level.sigmas)))) / 255
    true = np.linspace(0, 4 * sigma, 64)
    # The mean of max(0, true + grain); at the white end it is the same seen from there.
    seen = true * norm.cdf(true / sigma) + sigma * norm.pdf(true / sigma)
    low = np.interp(rgb, seen, true).astype(np.float32)
    high = 1 - np.interp(1 - rgb, seen, true).astype(np.float32)
    return np.where(rgb < seen[-1], low, np.where(rgb > 1 - seen[-1], high, rgb)).clip(0, 1)


def _offsets(channel: int) -> tuple[tuple[int, int], ...]:
    return QUINCUNX if channel else EVERY_SECOND


def _usable(levels: Floats) -> NDArray[np.bool_]:
    """Which blocks show their grain whole: clipped ones have lost half of it."""
    clipped = np.any((levels <= 0.5) | (levels >= 254.5), axis=-1)
    share = _in_blocks(np.asarray(clipped)).mean(axis=(1, 3))
    usable = share <= _CLIPPED_SHARES[0]
    for limit in _CLIPPED_SHARES[1:]:
        if usable.sum() >= _MIN_BLOCKS:
            break
        usable = share <= limit
    return np.asarray(usable, np.bool_)


def _laid_under(levels: Floats, weights: Floats) -> NDArray[np.bool_]:
    """Blocks of one single colour outside the product: no camera made them."""
    blocks = _in_blocks(levels)
    same = np.all(blocks == blocks[:, :1, :, :1], axis=(1, 3, 4))
    return np.asarray(same & (_in_blocks(weights).max(axis=(1, 3)) < 0.5), np.bool_)


def _in_blocks(pixels: NDArray[Any]) -> NDArray[Any]:
    """(H, W, …) as (rows of blocks, 8, columns of blocks, 8, …)."""
    height, width, *rest = pixels.shape
    return pixels.reshape(height // SIDE, SIDE, width // SIDE, SIDE, *rest)


def _sigma(plane: Floats, usable: NDArray[np.bool_]) -> tuple[float, bool]:
    """Deviation of the quietest blocks, and are they as quiet at middle frequencies?"""
    blocks = coefficients(np.ascontiguousarray(plane)).transpose(0, 2, 1, 3)[usable]
    fine = np.square(blocks[:, _FINE]).mean(axis=1)
    quiet = fine <= np.quantile(fine, 2 * _QUIET)
    sigma = float(np.sqrt(np.quantile(fine, _QUIET) / _shrinkage(int(_FINE.sum()))))
    middle = float(np.sqrt(np.median(np.square(blocks[quiet][:, _MIDDLE]).mean(axis=1))))
    return sigma, middle <= _WHITEST_TEXTURE * sigma


@cache
def _shrinkage(freedom: int) -> float:
    """The lower quantile of a mean of so many squares of unit deviation."""
    from scipy.stats import chi2

    return float(chi2.ppf(_QUIET, freedom) / freedom)
