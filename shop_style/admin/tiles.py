"""A variant as a tile of a board, from its columns alone: neither scorecard nor storage is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from shop_style.admin.advice import short_reason
from shop_style.admin.measures import MAPPED, Unit
from shop_style.admin.studio_links import board_page, variant_studio
from shop_style.admin.thumbnails import variant_url
from shop_style.generation.acceptance_text import per_cent
from shop_style.models import Status, StyleVariant
from shop_style.models.style import Region

_WORDS = {words.key: words for words in MAPPED}
_TEMPLATE = "admin/shop_style/reviewboard/tile.html"


@dataclass(frozen=True, kw_only=True)
class Tile:
    """What a tile shows. anchor: the page's address with this variant in the viewer; viewer: of
    the viewer alone. waits: is it still to be rendered?"""

    variant: StyleVariant
    name: str
    thumbnail: str
    score: str
    chance: str
    recipe: str
    anchor: str
    viewer: str
    decide: str
    waits: bool
    share: int


def tile_rows(variants: QuerySet[StyleVariant]) -> QuerySet[StyleVariant]:
    """With what tiles need and no more: scorecards are long."""
    return variants.select_related("style", "content_type").defer("scorecard")


def tile_of(site: AdminSite, variant: StyleVariant, *, anchor: str = "") -> Tile:
    """A tile. No query for a row of `tile_rows`."""
    ready = variant.status == Status.READY
    return Tile(
        variant=variant,
        name=product_name(variant),
        thumbnail=variant_url(variant) if ready else "",
        score=score_in_words(variant),
        chance="" if variant.acceptance is None else per_cent(variant.acceptance),
        recipe=recipe_in_words(variant),
        anchor=anchor or variant_studio(site, variant, at=True),
        viewer=board_page(site, "viewer", variant.pk),
        decide=board_page(site, "decide", variant.pk),
        waits=variant.status in (Status.PENDING, Status.RUNNING),
        share=round(100 * variant.progress),
    )


def tile_html(site: AdminSite, variant: StyleVariant, *, anchor: str = "") -> SafeString:
    """The tile as a board shows it."""
    return render_to_string(_TEMPLATE, {"tile": tile_of(site, variant, anchor=anchor)})


def product_name(variant: StyleVariant) -> str:
    """The picture's file name as a person reads it."""
    return PurePosixPath(variant.source_name).stem


def score_in_words(variant: StyleVariant) -> str:
    """ "Colour 13.4 ΔE, and 2 more" of what failed; structure and colour of what passed."""
    if variant.passed is False and variant.reasons:
        more = len(variant.reasons) - 1
        rest = ngettext("and %d more", "and %d more", more) % more if more else ""
        first = short_reason(variant.reasons[0])
        return f"{first}, {rest}" if rest else first
    values = {"ssim": variant.ssim, "delta_e": variant.delta_e}
    told = [_written(key, value) for key, value in values.items() if value is not None]
    return ", ".join(told)


def recipe_in_words(variant: StyleVariant) -> str:
    """What was asked for besides the style, and the strength that came of it; may be empty."""
    asked: dict[str, Any] = variant.overrides or {}
    strength = variant.strength_used
    if strength is None:
        strength = asked.get("strength")
    parts = []
    if strength is not None:
        parts.append(gettext("strength %s") % Unit(decimals=2).written(strength))
    elif "strength" in asked:
        parts.append(gettext("automatic strength"))
    if asked.get("region") in Region.values:
        parts.append(str(Region(asked["region"]).label))
    return ", ".join(parts)


def _written(key: str, value: float) -> str:
    words = _WORDS[key]
    return f"{words.name} {words.unit.written(value)}"
