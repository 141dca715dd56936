"""Colour grade: a look from reference pictures or a `.cube` file, as one smooth 3D table."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shop_style.exceptions import (
    CubeError,
    EngineParameterError,
    RenderCancelled,
    StyleReferenceError,
)
from shop_style.transfer.changes import ChangeTable
from shop_style.transfer.cube import Cube, grid, read_cube
from shop_style.transfer.engine import Engine, PreparedStyle, RenderContext, StyleSpec
from shop_style.transfer.lookup import SIDE, bake, bake_cube
from shop_style.transfer.palette import Palette, monge_kantorovich, palette_of, product_weights
from shop_style.transfer.parameters import GRADE_REFERENCES, GradeParameters
from styleeval.sentence import said

_PIXELS_AT_ONCE: Final = 131_072
"""Their coordinates and changes stay in a core's cache."""


class GradeStyle(PreparedStyle):
    """A look that gives every picture its table."""

    @abstractmethod
    def table_for(self, image: Tensor, mask: Tensor | None) -> ChangeTable:
        """The table for a picture (3, H, W) with its product (1, H, W)."""

    @abstractmethod
    def cube(self, palette: Palette | None = None, *, side: int = SIDE) -> Cube:
        """The look as a file's table, for a picture of this palette, or an ordinary one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PaletteStyle(GradeStyle):
    """The references' common palette, mapped to anew from each picture's own."""

    palette: Palette
    parameters: GradeParameters

    def table_for(self, image: Tensor, mask: Tensor | None) -> ChangeTable:
        return ChangeTable.of(self._changes(_palette_inside(image, mask)))

    def cube(self, palette: Palette | None = None, *, side: int = SIDE) -> Cube:
        return _as_cube(self._changes(palette or Palette.ordinary(), side))

    def _changes(self, content: Palette, side: int = SIDE) -> NDArray[np.float32]:
        mapping = monge_kantorovich(content, self.palette)
        return bake(mapping, self.parameters, side=side)


@dataclass(frozen=True, kw_only=True, eq=False)
class CubeStyle(GradeStyle):
    """A file's table, the same for every picture."""

    changes: NDArray[np.float32]
    table: ChangeTable

    def table_for(self, image: Tensor, mask: Tensor | None) -> ChangeTable:
        return self.table

    def cube(self, palette: Palette | None = None, *, side: int = SIDE) -> Cube:
        return Cube(values=_as_cube(self.changes).on_unit_grid(side))


class GradeEngine(Engine):
    """Monge–Kantorovich colour transfer, baked to 33³ changes of sRGB; or a `.cube` file's own.

    Source: Pitié & Kokaram, "The Linear Monge-Kantorovitch Linear Colour Mapping for
    Example-Based Colour Transfer", CVMP 2007.
    """

    name: ClassVar[str] = "grade"
    linear_in_strength: ClassVar[bool] = True

    def prepare(self, style: StyleSpec) -> GradeStyle:
        """A style's artefact is a `.cube` file, and wins over references. Raises CubeError too."""
        if not isinstance(style.parameters, GradeParameters):
            raise EngineParameterError(
                f"style “{style.slug}”: grade takes GradeParameters, not "
                f"{type(style.parameters).__name__}"
            )
        if style.artefact is not None:
            try:
                cube = read_cube(style.artefact)
            except CubeError as error:
                raise CubeError(
                    said("style “{style}”: {why}", style=style.slug, why=error)
                ) from error
            changes = bake_cube(cube, style.parameters)
            return CubeStyle(changes=changes, table=ChangeTable.of(changes))
        if not 1 <= len(style.references) <= GRADE_REFERENCES:
            raise StyleReferenceError(
                said(
                    "style “{style}”: a colour grade needs from 1 to {grade_references} reference "
                    "pictures or a .cube file, and has {count} pictures; add or remove some",
                    style=style.slug,
                    grade_references=GRADE_REFERENCES,
                    count=len(style.references),
                )
            )
        palettes = [palette_of(_channels_last(picture)) for picture in style.references]
        return PaletteStyle(palette=Palette.mean_of(palettes), parameters=style.parameters)

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
        return _applied(image, style.table_for(image, context.mask), strength, context)


def _palette_inside(image: Tensor, mask: Tensor | None) -> Palette:
    """The palette of a picture (3, H, W); the product's own where a mask says where it is."""
    weights = None if mask is None else mask.detach().cpu()[0].numpy()
    return palette_of(_channels_last(image), product_weights(weights))


def _channels_last(image: Tensor) -> NDArray[np.float32]:
    pixels: NDArray[np.float32] = image.detach().cpu().permute(1, 2, 0).numpy()
    return pixels


def _as_cube(changes: NDArray[np.float32]) -> Cube:
    values = changes.transpose(1, 2, 3, 0) + grid(changes.shape[-1])
    return Cube(values=values)


def _applied(
    image: Tensor, table: ChangeTable, strength: float | Tensor, context: RenderContext
) -> Tensor:
    """image + strength · change, in bands of rows."""
    device = torch.device(context.device) if context.device else image.device
    table = table.to(device)
    height, width = image.shape[1:]
    # Whole threads' worth of rows, which the table shares out.
    threads = torch.get_num_threads()
    at_once = max(1, _PIXELS_AT_ONCE // (width * threads)) * threads
    graded = torch.empty_like(image)
    for top in range(0, height, at_once):
        if context.cancelled():
            raise RenderCancelled("the colour grade was told to stop")
        rows = slice(top, min(top + at_once, height))
        share = strength[:, rows].to(device) if isinstance(strength, Tensor) else strength
        graded[:, rows] = table.graded(image[:, rows].to(device), share).to(image.device)
        context.report(rows.stop, height)
    return graded
