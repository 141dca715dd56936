"""Resize-convolutions computed before the resize."""

from __future__ import annotations

import torch
from torch.nn import functional

from shop_style.transfer._phase import (
    enlarging_kernel,
    phases_apart,
    phases_together,
    unshuffled_kernel,
)


def _replicated(image, kernel):
    return functional.conv2d(functional.pad(image, (1, 1, 1, 1), mode="replicate"), kernel)


def test_an_enlarging_kernel_equals_enlarging_and_then_convolving():
    torch.manual_seed(0)
    small, kernel = torch.rand(2, 5, 7, 6), torch.randn(3, 5, 3, 3)
    enlarged = functional.interpolate(small, scale_factor=2, mode="nearest")
    expected = _replicated(enlarged, kernel)
    found = phases_together(_replicated(small, enlarging_kernel(kernel)))
    # Float32 sums of 45 products in another order.
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_an_unshuffled_kernel_equals_convolving_at_full_size_away_from_the_border():
    torch.manual_seed(1)
    image, kernel = torch.rand(1, 3, 12, 16), torch.randn(4, 3, 3, 3)
    expected = _replicated(image, kernel)
    apart = phases_apart(image, 2, torch.float32)
    found = phases_together(_replicated(apart, unshuffled_kernel(kernel)))
    inside = (..., slice(1, -1), slice(1, -1))
    torch.testing.assert_close(found[inside], expected[inside], atol=1e-5, rtol=1e-5)


def test_phases_apart_and_together_are_the_shuffles_of_torch():
    torch.manual_seed(2)
    image = torch.rand(2, 3, 8, 12)
    apart = phases_apart(image, 2, torch.float32)
    assert torch.equal(apart, functional.pixel_unshuffle(image, 2))
    assert torch.equal(phases_together(apart), image)
