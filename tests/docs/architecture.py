"""docs/images/architecture.svg: the layers of the import contract, as CI holds the code to it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WIDTH, ROW, GAP, MARGIN, LABEL = 860, 40, 10, 20, 150

DOES = {
    "shop_style.oscar": "Oscar's templates and orders",
    "shop_style.demo": "the demo shop",
    "shop_style.apps": "checks and signal handlers at start",
    "shop_style.admin": "merchandisers",
    "shop_style.api": "headless shops",
    "shop_style.templatetags": "templates",
    "shop_style.management": "commands",
    "shop_style.middleware": "visitors",
    "shop_style.checkup": "is it rightly plugged in?",
    "shop_style.channels": "where a variant may go",
    "shop_style.experiments": "assignment, events, rollup, report",
    "shop_style.generation": "queue, worker, gate, review",
    "shop_style.models": "rows and their queries",
    "shop_style.sources": "the host's picture fields",
    "shop_style.transfer": "engines",
    "shop_style.imaging": "decode, mask, composite, encode",
    "styleeval": "preservation, acceptance, inference: no Django",
}
"""What each package is for, in the figure's words."""

_BANDS = (
    ("faces", {"shop_style.oscar", "shop_style.demo", "shop_style.apps", "shop_style.admin"}),
    (
        "services",
        {
            "shop_style.checkup",
            "shop_style.channels",
            "shop_style.experiments",
            "shop_style.generation",
        },
    ),
    ("rows", {"shop_style.models", "shop_style.sources"}),
    ("pixels", {"shop_style.transfer", "shop_style.imaging"}),
    ("measures", {"styleeval"}),
)
_COLOURS = {
    "faces": "#fde7d3",
    "services": "#d9efe9",
    "rows": "#dfe6f6",
    "pixels": "#f3e0ee",
    "measures": "#ece9dd",
}


def layers() -> list[list[str]]:
    """The contract's layers from the top; packages beside each other share one."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (contract,) = (item for item in contracts["contracts"] if item["type"] == "layers")
    return [[name.strip() for name in layer.split("|")] for layer in contract["layers"]]


def figure() -> str:
    """The figure as SVG. It has a ground of its own, for light and dark pages alike."""
    rows = layers()
    height = 2 * MARGIN + len(rows) * (ROW + GAP) - GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'role="img" font-family="system-ui, sans-serif">',
        "<title>Layers of the packages; each imports only those below it</title>",
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#fffdf9"/>',
        *_bands(rows),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _bands(rows: list[list[str]]) -> Iterator[str]:
    top = MARGIN
    last = ""
    for names in rows:
        band = next(name for name, members in _BANDS if members & set(names))
        if band != last:
            yield (
                f'<text x="{MARGIN}" y="{top + ROW / 2 + 5}" font-size="15" font-weight="600" '
                f'fill="#3a3630">{band}</text>'
            )
            last = band
        yield from _row(names, top, _COLOURS[band])
        top += ROW + GAP


def _row(names: list[str], top: float, colour: str) -> Iterator[str]:
    across = WIDTH - 2 * MARGIN - LABEL
    width = (across - GAP * (len(names) - 1)) / len(names)
    for index, name in enumerate(names):
        left = MARGIN + LABEL + index * (width + GAP)
        short = name.removeprefix("shop_style.")
        yield (
            f'<rect x="{left:g}" y="{top}" width="{width:g}" height="{ROW}" rx="5" '
            f'fill="{colour}" stroke="#b9b2a6"/>'
        )
        alone = len(names) == 1
        x = left + (14 if alone else width / 2)
        anchor = "start" if alone else "middle"
        y = top + (25 if alone else 17)
        yield (
            f'<text x="{x:g}" y="{y}" font-size="14" text-anchor="{anchor}" '
            f'fill="#1f1c18" font-weight="600">{escape(short)}</text>'
        )
        x, y = (left + 170, top + 25) if alone else (x, top + 33)
        yield (
            f'<text x="{x:g}" y="{y}" font-size="13" text-anchor="{anchor}" '
            f'fill="#4a453d">{escape(DOES[name])}</text>'
        )
