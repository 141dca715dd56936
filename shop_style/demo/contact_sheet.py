"""Originals beside their variants, with scores and verdicts, as one HTML page and one PNG."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

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
TOP = 72
_INK, _QUIET, _PAPER, _FRAME = "#22262b", "#68707a", "#faf9f6", "#e3e1dc"
_VERDICT_INK = {"passed": "#185c27", "did not pass": "#8a1f16"}


class SheetName(TypedDict):
    """Which sheet: stem of its files, and its heading."""

    stem: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One picture of the sheet. name: in its storage; None where there is no picture."""

    storage: Storage
    name: str | None
    title: str
    lines: tuple[str, ...] = ()
    verdict: str = ""
    reasons: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """An original and its variants, in the order of the styles."""

    original: Cell
    variants: tuple[Cell, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All of them, the original first."""
        return (self.original, *self.variants)


def sheet_rows(images: Sequence[ProductImage], styles: Sequence[Style], folder: Path) -> list[Row]:
    """The sheet's content. folder: where the page will lie, for its links. Two queries."""
    found: dict[tuple[str, int], StyleVariant] = {}
    live = StyleVariant.objects.for_objects(images).live().select_related("style")
    for variant in live.order_by("pk"):
        found[variant.object_id, variant.style_id] = variant
    rows = []
    for image in images:
        name = image.image.name
        size = f"{image.width} × {image.height}" if image.width else ""
        own = (found.get((str(image.pk), style.pk)) for style in styles)
        original = Cell(
            storage=image.image.storage,
            name=name,
            title=image.product.name,
            lines=(size,),
            link=_link(image.image.storage, name, folder),
        )
        variants = tuple(_variant_cell(variant, folder) for variant in own if variant)
        rows.append(Row(original=original, variants=variants))
    return rows


def write_sheet(
    images: Sequence[ProductImage], styles: Sequence[Style], folder: Path, *, stem: str, title: str
) -> tuple[Path, Path]:
    """Write `stem`.html and `stem`.png into a folder. Returns both paths."""
    folder.mkdir(parents=True, exist_ok=True)
    page = write_page(images, styles, folder, stem=stem, title=title)
    picture = folder / f"{stem}.png"
    rows = sheet_rows(images, styles, folder)
    draw_sheet(rows, title=title).save(picture, "PNG", optimize=True)
    return page, picture


def write_page(
    images: Sequence[ProductImage],
    styles: Sequence[Style],
    folder: Path,
    *,
    stem: str,
    title: str,
    report: Path | None = None,
) -> Path:
    """Write `stem`.html alone. report: of the experiment, in the same folder, to link."""
    page = folder / f"{stem}.html"
    context = {
        "title": title,
        "rows": sheet_rows(images, styles, folder),
        "report": report.name if report else "",
    }
    page.write_text(render_to_string("demo/contact_sheet.html", context), encoding="utf-8")
    return page


def draw_sheet(rows: Sequence[Row], *, title: str) -> Image.Image:
    """The sheet as one picture."""
    step = CELL + GAP
    columns = max((len(row.cells) for row in rows), default=1)
    size = (GAP + columns * step, TOP + len(rows) * (step + CAPTION))
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, 22), title, fill=_INK, font=ImageFont.load_default(26))
    for index, row in enumerate(rows):
        for column, cell in enumerate(row.cells):
            place = (GAP + column * step, TOP + index * (step + CAPTION))
            _draw_cell(sheet, draw, cell, *place)
    return sheet


def _draw_cell(sheet: Image.Image, draw: ImageDraw.ImageDraw, cell: Cell, x: int, y: int) -> None:
    draw.rectangle((x - 1, y - 1, x + CELL, y + CELL), fill="white", outline=_FRAME)
    picture = _opened(cell)
    if picture is not None:
        place = (x + (CELL - picture.width) // 2, y + (CELL - picture.height) // 2)
        sheet.paste(picture, place, picture)
    bold, small = ImageFont.load_default(16), ImageFont.load_default(14)
    y += CELL + 6
    draw.text((x, y), _plain(cell.title), fill=_INK, font=bold)
    if cell.verdict:
        ink = _VERDICT_INK.get(cell.verdict, _QUIET)
        draw.text((x + CELL, y), cell.verdict, fill=ink, font=bold, anchor="ra")
    for number, line in enumerate(cell.lines):
        draw.text((x, y + 21 + 18 * number), _plain(line), fill=_QUIET, font=small)


def _plain(text: str) -> str:
    """The text in letters that Pillow's own font has."""
    return text.replace("ΔE00", "dE00").replace("×", "x")


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


def _variant_cell(variant: StyleVariant, folder: Path) -> Cell:
    storage = variant.image.storage
    title, verdict = variant.style.name, verdict_of(variant)
    if variant.status != Status.READY:
        lines = (str(variant.get_status_display()),)
        return Cell(storage=storage, name=None, title=title, verdict=verdict, lines=lines)
    return Cell(
        storage=storage,
        name=_middle_rendition(variant),
        title=title,
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
