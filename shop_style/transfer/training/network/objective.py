"""What a styled picture is held to: the reference's textures and colours, the content, calm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from shop_style.transfer._student import TAPS
from shop_style.transfer.training.network.trainable import Conditions, Painted
from shop_style.transfer.trunk import Trunk

CONTENT_TAPS: Final = {"relu3_3": 0.5, "relu4_3": 0.5}
LIGHT_TAP: Final = "relu1_2"
COLOUR_CELL: Final = 32
Grams = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class ObjectiveWeights:
    """Weights beside the content loss, whose weight is 1.

    style: of the mean relative Gram error at strength 1. style_power: it falls with strength to
    this power. colour: of the picture's colours, region by region, being those of the product
    carried to the style's colours. variation: of total variation of the strokes.
    outside: of values below 0 and above 1, which a picture cannot show.
    """

    style: float = 50.0
    style_power: float = 2.0
    colour: float = 200.0
    variation: float = 0.3
    outside: float = 5.0


@dataclass(frozen=True, kw_only=True)
class Losses:
    """Means over a batch, each a scalar tensor; `total` is what is minimised."""

    total: Tensor
    style: Tensor
    content: Tensor
    colour: Tensor
    variation: Tensor
    outside: Tensor


def style_grams(trunk: Trunk, references: list[Tensor]) -> Grams:
    """Gram matrices (1, C, C) a tap, averaged over references (1, 3, H, W)."""
    with torch.no_grad():
        each = [
            {tap: trunk.gram(maps) for tap, maps in trunk.taps(item).items()} for item in references
        ]
        return {tap: torch.stack([grams[tap] for grams in each]).mean(0) for tap in TAPS}


def fast_gram(features: Tensor) -> Tensor:
    """As `Trunk.gram`, multiplied in the features' own format: what a training step can afford."""
    rows = features.permute(0, 2, 3, 1).flatten(1, 2)
    return torch.bmm(rows.transpose(1, 2), rows).float() / rows.shape[1]


def relative_gram_errors(grams: Grams, wanted: Grams) -> dict[str, Tensor]:
    """(N,) a tap: squared error over the squared norm of the wanted matrix.

    Levels differ tenfold in scale: each counts relative to its own target.
    """
    return {
        tap: (grams[tap] - wanted[tap]).square().sum((1, 2))
        / wanted[tap].square().sum((1, 2)).clamp_min(1e-12)
        for tap in wanted
    }


class Objective:
    """Losses of styled pictures beside their originals."""

    def __init__(
        self,
        trunk: Trunk,
        wanted: list[Grams],
        weights: ObjectiveWeights,
    ) -> None:
        """wanted: the references' Gram matrices, one a style."""
        self.trunk = trunk
        self.weights = weights
        self._wanted = {tap: torch.cat([item[tap] for item in wanted]) for tap in TAPS}

    def losses(self, image: Tensor, painted: Painted, conditions: Conditions) -> Losses:
        """image: the photos (N, 3, H, W); painted: what became of them under the conditions."""
        toned, styled = painted
        strength = conditions.strength
        weights = self.weights
        with torch.no_grad():
            original = self.trunk.taps(image, last=max(CONTENT_TAPS))
        # What a screen shows; gradients pass as if nothing were cut off, else a style that has
        # turned black or white would stay so: nothing would pull it back.
        shown = styled.detach().clamp(0, 1)
        seen = styled + (shown - styled.detach())
        taps = self.trunk.taps(seen)
        grams = {tap: fast_gram(maps) for tap, maps in taps.items()}
        wanted = {tap: value[conditions.index] for tap, value in self._wanted.items()}
        if conditions.keep_ground:
            # It tells how light a picture is, which is settled where white is to stay light.
            del wanted[LIGHT_TAP]
        errors = torch.stack(list(relative_gram_errors(grams, wanted).values()))
        style = errors.log1p().mean(0)
        content = sum(
            (
                share * relative_error(taps[tap], original[tap])
                for tap, share in CONTENT_TAPS.items()
            ),
            torch.zeros(len(image)),
        )
        colour = colour_error(seen, toned.clamp(0, 1))
        outside = (styled - shown).abs().mean((1, 2, 3))
        variation = _variation(styled - toned)
        total = (
            content
            + weights.style * strength.pow(weights.style_power) * style
            + weights.colour * colour
            + weights.variation * variation
            + weights.outside * outside
        )
        return Losses(
            total=total.mean(),
            style=style.mean(),
            content=content.mean(),
            colour=colour.mean(),
            variation=variation.mean(),
            outside=outside.mean(),
        )


def relative_error(features: Tensor, wanted: Tensor) -> Tensor:
    """(N,): squared error over the squared norm, features (N, C, H, W)."""
    difference = (features.float() - wanted.float()).square().mean((1, 2, 3))
    return difference / wanted.float().square().mean((1, 2, 3)).clamp_min(1e-6)


def colour_error(styled: Tensor, wanted: Tensor) -> Tensor:
    """(N,): mean squared difference of the pictures' colours over cells of COLOUR_CELL pixels.

    Gram matrices are blind to place, content features to polarity: without this a white shoe may
    turn black, and any product one colour all over.
    """
    return functional.avg_pool2d(styled - wanted, COLOUR_CELL).square().mean((1, 2, 3))


def _variation(change: Tensor) -> Tensor:
    across = (change[..., :, 1:] - change[..., :, :-1]).abs().mean((1, 2, 3))
    down = (change[..., 1:, :] - change[..., :-1, :]).abs().mean((1, 2, 3))
    return across + down
