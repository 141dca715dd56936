"""The preview sheet: photographs beside themselves in a style, a pair a row."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from shop_style.exceptions import ShopStyleError
from shop_style.generation.limits import faces_allowed, intake_limits
from shop_style.generation.photographs import Photograph
from shop_style.generation.pipeline import Rendering, render
from shop_style.generation.recipe import configured_device, configured_segmenter
from shop_style.generation.sheet_layout import CELL, picture_box, sheet_size
from shop_style.generation.specification import Output, Recipe
from shop_style.transfer.engine import RenderContext


def preview_sheet(
    photographs: Sequence[Photograph],
    recipe: Recipe,
    *,
    report: Callable[[int, int], None],
    cancelled: Callable[[], bool],
    leave_out: tuple[type[ShopStyleError], ...] = (),
    on_left_out: Callable[[ShopStyleError], None] = lambda error: None,
    on_shown: Callable[[dict[str, Any]], None] = lambda shown: None,
) -> bytes | None:
    """Render every photograph and lay the pairs out, as PNG; None when no pair is left.

    leave_out: errors that cost the sheet their own picture only; on_left_out is told of each.
    on_shown: told of each pair: name, strength, whether it passed its gate,
    codes of why not, size in pixels on the sheet.
    Raises what `render` raises otherwise.
    """
    pairs = []
    for index, photograph in enumerate(photographs):

        def report_share(done: int, total: int, index: int = index) -> None:
            report(index * total + done, total * len(photographs))

        context = RenderContext(
            device=configured_device(), report=report_share, cancelled=cancelled
        )
        try:
            rendering = _rendered(photograph, recipe, context)
            pairs.append(_pair(rendering))
            on_shown({**_said_of(photograph, rendering), "size": list(pairs[-1][0].size)})
        except leave_out as error:
            on_left_out(error)
        report(index + 1, len(photographs))
    return laid_out(pairs) if pairs else None


def _rendered(photograph: Photograph, recipe: Recipe, context: RenderContext) -> Rendering:
    return render(
        photograph.data,
        recipe,
        name=photograph.name,
        limits=intake_limits(),
        allow_faces=faces_allowed(),
        guide=photograph.guide,
        segmenter=configured_segmenter(),
        output=Output(widths=(2 * CELL,), formats=("webp",)),
        context=context,
    )


def _said_of(photograph: Photograph, rendering: Rendering) -> dict[str, Any]:
    return {
        "name": photograph.name,
        "strength": rendering.strength,
        "passed": rendering.verdict.passed,
        "reasons": [reason.code for reason in rendering.verdict.reasons],
    }


def _pair(rendering: Rendering) -> list[Image.Image]:
    # Made small at once: six originals at full size are gigabytes.
    return [
        small_cell(rendering.photo.flattened()),
        _cell(Image.open(io.BytesIO(rendering.renditions[-1].data))),
    ]


def small_cell(rgb: Any) -> Image.Image:
    """A picture in the size of a cell. rgb: (H, W, 3) float32 in [0, 1]."""
    return _cell(Image.fromarray(np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)))


def _cell(picture: Any) -> Image.Image:
    picture.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
    solid = Image.new("RGB", picture.size, "white")
    solid.paste(picture, mask=picture.getchannel("A") if "A" in picture.getbands() else None)
    return solid


def laid_out(rows: Sequence[Sequence[Image.Image]]) -> bytes:
    """Rows of cells as one PNG, each cell where `cell_box` says."""
    sheet = Image.new("RGB", sheet_size(len(rows), max(map(len, rows))), "#f4f2ee")
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            sheet.paste(cell, picture_box(row, column, cell.size)[:2])
    stream = io.BytesIO()
    sheet.save(stream, "PNG", optimize=True)
    return stream.getvalue()
