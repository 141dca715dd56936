"""Borders for convolutions: maps joined and their outermost rows and columns repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

Padder = Callable[[Sequence[Tensor]], Tensor]
"""Joins maps (N, C, H, W) along C and repeats their borders once: (N, ΣC, H + 2, W + 2)."""


def replicated(parts: Sequence[Tensor]) -> Tensor:
    """A Padder that gradients pass."""
    joined = torch.cat(list(parts), 1) if len(parts) > 1 else parts[0]
    return functional.pad(joined, (1, 1, 1, 1), mode="replicate")


class Scratch:
    """A Padder for inference that keeps one buffer a shape: each call may undo an earlier one's."""

    def __init__(self) -> None:
        self._buffers: dict[tuple[object, ...], Tensor] = {}

    def __call__(self, parts: Sequence[Tensor]) -> Tensor:
        number, _, height, width = parts[0].shape
        channels = sum(part.shape[1] for part in parts)
        key = (number, channels, height, width)
        if key not in self._buffers:
            self._buffers[key] = torch.empty(
                (number, channels, height + 2, width + 2),
                dtype=parts[0].dtype,
                device=parts[0].device,
                memory_format=torch.channels_last,
            )
        buffer = self._buffers[key]
        first = 0
        for part in parts:
            last = first + part.shape[1]
            buffer[:, first:last, 1:-1, 1:-1] = part
            first = last
        buffer[:, :, 0, 1:-1] = buffer[:, :, 1, 1:-1]
        buffer[:, :, -1, 1:-1] = buffer[:, :, -2, 1:-1]
        buffer[..., 0] = buffer[..., 1]
        buffer[..., -1] = buffer[..., -2]
        return buffer
