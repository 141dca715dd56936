"""What each reason means for a merchandiser: its short name, where to look, what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shop_style.admin.measures import COLOUR, MEASURES, PLAIN, Unit
from shop_style.models import StyleVariant
from styleeval.preservation.limits import LIMITS


@dataclass(frozen=True, kw_only=True)
class Advice:
    """name: short, for a list. next_step: one sentence. layer: the row of the evidence sheet that
    shows it, empty for none. unit: of its number."""

    name: Any
    next_step: Any
    layer: str = ""
    unit: Unit = PLAIN


_GENTLER = _("Lower the strength, or pick a gentler look.")
_STRENGTH = _("Lower the strength on the product, or leave it empty to have it searched for.")
_COLOURS = _("Lower the strength, set the colour lock, or pick a gentler look.")
_PRINT = _("Switch the text lock on, or lower the strength on the product.")
_MASK = _("Give the picture a product mask of its own, or a photo on a plain ground.")
_EDGES = _("Give the picture a product mask of its own, or choose another region.")
_STRONGER = _("Raise the strength, or pick a more different look.")


def _of(key: str, name: Any, next_step: Any) -> Advice:
    return Advice(name=name, next_step=next_step, layer=key, unit=MEASURES[key].unit)


def _along_outline(key: str, name: Any, next_step: Any) -> Advice:
    return Advice(name=name, next_step=next_step, layer="outline", unit=MEASURES[key].unit)


def _along_print(key: str, name: Any, next_step: Any) -> Advice:
    return Advice(name=name, next_step=next_step, layer="detail", unit=MEASURES[key].unit)


_OF_PRODUCT = frozenset(limit.code for limit in LIMITS.values() if limit.of_product)

ADVICE: Mapping[str, Advice] = {
    "structure": _of("ssim", _("Structure"), _GENTLER),
    "structure_spot": _of("ssim", _("Structure, one spot"), _PRINT),
    "detail": _of("detail", _("Fine detail"), _STRENGTH),
    "detail_spot": _of("detail", _("Fine detail, one spot"), _PRINT),
    "perceptual": _of("perceptual", _("Looks alike"), _STRENGTH),
    "perceptual_spot": _of("perceptual", _("Looks alike, one spot"), _PRINT),
    "colour": _of("delta_e", _("Colour"), _COLOURS),
    "colour_part": _of("delta_e", _("Colour, a part"), _COLOURS),
    "colour_spot": _of("delta_e", _("Colour, one spot"), _COLOURS),
    "hue": _of("hue", _("Hue"), _COLOURS),
    "hue_spot": _of("hue", _("Hue, one spot"), _COLOURS),
    "geometry": _of(
        "displacement",
        pgettext_lazy("a product that was warped", "Bent"),
        _("Pick a look with finer strokes, or lower the strength on the product."),
    ),
    "silhouette": _along_outline("silhouette", _("Outline"), _EDGES),
    "edge": _along_outline("edge", _("Edge"), _EDGES),
    "halo": _along_outline("halo", _("Halo"), _EDGES),
    "white": Advice(
        name=_("White kept"),
        next_step=_("Switch “keep white” on, or pick a look without a ground."),
        layer="delta_e",
        unit=MEASURES["white_kept"].unit,
    ),
    "text": _along_print("text", _("Print"), _PRINT),
    "text_line": _along_print("text", _("Print, one line"), _PRINT),
    "characters": _along_print("characters", _("Label"), _PRINT),
    "moved": _of(
        "displacement",
        pgettext_lazy("parts of a product", "Moved"),
        _("Pick a look with finer strokes, or lower the strength on the product."),
    ),
    "outline_lost": _along_outline("outline_lost", _("Outline lost"), _EDGES),
    "outline_moved": _along_outline("outline_moved", _("Outline moved"), _EDGES),
    "shading": Advice(
        name=_("Light and shade"),
        next_step=_("Raise the fabric's shading, or pick one with a smaller pattern."),
        unit=MEASURES["shading"].unit,
    ),
    "mask_uncertain": Advice(name=_("Mask uncertain"), next_step=_MASK, layer="outline"),
    "unchanged": Advice(name=_("Unchanged"), next_step=_STRONGER, layer="delta_e", unit=COLOUR),
    "background_unchanged": Advice(
        name=_("Background unchanged"), next_step=_STRONGER, layer="delta_e", unit=COLOUR
    ),
}


def advice_for(code: str) -> Advice:
    """The advice of a reason's code; that of one unknown here is general, and named after it."""
    general = Advice(name=code.replace("_", " ").capitalize(), next_step=_GENTLER)
    return ADVICE.get(code, general)


def short_reason(reason: Mapping[str, Any]) -> str:
    """A reason for a list: "Colour 13.4 ΔE". Rows of older versions have no number."""
    advice = advice_for(str(reason["code"]))
    value = reason.get("value")
    return str(advice.name) if value is None else f"{advice.name} {advice.unit.written(value)}"


def strength_sentence(variant: StyleVariant) -> str:
    """What the strength was and, where it was searched for, which limit held it; empty for none."""
    if variant.strength_used is None:
        return ""
    values = {"strength": Unit(decimals=2).written(variant.strength_used)}
    if not variant.bound_by:
        searched = variant.overrides.get("strength", variant.style.strength) is None
        full = _now("Strength %(strength)s: even the full look keeps the product true.")
        return (full if searched else _now("Strength %(strength)s.")) % values
    values["limit"] = str(advice_for(variant.bound_by).name)
    if _OF_PRODUCT & {str(reason["code"]) for reason in variant.reasons}:
        text = _now("Strength %(strength)s, the weakest tried; even that breaks: %(limit)s.")
    else:
        text = _now(
            "Strength %(strength)s, the strongest that keeps the product true; "
            "more would break: %(limit)s."
        )
    return text % values
