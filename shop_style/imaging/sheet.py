"""What an evidence sheet holds: its rows, and the values that its heat runs between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

ROWS: Final = ("outline", "ssim", "perceptual", "delta_e", "hue", "detail", "displacement")
"""What the sheet shows, from top to bottom; every row has the picture's shape."""


@dataclass(frozen=True, kw_only=True)
class Heat:
    """How a measure is drawn.

    clear: the value drawn as nothing, which nobody would see. full: the one drawn hottest.
    of_product: is it measured on the product in the original's surroundings, so that it says
    nothing of what lies around it?
    """

    clear: float
    full: float
    of_product: bool = True


HEAT: Final[Mapping[str, Heat]] = MappingProxyType(
    {
        "ssim": Heat(clear=0.98, full=0.0),
        "perceptual": Heat(clear=0.03, full=1.0),
        # About 1 is the smallest colour difference that can be seen.
        "delta_e": Heat(clear=1.0, full=30.0, of_product=False),
        "hue": Heat(clear=2.0, full=60.0, of_product=False),
        "detail": Heat(clear=0.95, full=0.0),
        "displacement": Heat(clear=0.25, full=8.0),
    }
)
"""The scale of each measure, the same for every picture, so that two pages can be compared."""
