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
from shop_style.generation.pipeline import render
from shop_style.generation.recipe import configured_device, configured_segmenter
from shop_style.generation.specification import Output, Recipe
from shop_style.transfer.engine import RenderContext

_CELL = 360
_GAP = 16


def preview_sheet(
    photographs: Sequence[Photograph],
    recipe: Recipe,
    *,
    report: Callable[[int, int], None],
    cancelled: Callable[[], bool],
    leave_out: tuple[type[ShopStyleError], ...] = (),
    on_left_out: Callable[[ShopStyleError], None] = lambda error: None,
) -> bytes | None:
    """Render every photograph and lay the pairs out, as PNG; None when no pair is left.

    leave_out: errors that cost the sheet their own picture only; on_left_out is told of each.
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
            pairs.append(_pair(photograph, recipe, context))
        except leave_out as error:
            on_left_out(error)
        report(index + 1, len(photographs))
    return _laid_out(pairs) if pairs else None


def _pair(photograph: Photograph, recipe: Recipe, context: RenderContext) -> list[Image.Image]:
    rendering = render(
        photograph.data,
        recipe,
        name=photograph.name,
        limits=intake_limits(),
        allow_faces=faces_allowed(),
        guide=photograph.guide,
        segmenter=configured_segmenter(),
        output=Output(widths=(2 * _CELL,), formats=("webp",)),
        context=context,
    )
    original = np.rint(rendering.photo.flattened() * 255).astype(np.uint8)
    # Made small at once: six originals at full size are gigabytes.
    return [
        _cell(Image.fromarray(original)),
        _cell(Image.open(io.BytesIO(rendering.renditions[-1].data))),
    ]


def _cell(picture: Any) -> Image.Image:
    picture.thumbnail((_CELL, _CELL), Image.Resampling.LANCZOS)
    solid = Image.new("RGB", picture.size, "white")
    solid.paste(picture, mask=picture.getchannel("A") if "A" in picture.getbands() else None)
    return solid


def _laid_out(pairs: Sequence[Sequence[Image.Image]]) -> bytes:
    step = _CELL + _GAP
    sheet = Image.new("RGB", (2 * step + _GAP, len(pairs) * step + _GAP), "#f4f2ee")
    for row, pair in enumerate(pairs):
        for column, cell in enumerate(pair):
            left = _GAP + column * step + (_CELL - cell.width) // 2
            sheet.paste(cell, (left, _GAP + row * step + (_CELL - cell.height) // 2))
    stream = io.BytesIO()
    sheet.save(stream, "PNG", optimize=True)
    return stream.getvalue()
