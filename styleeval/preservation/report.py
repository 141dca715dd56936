"""The scorecard: every measure of one styled picture, on the product and around it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from styleeval.preservation.ground import Frame
from styleeval.preservation.measure import Measure

if TYPE_CHECKING:
    from styleeval.preservation.text import PlaceKept, TextKept

Box = tuple[int, int, int, int]
Method = Literal["ocr", "edges", "none"]

MEASURES = ("ssim", "perceptual", "delta_e", "hue", "detail", "displacement")
"""The measures that have a value at every place."""


_SHORTEST_LINE = 4
"""Letters below which losing one would weigh too much."""


def _is_line(place: PlaceKept) -> bool:
    if place.characters is not None:
        return place.characters >= _SHORTEST_LINE
    left, top, right, bottom = place.box
    # A letter is about half as wide as a line is high.
    return 2 * max(right - left, bottom - top) >= _SHORTEST_LINE * min(right - left, bottom - top)


@dataclass(frozen=True, kw_only=True)
class Print:
    """What is left of the product's print: see `text.TextKept`, whose worst place's box this keeps.

    share, edges: 0–1, None where the original shows no print that counts. worst: the edges of
    the line that lost most, of those long enough to judge.
    """

    method: Method
    share: float | None
    worst: float | None
    edges: float | None
    characters: int | None
    kept: int | None
    box: Box | None

    @classmethod
    def of(cls, found: TextKept) -> Self:
        """The part of it that a scorecard keeps."""
        worst = found.worst
        told = worst is not None
        return cls(
            method=found.method,
            share=found.share if told else None,
            worst=min((place.edges for place in found.places if _is_line(place)), default=None),
            edges=found.edges if told else None,
            characters=found.characters,
            kept=found.kept,
            box=None if worst is None else worst.box,
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of dataclasses.asdict, also after JSON."""
        box = values["box"]
        if box is not None:
            x0, y0, x1, y1 = box
            box = (x0, y0, x1, y1)
        return cls(**{**values, "box": box})


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """How truthfully a candidate shows the original's product.

    ssim: luma SSIM, 1 is equal. perceptual: LPIPS or ST-LPIPS, 0 is equal; perceptual_name says
    which. delta_e: ΔE00, 0 is equal. hue: degrees between hues, where both have colour. detail:
    the share of the original's fine detail still there. displacement: pixels that places moved,
    at the size where scores are taken.
    outline_moved: see `silhouette.SilhouetteKept`; None on another ground, and on older cards.
    silhouette, edge, outline_lost, halo: see `outline.Outline`. white_kept: see
    `ground.white_kept`. None where there is nothing to tell by.
    shading: correlation of light and shade on the product, 1 is equal.
    text: what is left of the product's print.
    shift: (right, down) in pixels, taken away before all else was measured.
    mask_coverage: the product's share of the picture. size: width and height in pixels of the
    pictures compared, before scaling.
    """

    schema: ClassVar[int] = 2

    ssim: Measure
    perceptual: Measure
    delta_e: Measure
    hue: Measure
    detail: Measure
    displacement: Measure
    silhouette: float | None
    edge: float | None
    outline_lost: float | None
    halo: float | None
    shading: float
    white_kept: float | None
    text: Print
    frame: Frame
    shift: tuple[float, float]
    perceptual_name: str
    mask_coverage: float
    mask_confidence: float
    size: tuple[int, int]
    outline_moved: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts, with the schema's number."""
        return {"schema": self.schema, **json.loads(json.dumps(dataclasses.asdict(self)))}

    def to_json(self) -> str:
        """`as_dict` as JSON; the same card gives the same text."""
        return json.dumps(self.as_dict(), sort_keys=True, allow_nan=False)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `as_dict`. Raises ValueError for another schema."""
        if values.get("schema") != cls.schema:
            raise ValueError(
                f"scorecard schema {values.get('schema')!r} is not {cls.schema}; score again"
            )
        plain = {name: value for name, value in values.items() if name != "schema"}
        across, down = values["shift"]
        width, height = values["size"]
        measures = {name: Measure.from_dict(values[name]) for name in MEASURES}
        return cls(
            **{
                **plain,
                **measures,
                "text": Print.from_dict(values["text"]),
                "frame": Frame(**values["frame"]),
                "shift": (across, down),
                "size": (width, height),
            }
        )
