"""Which planted change counts as a defect in which mode, and which must never be refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.benchmarks.truth import harm
from tests.benchmarks.truth.harm import Change

MODES: Final = ("background", "grade", "artistic", "locked", "fabric", "restore")
"""The gate's modes; "locked" is artistic with the product's colours locked."""

_COLOUR_TRUE: Final = ("background", "grade", "locked", "restore")
_SURFACE_TRUE: Final = ("background", "grade", "restore")
_PRINTED: Final = ("background", "grade", "artistic", "locked", "restore")


@dataclass(frozen=True, kw_only=True)
class Defect:
    """A planted defect. counts: the modes in which it is one; elsewhere it is not planted."""

    name: str
    change: Change
    severity: float
    counts: tuple[str, ...] = MODES

    @property
    def label(self) -> str:
        """Name and severity."""
        return f"{self.name} {self.severity:g}"


@dataclass(frozen=True, kw_only=True)
class Harmless:
    """A change that a shopper would not mind."""

    name: str
    change: Change
    severity: float

    @property
    def label(self) -> str:
        """Name and severity."""
        return f"{self.name} {self.severity:g}"


DEFECTS: Final = (
    Defect(name="hue turned, °", change=harm.hue, severity=15, counts=_COLOUR_TRUE),
    Defect(name="hue turned, °", change=harm.hue, severity=30, counts=_COLOUR_TRUE),
    Defect(name="hue turned, °", change=harm.hue, severity=60, counts=_COLOUR_TRUE),
    Defect(name="characters lost", change=harm.characters, severity=0.5, counts=_PRINTED),
    Defect(name="characters lost", change=harm.characters, severity=0.8, counts=_PRINTED),
    Defect(name="label rotated, °", change=harm.turned, severity=180, counts=_PRINTED),
    Defect(name="label removed", change=harm.removed, severity=1, counts=_PRINTED),
    Defect(name="blur, px", change=harm.blur, severity=2.5, counts=_SURFACE_TRUE),
    Defect(name="blur, px", change=harm.blur, severity=5, counts=_PRINTED),
    Defect(name="hole filled", change=harm.hole, severity=1),
    Defect(name="halo, px", change=harm.halo, severity=4),
    Defect(name="halo, px", change=harm.halo, severity=8),
    Defect(name="seam of tone, levels", change=harm.seam, severity=16, counts=_SURFACE_TRUE),
    Defect(name="seam of tone, levels", change=harm.seam, severity=32, counts=_COLOUR_TRUE),
    Defect(name="tiles torn, px", change=harm.torn, severity=6),
    Defect(name="warped, px", change=harm.warp, severity=4, counts=_SURFACE_TRUE),
    Defect(name="warped, px", change=harm.warp, severity=8),
    Defect(name="texture over product", change=harm.texture, severity=0.3, counts=_SURFACE_TRUE),
    Defect(name="texture over product", change=harm.texture, severity=0.6, counts=_SURFACE_TRUE),
    Defect(name="ground leaked in", change=harm.leaked, severity=0.4, counts=_COLOUR_TRUE),
    Defect(name="ground leaked in", change=harm.leaked, severity=0.8),
)

HARMLESS: Final = (
    *(Harmless(name="shift, px", change=harm.shift, severity=pixels) for pixels in (1, 2, 3, 4)),
    Harmless(name="JPEG, quality", change=harm.encoded, severity=85),
    Harmless(name="exposure", change=harm.exposure, severity=0.95),
    Harmless(name="exposure", change=harm.exposure, severity=1.05),
    Harmless(name="other ground", change=harm.reground, severity=1),
    Harmless(name="resized and back", change=harm.resized, severity=0.75),
)

NEVER: Final = ("characters lost", "label rotated, °", "label removed", "hue turned, °")
"""Defects of text and hue: none that counts may be accepted."""
