"""The noise that strokes grow from, and where they may lie."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from shop_style.transfer._grain import GATE_RADIUS, GRAIN_CHANNELS, WAVELENGTHS, gate, grain


def test_a_window_has_the_grain_of_the_whole():
    whole = grain(200, 360)  # more than a period across
    assert whole.shape == (1, GRAIN_CHANNELS, 200, 360)
    assert torch.equal(grain(40, 50, (30, 290)), whole[:, :, 30:70, 290:340])


def test_the_gate_looks_no_farther_than_it_says():
    image = torch.rand(1, 3, 192, 256, generator=torch.Generator().manual_seed(0))
    part = gate(image[:, :, 16:80, 24:104])
    inner = GATE_RADIUS // 2
    found = part[..., inner:-inner, inner:-inner]
    assert torch.allclose(found, gate(image)[:, :, 8:40, 12:52][..., inner:-inner, inner:-inner])


@pytest.mark.parametrize("level", [0.0, 0.37, 1.0])
def test_it_is_shut_where_a_picture_is_flat(level):
    assert gate(torch.full((1, 3, 64, 64), level)).max() < 1e-3


def test_it_is_open_on_the_terraces_of_a_soft_shadow():
    # One step of 255 every twelve pixels: each terrace is wider than the cells.
    shadow = torch.floor(torch.arange(120) / 12) / 255
    picture = (0.5 + shadow).expand(1, 3, 120, 120)
    found = gate(picture)[..., 8:-8]
    assert found.min() > 0.2


def test_each_channel_is_a_band_about_its_wavelength():
    for channel, wavelength in zip(grain(256, 256)[0].numpy(), WAVELENGTHS, strict=True):
        assert abs(channel.mean()) < 1e-3 and channel.std() == pytest.approx(1, abs=1e-3)
        power = np.abs(np.fft.fft2(channel)) ** 2
        along = np.fft.fftfreq(256)
        frequency = np.hypot(along[:, None], along[None, :])
        centre = (power * frequency).sum() / power.sum()
        assert 0.5 < centre * wavelength < 2
