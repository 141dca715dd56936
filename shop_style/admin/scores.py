"""A variant's scorecard as rows of a table and boxes over its picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from shop_style.models import StyleVariant


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """One measure: its value over the picture, on the product, and on the product's worst tile."""

    name: Any
    hint: Any
    whole: float
    product: float
    tail: float
    worst: float


@dataclass(frozen=True, kw_only=True)
class TileBox:
    """Where a measure's worst tile lies, in per cent of the picture's width and height."""

    name: Any
    kind: str
    left: str
    top: str
    width: str
    height: str


_MEASURES = (
    ("ssim", _("SSIM (structure)"), _("1 is unchanged")),
    ("perceptual", _("perceptual"), _("0 is unchanged")),
    ("delta_e", _("ΔE00 (colour)"), _("0 is unchanged; about 1 is just visible")),
)


def score_rows(variant: StyleVariant) -> list[ScoreRow]:
    """The score table; empty for a variant without a scorecard."""
    return [
        ScoreRow(
            name=variant.perceptual_name or label if key == "perceptual" else label,
            hint=hint,
            whole=measure["whole"],
            product=measure["product"],
            tail=measure["product_p95"],
            worst=measure["worst_tile"]["value"],
        )
        for key, label, hint in _MEASURES
        if (measure := _measure(variant, key))
    ]


def worst_tiles(variant: StyleVariant) -> list[TileBox]:
    """Boxes of the worst tiles, to be drawn over either picture."""
    card = variant.scorecard or {}
    try:
        width, height = (int(side) for side in card["size"])
    except (KeyError, TypeError, ValueError):
        return []
    boxes = []
    for key, label, _hint in _MEASURES:
        measure = _measure(variant, key)
        if measure and width and height:
            x0, y0, x1, y1 = measure["worst_tile"]["box"]
            boxes.append(
                TileBox(
                    name=variant.perceptual_name or label if key == "perceptual" else label,
                    kind=key,
                    left=_per_cent(x0, width),
                    top=_per_cent(y0, height),
                    width=_per_cent(x1 - x0, width),
                    height=_per_cent(y1 - y0, height),
                )
            )
    return boxes


def _measure(variant: StyleVariant, key: str) -> Mapping[str, Any] | None:
    measure = (variant.scorecard or {}).get(key)
    return measure if isinstance(measure, Mapping) and "worst_tile" in measure else None


def _per_cent(part: float, whole: float) -> str:
    # Not a template filter: a locale's decimal comma would break the CSS.
    return f"{100 * part / whole:.2f}%"
