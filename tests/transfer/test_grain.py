"""The noise that strokes grow from."""

from __future__ import annotations

import numpy as np
import torch

from shop_style.transfer._grain import GATE_RADIUS, GRAIN_CHANNELS, WAVELENGTHS, grain_for
from shop_style.transfer._phase import phases_apart


def _pixels(height: int, width: int) -> torch.Tensor:
    image = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    return phases_apart(image - 0.5, 2, torch.float32)


def test_a_window_has_the_grain_of_the_whole():
    pixels = _pixels(400, 720)  # 200 × 360 cells: more than a period across
    whole = grain_for(pixels)
    top, left, inner = 30, 290, GATE_RADIUS
    window = grain_for(pixels[:, :, top : top + 40, left : left + 50], (top, left))
    assert whole.shape == (1, GRAIN_CHANNELS, 200, 360)
    expected = whole[:, :, top : top + 40, left : left + 50]
    # At the window's border the gate lacks the pixels beyond it: that is what overlap is for.
    assert torch.equal(
        window[..., inner:-inner, inner:-inner], expected[..., inner:-inner, inner:-inner]
    )


def test_nothing_comes_in_where_a_picture_is_flat():
    for level in (0.0, 0.37, 1.0):
        flat = phases_apart(torch.full((1, 3, 64, 64), level - 0.5), 2, torch.float32)
        assert grain_for(flat).abs().max() < 1e-3
    faint = torch.full((1, 3, 64, 64), 0.3)
    faint[..., ::3] += 1 / 255
    assert grain_for(phases_apart(faint, 2, torch.float32)).std() > 0.2


def test_each_channel_is_a_band_about_its_wavelength():
    grain = grain_for(_pixels(512, 512))[0].numpy()
    for channel, wavelength in zip(grain, WAVELENGTHS, strict=True):
        assert abs(channel.mean()) < 0.05 and 0.9 < channel.std() < 1.0
        power = np.abs(np.fft.fft2(channel)) ** 2
        along = np.abs(np.fft.fftfreq(256))
        frequency = np.hypot(along[:, None], along[None, :])
        centre = (power * frequency).sum() / power.sum()
        assert 0.5 < centre * wavelength < 2
