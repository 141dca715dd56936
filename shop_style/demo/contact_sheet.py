"""Originals beside their variants, with scores and verdicts, as one HTML page and one PNG."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.core.files.storage import Storage
from django.template.loader import render_to_string
from PIL import Image, ImageDraw, ImageFont, ImageOps

from shop_style.demo.models import ProductImage
from shop_style.demo.table import verdict_of
from shop_style.models import Status, Style, StyleVariant

logger = logging.getLogger(__name__)

CELL = 300
GAP = 20
CAPTION = 62
_INK, _QUIET, _PAPER, _FRAME = "#22262b", "#68707a", "#faf9f6", "#e3e1dc"
_VERDICT_INK = {"passed": "#185c27", "did not pass": "#8a1f16"}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One picture of the sheet. name: in its storage; None where there is no picture."""

    storage: Storage
    name: str | None
    lines: tuple[str, ...] = ()
    verdict: str = ""
    reasons: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """An original and its variants, one cell a style, None where none was asked for."""

    title: str
    original: Cell
    cells: tuple[Cell | None, ...]


def sheet_rows(images: Sequence[ProductImage], styles: Sequence[Style], folder: Path) -> list[Row]:
    """The sheet's content. folder: where the page will lie, for its links. Two queries."""
    found: dict[tuple[str, int], StyleVariant] = {}
    variants = StyleVariant.objects.for_objects(images).live().select_related("style")
    for variant in variants.order_by("pk"):
        found[variant.object_id, variant.style_id] = variant
    rows = []
    for image in images:
        name = image.image.name
        size = f"{image.width} × {image.height}" if image.width else ""
        rows.append(
            Row(
                title=image.product.name,
                original=Cell(
                    storage=image.image.storage,
                    name=name,
                    lines=(size,),
                    link=_link(image.image.storage, name, folder),
                ),
                cells=tuple(
                    _variant_cell(found.get((str(image.pk), style.pk)), folder) for style in styles
                ),
            )
        )
    return rows


def write_sheet(
    images: Sequence[ProductImage], styles: Sequence[Style], folder: Path, *, stem: str, title: str
) -> tuple[Path, Path]:
    """Write `stem`.html and `stem`.png into a folder. Returns both paths."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = sheet_rows(images, styles, folder)
    headings = ["Original", *(style.name for style in styles)]
    page = folder / f"{stem}.html"
    context = {"title": title, "headings": headings, "rows": rows}
    page.write_text(render_to_string("demo/contact_sheet.html", context), encoding="utf-8")
    picture = folder / f"{stem}.png"
    draw_sheet(rows, headings, title=title).save(picture, "PNG", optimize=True)
    return page, picture


def draw_sheet(rows: Sequence[Row], headings: Sequence[str], *, title: str) -> Image.Image:
    """The sheet as one picture."""
    step = CELL + GAP
    top = 110
    size = (GAP + len(headings) * step, top + len(rows) * (step + CAPTION) + GAP)
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, 24), title, fill=_INK, font=_font(26))
    for column, heading in enumerate(headings):
        draw.text((GAP + column * step, 76), heading, fill=_QUIET, font=_font(17))
    for index, row in enumerate(rows):
        y = top + index * (step + CAPTION)
        cells = [row.original, *row.cells]
        for column, cell in enumerate(cells):
            if cell is not None:
                _draw_cell(sheet, draw, cell, GAP + column * step, y)
        draw.text((GAP, y + CELL + 6), row.title, fill=_INK, font=_font(16))
        draw.text((GAP, y + CELL + 27), " ".join(row.original.lines), fill=_QUIET, font=_font(14))
    return sheet


def _draw_cell(sheet: Image.Image, draw: ImageDraw.ImageDraw, cell: Cell, x: int, y: int) -> None:
    draw.rectangle((x - 1, y - 1, x + CELL, y + CELL), fill="white", outline=_FRAME)
    picture = _opened(cell)
    if picture is not None:
        place = (x + (CELL - picture.width) // 2, y + (CELL - picture.height) // 2)
        sheet.paste(picture, place, picture)
    if cell.verdict:
        ink = _VERDICT_INK.get(cell.verdict, _QUIET)
        draw.text((x, y + CELL + 6), cell.verdict, fill=ink, font=_font(16))
        for number, line in enumerate(cell.lines):
            # Pillow's own font has no Δ.
            text = line.replace("ΔE00", "dE00")
            draw.text((x, y + CELL + 27 + 18 * number), text, fill=_QUIET, font=_font(14))


def _opened(cell: Cell) -> Image.Image | None:
    """The picture, upright, in the size of a cell; None when it cannot be read."""
    if not cell.name:
        return None
    try:
        with cell.storage.open(cell.name, "rb") as stream, Image.open(stream) as image:
            image.draft("RGB", (2 * CELL, 2 * CELL))
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except OSError:
        logger.warning("the contact sheet goes without %s", cell.name, exc_info=True)
        return None
    upright.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
    return upright


def _variant_cell(variant: StyleVariant | None, folder: Path) -> Cell | None:
    if variant is None:
        return None
    storage = variant.image.storage
    verdict = verdict_of(variant)
    if variant.status != Status.READY:
        return Cell(storage=storage, name=None, verdict=verdict, lines=(variant.status,))
    return Cell(
        storage=storage,
        name=_middle_rendition(variant),
        verdict=verdict,
        lines=tuple(_scores(variant)),
        reasons=tuple(item["text"] for item in variant.reasons),
        link=_link(storage, variant.image.name, folder),
    )


def _middle_rendition(variant: StyleVariant) -> str | None:
    wide = [item for item in variant.srcset("webp") if int(item["width"]) >= CELL]
    return str(wide[0]["name"]) if wide else variant.image.name


def _scores(variant: StyleVariant) -> Iterable[str]:
    if variant.ssim is not None and variant.delta_e is not None:
        yield f"SSIM {variant.ssim:.3f}   ΔE00 {variant.delta_e:.1f}"
    if variant.perceptual is not None:
        yield f"{variant.perceptual_name} {variant.perceptual:.3f}"


def _link(storage: Storage, name: str | None, folder: Path) -> str:
    """Relative where the file lies on this computer, so that the page opens from disk."""
    if not name:
        return ""
    try:
        return Path(os.path.relpath(storage.path(name), folder)).as_posix()
    except NotImplementedError:
        return storage.url(name)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
