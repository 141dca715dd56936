"""The measures of a scorecard in words that a merchandiser reads, with their units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True, kw_only=True)
class Unit:
    """How a number is written: times `factor`, with so many decimals, before `sign`."""

    decimals: int
    sign: str = ""
    factor: int = 1

    def written(self, value: float) -> str:
        """The number as the reader's language writes it."""
        # Rounded first: number_format cuts.
        rounded = Decimal(f"{self.factor * value:.{self.decimals}f}")
        return f"{number_format(rounded, decimal_pos=self.decimals)}{self.sign}"


PLAIN = Unit(decimals=3)
SHARE = Unit(decimals=1, sign=" %", factor=100)
COLOUR = Unit(decimals=1, sign=" ΔE")
ANGLE = Unit(decimals=0, sign="°")
PIXELS = Unit(decimals=1, sign=" px")


@dataclass(frozen=True, kw_only=True)
class MeasureWords:
    """A measure: its key on the scorecard, its name, what it sees, and its unit.

    around: does it say anything of what lies around the product?
    """

    key: str
    name: Any
    hint: Any
    unit: Unit
    around: bool = True


MAPPED = (
    MeasureWords(
        key="ssim",
        name=_("Structure"),
        hint=_("Shape, texture and print (SSIM); 1 is unchanged."),
        unit=PLAIN,
    ),
    MeasureWords(
        key="perceptual",
        name=_("Looks alike"),
        hint=_("As an eye compares them; 0 is unchanged."),
        unit=PLAIN,
    ),
    MeasureWords(
        key="delta_e",
        name=_("Colour"),
        hint=_("Difference of colours (ΔE00); about 1 is just visible."),
        unit=COLOUR,
    ),
    MeasureWords(
        key="hue",
        name=_("Hue"),
        hint=_("How far hues have turned, where there is colour."),
        unit=ANGLE,
    ),
    MeasureWords(
        key="detail",
        name=_("Fine detail"),
        hint=_("How much of the finest detail is left."),
        unit=SHARE,
        around=False,
    ),
    MeasureWords(
        key="displacement",
        name=pgettext_lazy("a product that was warped", "Bent"),
        hint=_("How far places have moved, at 512 pixels a side."),
        unit=PIXELS,
        around=False,
    ),
)
"""The measures that have a value at every place, as on the evidence sheet."""

SINGLE = (
    MeasureWords(
        key="silhouette",
        name=_("Outline"),
        hint=_("How much of the product's outline agrees."),
        unit=SHARE,
    ),
    MeasureWords(
        key="edge",
        name=_("Edge"),
        hint=_("How soft or ragged the edge has become; 0 is as crisp as it was."),
        unit=PLAIN,
    ),
    MeasureWords(
        key="outline_lost",
        name=_("Outline lost"),
        hint=_("How much of an edge, the outer one or a hole's, cannot be seen any more."),
        unit=SHARE,
    ),
    MeasureWords(
        key="outline_moved",
        name=_("Outline moved"),
        hint=_("How far the outline, or a hole's, lies from where it lay, where it moved most."),
        unit=PIXELS,
    ),
    MeasureWords(
        key="shading",
        name=_("Light and shade"),
        hint=_("How alike light and shade lie on the product; 1 is unchanged."),
        unit=PLAIN,
    ),
    MeasureWords(
        key="text",
        name=_("Print"),
        hint=_("How much of the product's print is kept, by its edges."),
        unit=SHARE,
    ),
    MeasureWords(
        key="characters",
        name=_("Characters"),
        hint=_("How many of the characters read on the original are still read."),
        unit=SHARE,
    ),
    MeasureWords(
        key="halo",
        name=_("Halo"),
        hint=_("A rim of another colour around the product."),
        unit=COLOUR,
    ),
    MeasureWords(
        key="white_kept",
        name=_("White kept"),
        hint=_("How much of the white ground is as white as it was."),
        unit=SHARE,
    ),
)
"""The measures that are one number for the picture."""

MEASURES = {words.key: words for words in (*MAPPED, *SINGLE)}


def worst_tile(card: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A measure's worst tile of a scorecard, as its value and box; empty where there is none."""
    measure = card.get(key)
    tile = measure.get("worst_tile") if isinstance(measure, Mapping) else None
    return tile if isinstance(tile, Mapping) else {}
