"""The grain that strokes grow from: fixed noise, and where on a photo strokes may lie.

A convolution cannot paint on a surface without a mark: all it sees is one colour. Texture networks
are therefore fed noise (Ulyanov et al., "Texture Networks", ICML 2016). Ours is the same for every
picture and follows absolute places, so that tiles agree with the whole. Strokes lie only where the
photo varies, however little: flat white stays flat.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

WAVELENGTHS: Final = (3.0, 6.0, 12.0, 24.0)
"""Of the channels, in pixels of the half-size map: 6 to 48 pixels of the picture."""

GRAIN_CHANNELS: Final = len(WAVELENGTHS)
GATE_RADIUS: Final = 16
"""How far the gate looks, in pixels of the picture."""

_PERIOD: Final = 256
_HALF_OPEN: Final = 0.001
"""Deviation of grey, of 1, at which the gate is half open: a quarter of a step of an 8-bit picture,
spread over the cells it is taken of."""


def grain(height: int, width: int, origin: tuple[int, int] = (0, 0)) -> Tensor:
    """Noise (1, GRAIN_CHANNELS, height, width), float32, of mean 0 and variance 1 a channel.

    origin: row and column of its first place in the whole half-size map.
    """
    rows = (torch.arange(height) + origin[0]) % _PERIOD
    columns = (torch.arange(width) + origin[1]) % _PERIOD
    return _noise()[:, rows][:, :, columns][None]


def gate(image: Tensor) -> Tensor:
    """(N, 1, H/2, W/2), float32: 0 where a picture is flat, towards 1 where it varies by a step.

    image: (N, 3, H, W) in [0, 1], H and W multiples of 4. It is taken over cells of 4 × 4 pixels:
    the soft shadows of an 8-bit photo are terraces, each of them flat, and strokes that followed
    their steps would draw contour lines.
    """
    grey = functional.avg_pool2d(image, 4).mean(1, keepdim=True)
    apart = (grey - _box(grey)).square()
    deviation = _box(apart).sqrt()
    opened = deviation / (deviation + _HALF_OPEN)
    return functional.interpolate(opened, scale_factor=2, mode="bilinear")


def _box(maps: Tensor) -> Tensor:
    return functional.avg_pool2d(functional.pad(maps, (1, 1, 1, 1), mode="replicate"), 3, 1)


@cache
def _noise() -> Tensor:
    """(GRAIN_CHANNELS, _PERIOD, _PERIOD), periodic: white noise in a band an octave wide about
    each wavelength."""
    rng = np.random.default_rng(0)
    along = np.fft.fftfreq(_PERIOD)
    frequency = np.hypot(along[:, None], along[None, :])
    channels = []
    for wavelength in WAVELENGTHS:
        octaves = np.log2(np.maximum(frequency, 1e-6) * wavelength)
        waves = np.fft.fft2(rng.standard_normal((_PERIOD, _PERIOD))) * np.exp(-2 * octaves**2)
        made = np.fft.ifft2(waves).real
        channels.append((made - made.mean()) / made.std())
    return torch.from_numpy(np.stack(channels).astype(np.float32))
