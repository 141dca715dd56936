"""What `quality` shows to the eye: the Pareto plot, and sheets of whole pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw
from torch import Tensor

from tests.benchmarks.curves import interval
from tests.benchmarks.methods import BuiltIn, FirstLook, Fitted, Gatys, Method, Peer
from tests.benchmarks.pictures import Pair
from tests.benchmarks.points import BLEND_OF, IDENTITY, Point, dial, prepared
from tests.benchmarks.vault import as_image

CAPTION: Final = 16
GREY: Final = (96, 96, 96)
LINES: Final = {
    Fitted.name: ("#c0392b", "-"),
    BuiltIn.name: ("#d68910", "-"),
    FirstLook.name: ("#7d3c98", "-"),
    Peer.name: ("#1f618d", "-"),
    Gatys.name: ("#1e8449", "-"),
    BLEND_OF + Fitted.name: ("#c0392b", ":"),
    BLEND_OF + BuiltIn.name: ("#d68910", ":"),
    IDENTITY: ("#222222", ""),
}


def plot(points: Sequence[Point], path: Path) -> None:
    """Mean style gain over mean content kept, a line a method's dial, bars the intervals over
    products. Methods that were measured on some pairs only are drawn over those; the legend says
    over how many."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5.5), layout="constrained")
    for method, (colour, line) in LINES.items():
        dials: dict[float, list[Point]] = {}
        for point in points:
            if point.method == method:
                dials.setdefault(point.strength, []).append(point)
        if not dials:
            continue
        gains, kepts = (
            [interval((p.product, getattr(p, name)) for p in dials[at]) for at in sorted(dials)]
            for name in ("gain", "kept")
        )
        if method not in (Peer.name, IDENTITY):
            # Only the peer's dial does not start at the product.
            axes.plot(
                [1.0, kepts[0].value], [0.0, gains[0].value], color=colour, linestyle=line, lw=0.8
            )
        axes.errorbar(
            [item.value for item in kepts],
            [item.value for item in gains],
            xerr=[[i.value - i.low for i in kepts], [i.high - i.value for i in kepts]],
            yerr=[[i.value - i.low for i in gains], [i.high - i.value for i in gains]],
            color=colour,
            linestyle=line or "none",
            marker="o",
            markersize=3 if line == ":" else 5,
            linewidth=1.5,
            elinewidth=0 if line == ":" else 0.6,
            label=f"{method} ({gains[0].pairs} pairs)",
        )
    axes.set_xlabel("content kept (1: the product itself, 0: as unlike as another product)")
    axes.set_ylabel("style gain (0: the product itself, 1: the reference's texture)")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    pyplot.close(figure)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cell:
    """A captioned picture, (3, H, W) in [0, 1]."""

    caption: str
    picture: Tensor


def row(pair: Pair, methods: Iterable[Method], strengths: Sequence[float] = (1.0,)) -> list[Cell]:
    """Product, reference, then each method at its strengths nearest to those asked for."""
    cells = [
        Cell(caption=pair.product.slug, picture=pair.product.picture),
        Cell(caption=pair.style.slug, picture=pair.style.picture),
    ]
    for method in methods:
        render = prepared(method, pair) if method.takes(pair) else None
        if render is None:
            continue
        cells += [
            Cell(caption=f"{method.name}, {strength:g}", picture=picture)
            for strength, picture in dial(method, render, pair.product)
            if strength in strengths
        ]
    return cells


def save_sheet(rows: Sequence[Sequence[Cell]], path: Path, side: int) -> None:
    """Rows of whole pictures, each fitted into side × side pixels, none cropped."""
    width = max(map(len, rows)) * side
    sheet = Image.new("RGB", (width, len(rows) * (side + CAPTION)), GREY)
    draw = ImageDraw.Draw(sheet)
    for down, cells in enumerate(rows):
        top = down * (side + CAPTION)
        for across, cell in enumerate(cells):
            image = as_image(cell.picture)
            image.thumbnail((side, side), Image.Resampling.LANCZOS)
            sheet.paste(image, (across * side + (side - image.width) // 2, top + CAPTION))
            draw.text((across * side + 3, top + 2), cell.caption, fill="white")
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, quality=85)
