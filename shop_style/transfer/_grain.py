"""The grain that strokes grow from: fixed noise, let in where a photo has any detail of its own.

A convolution cannot paint on a surface without a mark: all it sees is one colour. Texture networks
are therefore fed noise (Ulyanov et al., "Texture Networks", ICML 2016). Ours is the same for every
picture and follows absolute places, so that tiles agree with the whole, and it is shut out where
nothing varies: flat white stays flat white.
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
GATE_RADIUS: Final = 2
"""How far the gate looks, in pixels of the half-size map."""

_PERIOD: Final = 256
_OPEN: Final = 0.002
"""Deviation of luma, of 1, at which the gate is half open: half a step of an 8-bit picture."""


def grain_for(pixels: Tensor, origin: tuple[int, int] = (0, 0)) -> Tensor:
    """Grain (N, GRAIN_CHANNELS, h, w), float32, for a picture's half-size map.

    pixels: (N, 12, h, w) float32 as `pixel_unshuffle` gives it. origin: row and column of its
    first pixel in the whole half-size map.
    """
    height, width = pixels.shape[-2:]
    rows = (torch.arange(height) + origin[0]) % _PERIOD
    columns = (torch.arange(width) + origin[1]) % _PERIOD
    noise = _noise().to(pixels.device)[:, rows.to(pixels.device)][:, :, columns.to(pixels.device)]
    return noise[None] * _gate(pixels)


def _gate(pixels: Tensor) -> Tensor:
    """(N, 1, h, w): 0 where luma is flat, towards 1 where it varies by a step or more."""
    luma = pixels.mean(1, keepdim=True)
    apart = (luma - _box(luma)).square()
    deviation = _box(apart).sqrt()
    return deviation / (deviation + _OPEN)


def _box(maps: Tensor) -> Tensor:
    return functional.avg_pool2d(functional.pad(maps, (1, 1, 1, 1), mode="replicate"), 3, 1)


@cache
def _noise() -> Tensor:
    """(GRAIN_CHANNELS, _PERIOD, _PERIOD), periodic, of mean 0 and variance 1 a channel: white
    noise in a band an octave wide about each wavelength."""
    rng = np.random.default_rng(0)
    along = np.fft.fftfreq(_PERIOD)
    frequency = np.hypot(along[:, None], along[None, :])
    channels = []
    for wavelength in WAVELENGTHS:
        octaves = np.log2(np.maximum(frequency, 1e-6) * wavelength)
        band = np.exp(-2 * octaves**2)
        waves = np.fft.fft2(rng.standard_normal((_PERIOD, _PERIOD))) * band
        made = np.fft.ifft2(waves).real
        channels.append((made - made.mean()) / made.std())
    return torch.from_numpy(np.stack(channels).astype(np.float32))
