"""The style network as it is trained: batch norm in the encoder, a table of styles after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from shop_style.transfer._style_network import (
    ENCODER,
    LAYERS,
    Maps,
    StyleNetwork,
    convolved,
    entering,
    half_features,
    head_change,
    head_kernel,
    split_by_norm,
)
from shop_style.transfer._toning import canvases
from shop_style.transfer.statistics import moments
from shop_style.transfer.style_code import (
    HEAD_INPUTS,
    NORM_CHANNELS,
    NORMS,
    StyleCode,
)

HEAD_START = 0.02


class StyleTable(nn.Module):
    """Conditional parameters of `count` styles, one row each; all start alike."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(count, 2, NORM_CHANNELS))
        self.shift = nn.Parameter(torch.zeros(count, 2, NORM_CHANNELS))
        self.head = nn.Parameter(torch.zeros(count, 3, HEAD_INPUTS, 3, 3))
        self.head_bias = nn.Parameter(torch.zeros(count, 3))
        # What all styles have in common is learned by all of them; a row holds the difference.
        self.common_head = nn.Parameter(HEAD_START * torch.randn(3, HEAD_INPUTS, 3, 3))
        self.colours: Tensor
        # Of the references, never of a checkpoint: these are not learned.
        self.register_buffer("colours", torch.zeros(count, 3, 4), persistent=False)
        with torch.no_grad():
            self.scale[:, 0] = 1.0

    def at(self, index: Tensor, strength: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift (N, NORM_CHANNELS) of styles (N,) at strengths (N,)."""
        below = (1.0 - strength)[:, None]
        scale = self.scale[index, 0] + below * self.scale[index, 1]
        shift = self.shift[index, 0] + below * self.shift[index, 1]
        return scale, shift

    def code(self, row: int) -> StyleCode:
        """One style, detached."""
        return StyleCode(
            scale=self.scale[row].detach().clone(),
            shift=self.shift[row].detach().clone(),
            head=(self.common_head + self.head[row]).detach().clone(),
            head_bias=self.head_bias[row].detach().clone(),
            colours=self.colours[row].detach().clone(),
        )

    def fill(self, row: int, code: StyleCode) -> None:
        """Start a row from a known style."""
        with torch.no_grad():
            for name in ("scale", "shift", "head_bias"):
                getattr(self, name)[row].copy_(getattr(code, name))
            self.head[row].copy_(code.head - self.common_head)
            self.colours[row].copy_(code.colours)


@dataclass(frozen=True, kw_only=True, eq=False)
class Conditions:
    """How the pictures of a batch are painted: styles' rows `index` and strengths, (N,) each.

    origin: where the grain begins. keep_ground: does white stay light and flat?
    """

    index: Tensor
    strength: Tensor
    origin: tuple[int, int] = (0, 0)
    keep_ground: bool = False


class Painted(NamedTuple):
    """Pictures (N, 3, H, W), not clamped: in their styles' colours, and with strokes on them."""

    toned: Tensor
    styled: Tensor


class TrainableNetwork(nn.Module):
    """`out = x + s·Δ(x, style, s)`, normalised by each picture's own statistics."""

    def __init__(self, styles: int, *, encoder_norms: bool = True) -> None:
        """encoder_norms: False for a network whose encoder norms are folded in already."""
        super().__init__()
        self.network = StyleNetwork()
        self.table = StyleTable(styles)
        self.norms = nn.ModuleDict(
            {name: nn.BatchNorm2d(LAYERS[name][1], momentum=0.02) for name in ENCODER}
            if encoder_norms
            else {}
        )
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, image: Tensor, conditions: Conditions) -> Painted:
        """Photos (N, 3, H, W) float32 in [0, 1], H and W multiples of 8, painted.

        Runs in whatever autocast is on; sums are float32.
        """
        index, strength = conditions.index, conditions.strength
        toned, opened = canvases(
            image, self.table.colours[index], strength, keep_ground=conditions.keep_ground
        )
        strokes = self._strokes(toned, opened, conditions)
        return Painted(toned, toned + strength.view(-1, 1, 1, 1) * strokes)

    def _strokes(self, toned: Tensor, opened: Tensor, conditions: Conditions) -> Tensor:
        """What a unit of strength adds to toned pictures, (N, 3, H, W) float32."""
        index = conditions.index
        scale, shift = self.table.at(index, conditions.strength)
        scales, shifts = split_by_norm(scale), split_by_norm(shift)

        def layer(name: str, maps: Maps) -> Maps:
            made = convolved(name, maps[0], self.network.kernel(name), self.network.bias(name))
            if name not in NORMS:
                return [self.norms[name](made)] if name in self.norms else [made]
            mean, deviation = moments(made)
            factor = scales[name][..., None, None] / deviation
            offset = shifts[name][..., None, None] - factor * mean
            return [made * factor.to(made.dtype) + offset.to(made.dtype)]

        dtype = (
            torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else torch.float32
        )
        entered = entering(toned, opened, dtype, conditions.origin)
        half = half_features(layer, [entered])[0]
        # Each style has a last convolution of its own: they run one after the other.
        parts = [
            head_change(
                half[i : i + 1],
                entered.pixels[i : i + 1],
                head_kernel(self.table.common_head + self.table.head[row]),
                self.table.head_bias[row],
            )
            for i, row in enumerate(index.tolist())
        ]
        return torch.cat(parts)
