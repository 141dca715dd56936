"""What strokes are laid on: the picture with its colours carried to those of the style.

A linear map of colours, the same at every place: edges, print and shading stay where they are.
Where the colours come from is a statistic like the others: those of the picture or of a gallery
when the ground is painted, those of shop photos in general when it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from shop_style.transfer._grain import gate
from shop_style.transfer._palette import Moments, colour_map, colour_moments

CATALOGUE: Final[Moments] = (
    torch.full((3,), 0.55, dtype=torch.float64),
    torch.full((3, 3), 0.07, dtype=torch.float64) + 0.015 * torch.eye(3, dtype=torch.float64),
)
"""Mean and covariance of the pixels of products in shop photos, greys more than colours.

Round numbers; whole photos, white backgrounds and all, are brighter and vary more (250 photos of
five shops: means 0.73, variances 0.10), but then white would become a style's middle tone.
"""

_SOURCE_FLOOR: Final = 0.1**2
"""Variance added to that of measured pictures: without it a grey product's noise would be stretched
to the style's range of colours."""

_SPREAD: Final = 0.003
"""Variance of a picture, red, green and blue added up, at which half of its ground is painted."""


def style_colours(references: Sequence[Tensor]) -> Tensor:
    """(3, 4) float32, [covariance | mean] of the colours of references (3, H, W)."""
    mean, covariance = colour_moments([item[None] for item in references])
    return torch.cat([covariance, mean[:, None]], 1).float()


def pooled_colours(pictures: Sequence[Tensor], weights: Sequence[Tensor | None]) -> Moments:
    """Mean (3,) and covariance (3, 3), float64, of pictures (1, 3, H, W), each counted alike.

    weights: maps (1, 1, H, W) of the places that count, or None for all.
    """
    means, squares = [], []
    for picture, weight in zip(pictures, weights, strict=True):
        rows = picture.flatten(2)[0].float()
        if weight is None:
            mean = rows.mean(1)
            apart = rows - mean[:, None]
            covariance = (apart @ apart.T) / rows.shape[1]
        else:
            shares = weight.flatten(2)[0].float()
            shares = shares / shares.sum().clamp_min(1e-6)
            mean = (rows * shares).sum(1)
            apart = rows - mean[:, None]
            covariance = (apart * shares) @ apart.T
        mean, covariance = mean.double().cpu(), covariance.double().cpu()
        means.append(mean)
        squares.append(covariance + torch.outer(mean, mean))
    mean = torch.stack(means).mean(0)
    return mean, torch.stack(squares).mean(0) - torch.outer(mean, mean)


def toning(source: Moments, colours: Tensor) -> Tensor:
    """[A − I | b] (3, 4) float32: what the map from `source` to a style's colours adds.

    source: as `pooled_colours` measures it, or CATALOGUE. colours: as `style_colours` gives them.
    """
    wanted = colours.cpu().double()
    mean, covariance = source
    if source is not CATALOGUE:
        covariance = covariance + _SOURCE_FLOOR * torch.eye(3, dtype=torch.float64)
    matrix, offset = colour_map((mean, covariance), (wanted[:, 3], wanted[:, :3]))
    return torch.cat([matrix - torch.eye(3), offset[:, None]], 1).float()


def painted_ground(source: Moments, strength: float) -> float:
    """How far flat ground takes strokes, in [0, 1]: from strength ½ on, and only as far as the
    source varies. A picture of one colour stays so."""
    spread = float(source[1].diagonal().sum())
    return max(0.0, 2 * strength - 1) * spread / (spread + _SPREAD)


@dataclass(frozen=True, kw_only=True, eq=False)
class Canvas:
    """Turns pictures into what strokes are laid on, at one strength.

    extra: (3, 4), a `toning`, of which 1 − (1 − s)² is done at strength s: colours come before
    strokes on the dial, since they cost the product least. ground: see `painted_ground`.
    """

    extra: Tensor
    strength: float
    ground: float = 0.0

    def tone(self, picture: Tensor) -> Tensor:
        """What the toning in full adds to pictures (N, 3, H, W); the same shape, float32."""
        extra = self.extra.to(picture.device)
        rows = torch.matmul(extra[:, :3], picture.flatten(2)) + extra[:, 3:]
        return rows.view_as(picture)

    def toned(self, picture: Tensor, tone: Tensor) -> Tensor:
        """The picture with as much of its tone as belongs to the strength, not clamped."""
        return torch.add(picture, tone, alpha=1 - (1 - self.strength) ** 2)

    @property
    def tone_share(self) -> float:
        """How much of the tone belongs into Δ of `x + s·Δ`: 1 − (1 − s)² by s."""
        return 2 - self.strength

    def opened(self, picture: Tensor) -> Tensor:
        """Where strokes may lie, (N, 1, H/2, W/2)."""
        varies = gate(picture)
        return varies + self.ground * (1 - varies)


def canvases(
    pictures: Tensor, colours: Tensor, strength: Tensor, *, keep_ground: bool = False
) -> tuple[Tensor, Tensor]:
    """Photos (N, 3, H, W) in their styles' colours (N, 3, 4) at strengths (N,), not clamped,
    and where strokes may lie on them, (N, 1, H/2, W/2)."""
    toned, opened = [], []
    # In float32 whatever autocast is on: an eighth bit of a colour would be a terrace.
    with torch.autocast(pictures.device.type, enabled=False):
        for picture, wanted, level in zip(pictures, colours, strength.tolist(), strict=True):
            one = picture[None]
            source = CATALOGUE if keep_ground else pooled_colours([one], [None])
            ground = 0.0 if keep_ground else painted_ground(source, level)
            canvas = Canvas(extra=toning(source, wanted), strength=level, ground=ground)
            toned.append(canvas.toned(one, canvas.tone(one)))
            opened.append(canvas.opened(one))
    return torch.cat(toned), torch.cat(opened)
