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


def _stepped(pixels: int) -> torch.Tensor:
    """A surface in shade, brighter by a step of 255 every so many pixels."""
    return (0.5 + torch.floor(torch.arange(120) / pixels) / 255).expand(1, 3, 120, 120)


def test_it_is_open_on_a_surface_in_shade_and_all_but_shut_on_single_terraces():
    assert gate(_stepped(2))[..., 8:-8].min() > 0.8
    # What opens there would be painted as a contour line.
    assert gate(_stepped(22))[..., 8:-8].max() < 0.2


def test_a_product_is_open_up_to_its_edge_and_the_ground_beside_it_is_shut():
    picture = torch.ones(1, 3, 96, 96)
    noise = torch.rand(3, 48, 48, generator=torch.Generator().manual_seed(0))
    picture[..., 24:72, 24:72] = 0.2 + 0.3 * noise
    found = gate(picture)
    assert found[..., 12:36, 12:36].min() > 0.5 and found[..., 13:35, 13:35].min() > 0.9
    found[..., 9:39, 9:39] = 0  # six pixels of the picture beyond the edge
    assert found.max() < 0.01


def test_each_channel_is_a_band_about_its_wavelength():
    for channel, wavelength in zip(grain(256, 256)[0].numpy(), WAVELENGTHS, strict=True):
        assert abs(channel.mean()) < 1e-3 and channel.std() == pytest.approx(1, abs=1e-3)
        power = np.abs(np.fft.fft2(channel)) ** 2
        along = np.fft.fftfreq(256)
        frequency = np.hypot(along[:, None], along[None, :])
        centre = (power * frequency).sum() / power.sum()
        assert 0.5 < centre * wavelength < 2
