"""The layers of our style network, and one walk through them for training and for rendering.

A picture is worked on at a half and a quarter of its size; only the last step touches full
resolution, and it adds a change to the picture instead of painting it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from shop_style.transfer._grain import GRAIN_CHANNELS, grain
from shop_style.transfer._padding import Padder, replicated
from shop_style.transfer._phase import (
    enlarging_kernel,
    phases_apart,
    phases_together,
    unshuffled_kernel,
)
from shop_style.transfer.statistics import LayerMoments, Recorder
from shop_style.transfer.style_code import BLOCKS, HALF_CHANNELS, NORMS, QUARTER_CHANNELS

PIXEL_CHANNELS: Final = 12

STRIDE: Final = 4
"""Pictures are cut into tiles at multiples of this."""

RECEPTIVE_RADIUS: Final = 56
"""No output pixel depends on an input pixel farther away than this (rows or columns)."""

# name: channels in, channels out. Enlarging layers hold the kernel over the enlarged map.
LAYERS: Final = {
    "enter": (PIXEL_CHANNELS + GRAIN_CHANNELS, HALF_CHANNELS),
    "descend": (HALF_CHANNELS, QUARTER_CHANNELS),
    **{
        f"{block}_{part}": (QUARTER_CHANNELS, QUARTER_CHANNELS)
        for block in BLOCKS
        for part in ("in", "out")
    },
    "enlarge": (QUARTER_CHANNELS, HALF_CHANNELS),
    "refine": (HALF_CHANNELS, HALF_CHANNELS),
}
ENCODER: Final = ("enter", "descend")
ENLARGING: Final = ("enlarge",)

Maps = list[Tensor]
"""Feature maps of one or more pictures, whose sizes may differ."""

Layer = Callable[[str, Maps], Maps]
"""Applies a layer by name: its convolution and whatever normalisation belongs to it."""


class Entered(NamedTuple):
    """What the network reads of pictures (N, 3, H, W), at half their size.

    maps: (N, PIXEL_CHANNELS + GRAIN_CHANNELS, H/2, W/2), the pixels about zero and the grain.
    gate: (N, 1, H/2, W/2), where strokes may lie.
    """

    maps: Tensor
    gate: Tensor

    @property
    def pixels(self) -> Tensor:
        """The pixels alone, a view."""
        return self.maps[:, :PIXEL_CHANNELS]


def entering(
    image: Tensor, opened: Tensor, dtype: torch.dtype, origin: tuple[int, int] = (0, 0)
) -> Entered:
    """Toned pictures (N, 3, H, W) as the network reads them.

    opened: (N, 1, H/2, W/2), where strokes may lie. origin: row and column of the first pixel in
    the whole picture, multiples of 2.
    """
    pixels = phases_apart(image - 0.5, 2, dtype)
    number, _, height, width = pixels.shape
    noise = grain(height, width, (origin[0] // 2, origin[1] // 2)).to(pixels)
    maps = torch.cat([pixels, noise.expand(number, -1, -1, -1)], 1)
    return Entered(maps.contiguous(memory_format=torch.channels_last), opened.to(dtype))


def half_features(layer: Layer, entered: Sequence[Entered]) -> Maps:
    """Everything below full resolution: (N, HALF_CHANNELS, H/2, W/2) each, gated.

    Half the height and width must be even. What a layer returns is overwritten.
    """
    half = _relu(layer("enter", [item.maps for item in entered]))
    quarter = _relu(layer("descend", half))
    for block in BLOCKS:
        quarter = _sum(quarter, layer(f"{block}_out", _relu(layer(f"{block}_in", quarter))))
    refined = _relu(layer("refine", _relu(_sum(half, layer("enlarge", quarter)))))
    return [item * own.gate for item, own in zip(refined, entered, strict=True)]


# In place, since a fresh map costs more in page faults than what is computed on it.
def _relu(maps: Maps) -> Maps:
    return [functional.relu(item, inplace=True) for item in maps]


def _sum(first: Maps, second: Maps) -> Maps:
    return [b.add_(a) for a, b in zip(first, second, strict=True)]


def convolved(
    name: str, features: Tensor, kernel: Tensor, bias: Tensor | None, pad: Padder = replicated
) -> Tensor:
    """A layer's convolution with replicated borders; kernel as `working_kernel` gives it."""
    made = functional.conv2d(pad([features]), kernel, bias, stride=2 if name == "descend" else 1)
    return phases_together(made) if name in ENLARGING else made


def working_kernel(name: str, kernel: Tensor) -> Tensor:
    """The kernel that runs: enlarging layers are folded onto the small map."""
    return enlarging_kernel(kernel) if name in ENLARGING else kernel


def head_kernel(head: Tensor) -> Tensor:
    """(3, HALF_CHANNELS + 3, 3, 3) → (12, HALF_CHANNELS + 12, 3, 3), over half-size maps."""
    return torch.cat(
        [enlarging_kernel(head[:, :HALF_CHANNELS]), unshuffled_kernel(head[:, HALF_CHANNELS:])], 1
    )


def head_change(
    half: Tensor, pixels: Tensor, kernel: Tensor, bias: Tensor, pad: Padder = replicated
) -> Tensor:
    """The last convolution, (N, 3, H, W) float32; it sees features and the picture's pixels."""
    made = functional.conv2d(pad([half, pixels]), kernel, bias.repeat_interleave(4))
    return phases_together(made).float()


class StyleNetwork(nn.Module):
    """Shared weights of all styles, without norms: the encoder's are folded in at export."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleDict(
            {name: nn.Conv2d(i, o, 3, bias=name in ENCODER) for name, (i, o) in LAYERS.items()}
        )
        for convolution in self.layers.values():
            assert isinstance(convolution, nn.Conv2d)
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
            if convolution.bias is not None:
                nn.init.zeros_(convolution.bias)

    def kernel(self, name: str) -> Tensor:
        """The weight of a layer as it runs."""
        convolution = self.layers[name]
        assert isinstance(convolution, nn.Conv2d)
        return working_kernel(name, convolution.weight)

    def bias(self, name: str) -> Tensor | None:
        """The bias of an encoder layer; normalised layers have none."""
        convolution = self.layers[name]
        assert isinstance(convolution, nn.Conv2d)
        return convolution.bias


def split_by_norm(values: Tensor) -> dict[str, Tensor]:
    """(…, NORM_CHANNELS) cut into the layers' parts, by name."""
    return dict(zip(NORMS, torch.split(values, list(NORMS.values()), -1), strict=True))


def pooling_layer(
    kernels: Mapping[str, tuple[Tensor, Tensor | None]],
    scale: Tensor,
    shift: Tensor,
    recorder: Recorder,
    pad: Padder,
) -> Layer:
    """A layer that normalises with what it pools over the pictures at hand, as it goes.

    So each layer is measured on maps normalised just as the frozen network will meet them.
    kernels: working kernel and bias by layer. scale, shift: (NORM_CHANNELS,).
    """
    scales, shifts = split_by_norm(scale), split_by_norm(shift)

    def layer(name: str, maps: Maps) -> Maps:
        kernel, bias = kernels[name]
        made = [convolved(name, item, kernel, bias, pad) for item in maps]
        if name not in NORMS:
            return made
        mean, deviation = recorder.pooled(name, made)
        factor = scales[name].view(1, -1, 1, 1) / deviation
        offset = shifts[name].view(1, -1, 1, 1) - factor * mean
        return [torch.addcmul(offset.to(item.dtype), item, factor.to(item.dtype)) for item in made]

    return layer


def frozen_layer(
    kernels: Mapping[str, tuple[Tensor, Tensor | None]],
    scale: Tensor,
    shift: Tensor,
    statistics: LayerMoments,
    pad: Padder,
) -> Layer:
    """A layer whose normalisation is folded into its kernel and bias."""
    scales, shifts = split_by_norm(scale), split_by_norm(shift)
    folded = dict(kernels)
    for name in NORMS:
        kernel, _ = kernels[name]
        mean, deviation = (item.flatten() for item in statistics[name])
        factor = scales[name] / deviation
        offset = shifts[name] - factor * mean
        repeats = 4 if name in ENLARGING else 1
        scaled = kernel.float() * factor.repeat_interleave(repeats).view(-1, 1, 1, 1)
        folded[name] = (
            scaled.to(kernel.dtype).contiguous(memory_format=torch.channels_last),
            offset.repeat_interleave(repeats).to(kernel.dtype),
        )

    def layer(name: str, maps: Maps) -> Maps:
        return [convolved(name, item, *folded[name], pad) for item in maps]

    return layer
