"""The grain that strokes grow from: fixed noise, and where on a photo strokes may lie.

A convolution cannot paint on a surface without a mark: all it sees is one colour. Texture networks
are therefore fed noise (Ulyanov et al., "Texture Networks", ICML 2016). Ours is the same for every
picture and follows absolute places, so that tiles agree with the whole. Strokes lie where the photo
varies, however little; how far they lie on flat ground too is said by the canvas (`_toning.py`).
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
_ENDS: Final = (slice(None, -2), slice(2, None))
_HALF_OPEN: Final = 0.002
"""Deviation of grey, of 1, at which the gate is half open: half a step of an 8-bit picture."""


def grain(height: int, width: int, origin: tuple[int, int] = (0, 0)) -> Tensor:
    """Noise (1, GRAIN_CHANNELS, height, width), float32, of mean 0 and variance 1 a channel.

    origin: row and column of its first place in the whole half-size map.
    """
    rows = (torch.arange(height) + origin[0]) % _PERIOD
    columns = (torch.arange(width) + origin[1]) % _PERIOD
    return _noise()[:, rows][:, :, columns][None]


def gate(image: Tensor) -> Tensor:
    """(N, 1, H/2, W/2), float32: 0 where a picture is flat, towards 1 where it varies by steps.

    image: (N, 3, H, W), H and W multiples of 4. It is taken over cells of 4 × 4 pixels:
    the soft shadows of an 8-bit photo are terraces, each of them flat, and strokes that followed
    their steps would draw contour lines. Of the four windows of three by three cells that have a
    place in a corner the one that varies least counts, so that the ground beside an edge is
    flat and a product is open up to it (the windows are those of Kuwahara et al., "Processing of
    RI-Angiocardiographic Images", 1976).
    """
    # In float64: the variance is a small difference of large numbers.
    grey = functional.avg_pool2d(image, 4).mean(1, keepdim=True).double()
    grey = functional.pad(grey, (2, 2, 2, 2), mode="replicate")
    mean = functional.avg_pool2d(grey, 3, 1)
    variance = functional.avg_pool2d(grey.square(), 3, 1) - mean.square()
    corners = (variance[..., rows, columns] for rows in _ENDS for columns in _ENDS)
    least = torch.stack(list(corners)).amin(0)
    least = least.clamp_min(0).float()
    opened = least / (least + _HALF_OPEN**2)
    return functional.interpolate(opened, scale_factor=2, mode="bilinear")


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
