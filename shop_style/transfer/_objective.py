"""What an optimised picture is asked to be: the reference's strokes on the product's shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from shop_style.transfer.parameters import OptimiseParameters
from shop_style.transfer.trunk import Trunk

# ITU-R BT.601, on gamma-coded sRGB, as YCbCr has it.
LUMA = (0.299, 0.587, 0.114)
CONTENT_TAP = "relu3_3"
# Cells on the short side: coarse enough to let black strokes lie on white inside one.
LUMA_CELLS = 8


def luma(picture: Tensor) -> Tensor:
    """(N, 3, H, W) → (N, 1, H, W), BT.601."""
    weights = torch.tensor(LUMA, dtype=picture.dtype, device=picture.device)
    return (picture * weights.view(1, 3, 1, 1)).sum(1, keepdim=True)


def greyed(picture: Tensor, share: float) -> Tensor:
    """The picture with `share` of its colour taken out; (N, 3, H, W)."""
    if share == 0:
        return picture
    return torch.lerp(picture, luma(picture).expand_as(picture), share)


def reference_grams(
    trunk: Trunk, references: list[Tensor], keep_colour: float
) -> dict[str, Tensor]:
    """Gram matrices a tap (1, C, C), averaged over references, each (1, 3, H, W)."""
    with torch.no_grad():
        each = [
            {
                name: trunk.gram(features)
                for name, features in trunk.taps(greyed(reference, keep_colour)).items()
            }
            for reference in references
        ]
    return {name: torch.stack([grams[name] for grams in each]).mean(0) for name in each[0]}


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The loss of one step by term, each a scalar, before its weight."""

    style: Tensor
    content: Tensor
    light: Tensor
    variation: Tensor
    range: Tensor

    def total(self, parameters: OptimiseParameters) -> Tensor:
        """The number that is made small."""
        return (
            parameters.style_weight * self.style
            + parameters.content_weight * self.content
            + parameters.light_weight * self.light
            + parameters.variation_weight * self.variation
            + 10.0 * self.range
        )


class Objective:
    """The losses of one scale, against one content picture."""

    def __init__(
        self,
        trunk: Trunk,
        grams: Mapping[str, Tensor],
        content: Tensor,
        parameters: OptimiseParameters,
        mask: Tensor | None = None,
    ) -> None:
        """content: (1, 3, H, W) in [0, 1]. mask: (1, 1, H, W) weight of places in the picture's
        own Gram matrices, or None."""
        self.trunk = trunk
        self.grams = grams
        self.content = content
        self.parameters = parameters
        with torch.no_grad():
            taps = trunk.taps(greyed(content, parameters.keep_colour))
            self.content_features = taps[CONTENT_TAP].float()
            self.content_energy = self.content_features.square().mean().clamp_min(1e-8)
            self.places = {
                name: None
                if mask is None
                else functional.interpolate(mask, size=tap.shape[-2:], mode="area")
                for name, tap in taps.items()
            }
            self.cell = max(1, min(content.shape[-2:]) // LUMA_CELLS)
            self.light = self._light(content)

    def terms(self, picture: Tensor) -> Terms:
        """Losses of the picture (1, 3, H, W), all in float32.

        Style is relative to the reference at each tap, else the tap with the largest features
        would rule; light holds where the product is light and dark, which content features,
        being blind to polarity, do not.
        """
        taps = self.trunk.taps(greyed(picture, self.parameters.keep_colour))
        style = torch.stack(
            [
                (self.trunk.gram(features, self.places[name]) - target).square().sum()
                / target.square().sum().clamp_min(1e-12)
                for name, features in taps.items()
                for target in (self.grams[name],)
            ]
        ).mean()
        features = taps[CONTENT_TAP].float()
        content = (features - self.content_features).square().mean() / self.content_energy
        return Terms(
            style=style,
            content=content,
            light=(self._light(picture) - self.light).square().mean(),
            variation=_variation(picture),
            range=(picture - picture.clamp(0, 1)).square().mean(),
        )

    def _light(self, picture: Tensor) -> Tensor:
        return functional.avg_pool2d(luma(picture), self.cell, ceil_mode=True)


def _variation(picture: Tensor) -> Tensor:
    across = (picture[..., :, 1:] - picture[..., :, :-1]).abs().mean()
    down = (picture[..., 1:, :] - picture[..., :-1, :]).abs().mean()
    return across + down
