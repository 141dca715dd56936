"""A scorecard as layers over its pictures: outline, heat maps, and boxes where to look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from shop_style.admin.advice import advice_for, short_reason
from shop_style.admin.measures import MAPPED, MeasureWords, worst_tile
from shop_style.admin.thumbnails import file_url
from shop_style.generation.wording import reason_in_words
from shop_style.imaging.sheet import HEAT
from shop_style.models import StyleVariant

Box = Sequence[float]

_NUMBER_STEP = 24

_PRODUCT_HINT = _("Where the product was found: what lies inside is what was measured as product.")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One thing to lay over the pictures. worst: its value at its worst spot. beyond: is a reason
    about it? clear, full: what the ends of its scale of heat stand for."""

    key: str
    name: Any
    hint: Any = ""
    worst: str = ""
    beyond: bool = False
    clear: str = ""
    full: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a reason's number stands, in pixels from its box's corner."""

    number: int
    x: int


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A box over the pictures, in per cent of their width and height.

    layer: with which it is shown. numbers: of the reasons that it belongs to. ends: does its
    caption run to the left, because there is no room to the right?
    """

    layer: str
    numbers: tuple[int, ...]
    left: str
    top: str
    width: str
    height: str
    ends: bool
    caption: str = ""

    @property
    def places(self) -> list[Place]:
        """Where its numbers stand, side by side into the picture."""
        return [Place(number=number, x=self._along(at)) for at, number in enumerate(self.numbers)]

    @property
    def caption_shift(self) -> int:
        """Pixels that its caption makes room for its numbers."""
        return self._along(len(self.numbers)) - self._along(1) // 3 if self.numbers else 0

    def _along(self, places: int) -> int:
        return -_NUMBER_STEP * places if self.ends else _NUMBER_STEP * places


@dataclass(frozen=True, kw_only=True)
class ReasonShown:
    """A reason as the page tells it. spot: number of the box to look at, None for none.
    own_place: is the box what the reason is about, or only where it is worst?"""

    number: int
    text: str
    short: str
    next_step: Any
    layer: str
    spot: int | None
    own_place: bool


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that the pictures of a variant's page show. chosen: key of the layer shown first."""

    sheet_url: str
    layers: tuple[Layer, ...]
    chosen: str
    tiles: tuple[Mark, ...]
    spots: tuple[Mark, ...]
    reasons: tuple[ReasonShown, ...]


@dataclass
class _Spot:
    box: Box
    numbers: list[int] = field(default_factory=list)


def evidence_of(variant: StyleVariant) -> Evidence:
    """What is there to show; rows of older versions have no sheet, and boxes alone."""
    card: Mapping[str, Any] = variant.scorecard or {}
    shown = [words for words in MAPPED if worst_tile(card, words.key)]
    # A retired variant keeps the name of its sheet, but no files.
    sheet_url = file_url(variant.evidence.storage, variant.evidence.name) if variant.image else ""
    spots = _spots(variant, card)
    beyond = {advice_for(str(reason["code"])).layer for reason in variant.reasons}
    overview = _overview(bool(sheet_url), bool(spots))
    layers = (
        Layer(key="none", name=_("Picture only")),
        *overview,
        *(_layer(words, card, words.key in beyond, bool(sheet_url)) for words in shown),
    )
    numbers = _numbers_by_layer(variant)
    size = card.get("size")
    return Evidence(
        sheet_url=sheet_url,
        layers=layers,
        chosen=overview[0].key if overview else layers[-len(shown)].key if shown else "none",
        tiles=tuple(
            _mark(
                worst_tile(card, words.key)["box"],
                size,
                layer=words.key,
                numbers=numbers.get(words.key, ()),
                caption=words.unit.written(worst_tile(card, words.key)["value"]),
            )
            for words in shown
            if _fits(size)
        ),
        spots=tuple(
            _mark(spot.box, size, layer="outline", numbers=tuple(spot.numbers)) for spot in spots
        ),
        reasons=tuple(_reasons(variant, spots, {layer.key for layer in layers})),
    )


def _overview(has_sheet: bool, has_spots: bool) -> tuple[Layer, ...]:
    if not (has_sheet or has_spots):
        return ()
    name = _("Product outline") if has_sheet else _("Reasons")
    hint = _("Numbered boxes belong to the reasons.")
    return (Layer(key="outline", name=name, hint=hint if has_spots else _PRODUCT_HINT),)


def _layer(words: MeasureWords, card: Mapping[str, Any], beyond: bool, has_sheet: bool) -> Layer:
    heat = HEAT[words.key]
    return Layer(
        key=words.key,
        name=words.name,
        hint=words.hint,
        worst=words.unit.written(worst_tile(card, words.key)["value"]),
        beyond=beyond,
        clear=words.unit.written(heat.clear) if has_sheet else "",
        full=words.unit.written(heat.full) if has_sheet else "",
    )


def _spots(variant: StyleVariant, card: Mapping[str, Any]) -> list[_Spot]:
    """A box for each place that reasons point at; reasons of one place share it."""
    found: dict[tuple[float, ...], _Spot] = {}
    if not _fits(card.get("size")):
        return []
    for number, reason in enumerate(variant.reasons, start=1):
        box = _box(reason, card)
        if box:
            found.setdefault(tuple(box), _Spot(box)).numbers.append(number)
    return list(found.values())


def _box(reason: Mapping[str, Any], card: Mapping[str, Any]) -> Box | None:
    """A reason's own box, else where its measure is worst."""
    own: Box | None = reason.get("box")
    return own or worst_tile(card, advice_for(str(reason["code"])).layer).get("box")


def _reasons(
    variant: StyleVariant, spots: Sequence[_Spot], layers: set[str]
) -> Sequence[ReasonShown]:
    spot_of = {number: spot.numbers[0] for spot in spots for number in spot.numbers}
    shown = []
    for number, reason in enumerate(variant.reasons, start=1):
        advice = advice_for(str(reason["code"]))
        shown.append(
            ReasonShown(
                number=number,
                text=reason_in_words(reason, variant),
                short=short_reason(reason),
                next_step=advice.next_step,
                layer=advice.layer if advice.layer in layers else "",
                spot=spot_of.get(number),
                own_place=bool(reason.get("box")),
            )
        )
    return shown


def _numbers_by_layer(variant: StyleVariant) -> dict[str, tuple[int, ...]]:
    numbers: dict[str, tuple[int, ...]] = {}
    for number, reason in enumerate(variant.reasons, start=1):
        layer = advice_for(str(reason["code"])).layer
        numbers[layer] = (*numbers.get(layer, ()), number)
    return numbers


def _fits(size: Any) -> bool:
    return isinstance(size, (list, tuple)) and len(size) == 2 and all(size)


def _mark(box: Box, size: Any, *, layer: str, numbers: tuple[int, ...], caption: str = "") -> Mark:
    (x0, y0, x1, y1), (width, height) = box, size
    return Mark(
        layer=layer,
        numbers=numbers,
        left=_per_cent(x0, width),
        top=_per_cent(y0, height),
        width=_per_cent(x1 - x0, width),
        height=_per_cent(y1 - y0, height),
        ends=x0 > width / 2,
        caption=caption,
    )


def _per_cent(part: float, whole: float) -> str:
    # Not a template filter: a locale's decimal comma would break the CSS.
    return f"{100 * part / whole:.2f}%"
