"""Colour grade: the reference's palette laid over a picture as one smooth 3D look-up table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from shop_style.exceptions import EngineParameterError, RenderCancelled, StyleReferenceError
from shop_style.transfer.engine import Engine, PreparedStyle, RenderContext, StyleSpec
from shop_style.transfer.lookup import bake
from shop_style.transfer.palette import Palette, monge_kantorovich, palette_of
from shop_style.transfer.parameters import GradeParameters

_ROWS_AT_ONCE: Final = 256
_MIN_PRODUCT: Final = 0.002


@dataclass(frozen=True, kw_only=True, eq=False)
class GradeStyle(PreparedStyle):
    """The references' common palette."""

    palette: Palette
    parameters: GradeParameters


class GradeEngine(Engine):
    """Monge–Kantorovich colour transfer, baked to 33³ changes of sRGB.

    Source: Pitié & Kokaram, "The Linear Monge-Kantorovitch Linear Colour Mapping for
    Example-Based Colour Transfer", CVMP 2007.
    """

    name: ClassVar[str] = "grade"
    linear_in_strength: ClassVar[bool] = True

    def prepare(self, style: StyleSpec) -> GradeStyle:
        if not isinstance(style.parameters, GradeParameters):
            raise EngineParameterError(
                f"style “{style.slug}”: grade takes GradeParameters, not "
                f"{type(style.parameters).__name__}"
            )
        if not style.references:
            raise StyleReferenceError(
                f"style “{style.slug}”: a colour grade needs a reference picture; add one"
            )
        palettes = [palette_of(_channels_last(picture)) for picture in style.references]
        return GradeStyle(palette=Palette.mean_of(palettes), parameters=style.parameters)

    def stylise(
        self,
        image: Tensor,
        style: PreparedStyle,
        strength: float | Tensor,
        context: RenderContext,
    ) -> Tensor:
        if not isinstance(style, GradeStyle):
            raise EngineParameterError(f"grade cannot use a {type(style).__name__}")
        if not isinstance(strength, Tensor) and strength == 0:
            return image.clone()
        mapping = monge_kantorovich(_palette_inside(image, context.mask), style.palette)
        changes = torch.from_numpy(bake(mapping, style.parameters))
        return _applied(image, changes, strength, context)


def _channels_last(image: Tensor) -> NDArray[np.float32]:
    pixels: NDArray[np.float32] = image.detach().cpu().permute(1, 2, 0).numpy()
    return pixels


def _palette_inside(image: Tensor, mask: Tensor | None) -> Palette:
    """The picture's palette; the product's own where a mask says where it is."""
    pixels = _channels_last(image)
    weights = None if mask is None else mask.detach().cpu()[0].numpy()
    if weights is not None and weights.mean() < _MIN_PRODUCT:
        weights = None
    return palette_of(pixels, weights)


def _applied(
    image: Tensor, changes: Tensor, strength: float | Tensor, context: RenderContext
) -> Tensor:
    """image + strength · change, by trilinear look-up in bands of rows.

    changes: (3, N, N, N) float32 over blue, green, red.
    """
    device = torch.device(context.device) if context.device else image.device
    table = changes.to(device)[None]
    height = image.shape[1]
    graded = torch.empty_like(image)
    for top in range(0, height, _ROWS_AT_ONCE):
        if context.cancelled():
            raise RenderCancelled("the colour grade was told to stop")
        rows = slice(top, min(top + _ROWS_AT_ONCE, height))
        band = image[:, rows].to(device)
        grid = (band.permute(1, 2, 0) * 2 - 1)[None, None]
        change = functional.grid_sample(
            table, grid, mode="bilinear", padding_mode="border", align_corners=True
        )[0, :, 0]
        share = strength[:, rows].to(device) if isinstance(strength, Tensor) else strength
        graded[:, rows] = (band + share * change).clamp(0, 1).to(image.device)
        context.report(rows.stop, height)
    return graded
