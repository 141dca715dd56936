"""A variant's scorecard as rows of a table, each held to the limits of its style."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shop_style.admin.advice import advice_for
from shop_style.admin.measures import (
    COLOUR,
    MAPPED,
    PIXELS,
    PLAIN,
    SINGLE,
    MeasureWords,
    Unit,
    worst_tile,
)
from shop_style.exceptions import ShopStyleError
from shop_style.generation.recipe import thresholds_of
from shop_style.models import StyleVariant
from styleeval.preservation.limits import LIMITS
from styleeval.preservation.report import Scorecard

logger = logging.getLogger(__name__)

Card = Mapping[str, Any]

PLACES: Mapping[str, tuple[str, str]] = {
    "min_ssim": ("ssim", "product"),
    "min_worst_ssim": ("ssim", "worst_tile"),
    "max_perceptual": ("perceptual", "product"),
    "max_worst_perceptual": ("perceptual", "worst_tile"),
    "max_delta_e": ("delta_e", "product"),
    "max_delta_e_p95": ("delta_e", "product_p95"),
    "max_worst_delta_e": ("delta_e", "worst_tile"),
    "max_hue": ("hue", "product"),
    "max_worst_hue": ("hue", "worst_tile"),
    "min_detail": ("detail", "product"),
    "min_worst_detail": ("detail", "worst_tile"),
    "max_worst_displacement": ("displacement", "worst_tile"),
    "max_displacement": ("displacement", "product"),
    "min_text": ("text", "product"),
    "min_worst_text": ("text", "worst_tile"),
    "min_characters": ("characters", "product"),
    "min_shading": ("shading", "product"),
    "min_silhouette": ("silhouette", "product"),
    "max_outline_lost": ("outline_lost", "product"),
    "max_outline_moved": ("outline_moved", "product"),
    "max_edge": ("edge", "product"),
    "max_halo": ("halo", "product"),
    "min_white_kept": ("white_kept", "product"),
}
"""Which row of the table, and which of its numbers, a threshold is about."""

OTHER_ROWS = {
    "min_mask_confidence": (
        _("Product found"),
        _("How sure it is where the product lies; 1 is certain."),
        PLAIN,
    ),
    "min_change": (
        pgettext_lazy("of a picture", "Change"),
        _("What a shopper would see of the look."),
        COLOUR,
    ),
    "min_change_outside": (
        _("Change around it"),
        _("What a shopper would see of the new background."),
        COLOUR,
    ),
}
"""Rows of thresholds that are about no measure of the product: name, hint and unit."""

_PLACE_NAMES = {"worst_tile": _("worst spot"), "product_p95": _("worst 5 %")}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A number of the table, or a dash where there is none. beyond: is it over its limit?"""

    text: str = "–"
    beyond: bool = False
    empty: bool = False


NONE = Cell(empty=True)


@dataclass(frozen=True, kw_only=True)
class Held:
    """A limit and what it was held against. place: empty for the product as a whole."""

    place: str
    text: str
    holds: bool
    code: str


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """One measure: on the product, at its worst spot, around it, with its limits."""

    name: Any
    hint: Any
    product: Cell
    worst: Cell = NONE
    around: Cell = NONE
    limits: tuple[Held, ...] = ()

    @property
    def broken(self) -> list[Held]:
        """The limits that it is beyond."""
        return [limit for limit in self.limits if not limit.holds]


def score_rows(variant: StyleVariant) -> list[ScoreRow]:
    """The score table; empty for a variant without a scorecard."""
    card: Card = variant.scorecard or {}
    if not card:
        return []
    bounds = _bounds(variant)
    rows = [_mapped(words, card, bounds) for words in MAPPED if worst_tile(card, words.key)]
    rows += [_single(words, card, bounds) for words in SINGLE if _numbers(card, words.key)]
    rows += _others(card, bounds)
    return [*rows, *_moved(card)]


def limits_moved(variant: StyleVariant, rows: list[ScoreRow]) -> bool:
    """Would the style's limits of today judge it otherwise than those it was judged by?"""
    held = {limit.code: limit.holds for row in rows for limit in row.limits}
    judged = {str(reason["code"]) for reason in variant.reasons}
    return variant.passed is not None and any(
        holds == (code in judged) for code, holds in held.items()
    )


def _bounds(variant: StyleVariant) -> dict[str, float]:
    """The limits that are set, by the name of their threshold."""
    try:
        held = thresholds_of(variant.style, variant.overrides.get("region"))
    except (ShopStyleError, KeyError, TypeError):  # an engine, a mode or a name that is no more
        logger.warning("style %s: its limits cannot be told", variant.style, exc_info=True)
        return {}
    return {name: bound for name, bound in dataclasses.asdict(held).items() if bound is not None}


def _mapped(words: MeasureWords, card: Card, bounds: Mapping[str, float]) -> ScoreRow:
    measure = card[words.key]
    values = {
        "product": measure["product"],
        "product_p95": measure["product_p95"],
        "worst_tile": worst_tile(card, words.key)["value"],
    }
    limits = tuple(_held(words, values, bounds))
    return ScoreRow(
        name=words.name,
        hint=words.hint,
        product=_cell(words.unit, values["product"], limits, ""),
        worst=_cell(words.unit, values["worst_tile"], limits, _place("worst_tile")),
        around=_cell(words.unit, measure.get("outside") if words.around else None, (), ""),
        limits=limits,
    )


def _single(words: MeasureWords, card: Card, bounds: Mapping[str, float]) -> ScoreRow:
    values = _numbers(card, words.key)
    limits = tuple(_held(words, values, bounds))
    worst = values.get("worst_tile")
    return ScoreRow(
        name=words.name,
        hint=words.hint,
        product=_cell(words.unit, values["product"], limits, ""),
        worst=_cell(words.unit, worst, limits, _place("worst_tile")),
        limits=limits,
    )


def _numbers(card: Card, key: str) -> dict[str, float]:
    """A single measure's number, and its worst line's where it has lines; empty for none."""
    found = {"product": card.get(key)}
    if key in ("text", "characters"):
        said = card.get("text") or {}
        read = key == "characters"
        found = {"product": said.get("share" if read else "edges")}
        if read and said.get("method") != "ocr":
            return {}
        if not read and said.get("worst") is not None:
            found["worst_tile"] = said["worst"]
    if found["product"] is None:
        return {}
    return {place: float(value) for place, value in found.items() if value is not None}


def _held(
    words: MeasureWords, values: Mapping[str, float], bounds: Mapping[str, float]
) -> Iterator[Held]:
    for name, (key, place) in PLACES.items():
        if key == words.key and name in bounds and place in values:
            yield _held_to(name, bounds[name], values[place], words.unit, place)


def _held_to(name: str, bound: float, value: float, unit: Unit, place: str = "product") -> Held:
    limit = LIMITS[name]
    said = _now("at least %s") if limit.sense == "least" else _now("at most %s")
    text = said % unit.written(bound)
    if place == "product_p95":  # the only number without a column
        text = _now("%(value)s, %(limit)s") % {"value": unit.written(value), "limit": text}
    return Held(place=_place(place), text=text, holds=limit.holds(value, bound), code=limit.code)


def _others(card: Card, bounds: Mapping[str, float]) -> Iterator[ScoreRow]:
    """Rows of the limits that no measure above has, those that are unknown here too."""
    for name, bound in bounds.items():
        value = None if name in PLACES else _value(name, card)
        if value is None:
            continue
        title, hint, unit = OTHER_ROWS.get(name, (advice_for(LIMITS[name].code).name, "", PLAIN))
        held = (_held_to(name, bound, value, unit),)
        yield ScoreRow(name=title, hint=hint, product=_cell(unit, value, held, ""), limits=held)


def _value(name: str, card: Card) -> float | None:
    try:
        return LIMITS[name].value(Scorecard.from_dict(card))
    except (ValueError, KeyError, TypeError):  # a card of another version of the schema
        return card.get("mask_confidence") if name == "min_mask_confidence" else None


def _moved(card: Card) -> Iterator[ScoreRow]:
    right, down = card.get("shift") or (0, 0)
    if not (right or down):
        return
    across = _now("%s right") if right >= 0 else _now("%s left")
    along = _now("%s down") if down >= 0 else _now("%s up")
    text = f"{across % PIXELS.written(abs(right))}, {along % PIXELS.written(abs(down))}"
    yield ScoreRow(
        name=_("Moved by"),
        hint=_("Taken away before all else was measured."),
        product=Cell(text=text),
    )


def _cell(unit: Unit, value: float | None, limits: tuple[Held, ...], place: str) -> Cell:
    if value is None:
        return NONE
    beyond = any(limit.place == place and not limit.holds for limit in limits)
    return Cell(text=unit.written(value), beyond=beyond)


def _place(place: str) -> str:
    return str(_PLACE_NAMES.get(place, ""))
