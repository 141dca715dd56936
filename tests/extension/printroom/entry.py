"""What web processes see of the engine: its name, its parameters, and where it is."""

from __future__ import annotations

import dataclasses
from typing import Literal

from shop_style.transfer import EngineEntry
from shop_style.transfer.parameters import EngineParameters, bounded, chosen


@dataclasses.dataclass(frozen=True, kw_only=True)
class HalftoneParameters(EngineParameters):
    """A picture printed in one ink."""

    pitch: int = bounded(6, 3, 64, "pixels from one dot to the next")
    angle: float = bounded(45.0, 0.0, 90.0, "turn of the rows of dots, in degrees")
    ink: Literal["blue", "red", "black"] = chosen("blue", "what it is printed with")


HALFTONE = EngineEntry(
    name="halftone",
    label="Halftone print",
    path="printroom.halftone:HalftoneEngine",
    parameters=HalftoneParameters,
    mode="artistic",
    needs_references=False,
    trained=False,
    typical_seconds=1.0,
)
