"""The demo's three styles: which engine, region and parameters, and the bundled reference."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction

from shop_style.demo.errors import DemoError
from shop_style.models import Style, StyleReference
from shop_style.models.style import Region
from shop_style.transfer.registry import engine_entry


@dataclass(frozen=True, kw_only=True)
class DemoStyle:
    """One style as the demo sets it up. strength: None searches the largest that passes."""

    slug: str
    engine: str
    region: str
    parameters: dict[str, Any] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)
    strength: float | None = 1.0


_RECOGNISABLE = {"max_delta_e": 20.0}
"""The artistic gate judges shape and print, not colour; the demo's products keep some of theirs."""

_HALF = 0.5
"""Strokes beside the product's own detail; at 1 the gate still passes what hides small print."""

_OWN_COLOURS = {"luma_gain": 0.8, "chroma_gain": 0.3}
"""A teal mug that turns blue or black is another mug: most of the colour stays the product's."""

STYLES = (
    DemoStyle(
        slug="grade",
        engine="grade",
        region=Region.WHOLE,
        # More than the engine's default takes: the search for a strength holds it to the gate.
        parameters={"lightness": 0.6, "chroma": 1.0},
        strength=None,
    ),
    DemoStyle(
        slug="painterly",
        engine="network",
        region=Region.PRODUCT,
        parameters={"style": "painterly", **_OWN_COLOURS},
        thresholds=_RECOGNISABLE,
        strength=_HALF,
    ),
    DemoStyle(
        slug="linocut",
        engine="network",
        region=Region.PRODUCT,
        parameters={"style": "linocut", **_OWN_COLOURS},
        thresholds=_RECOGNISABLE,
        strength=_HALF,
    ),
)


def load_styles(folder: Path) -> dict[str, Style]:
    """The demo's styles by slug, added where missing. What a person changed is left as it is.

    Raises DemoError naming what is missing.
    """
    listing = folder / "styles.json"
    try:
        entries = {item["slug"]: item for item in json.loads(listing.read_text(encoding="utf-8"))}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DemoError(f"the demo's styles {listing} cannot be read: {error}") from error
    missing = [style.slug for style in STYLES if style.slug not in entries]
    if missing:
        raise DemoError(f"{listing} has no {', '.join(missing)}")
    return {style.slug: _load_style(folder, style, entries[style.slug]) for style in STYLES}


def _load_style(folder: Path, wanted: DemoStyle, entry: dict[str, str]) -> Style:
    found = Style.objects.filter(slug=wanted.slug).first()
    if found is not None:
        return found
    with transaction.atomic():
        style = Style.objects.create(
            slug=wanted.slug,
            name=entry["name"],
            engine=wanted.engine,
            region=wanted.region,
            parameters=wanted.parameters,
            thresholds=wanted.thresholds,
            strength=wanted.strength,
        )
        if engine_entry(wanted.engine).needs_references:
            _add_reference(style, folder / entry["file"], entry)
    return style


def _add_reference(style: Style, path: Path, entry: dict[str, str]) -> None:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DemoError(f"the demo's style picture {path} cannot be read: {error}") from error
    reference = StyleReference(
        style=style, licence=entry["licence"], source=entry.get("source", "")
    )
    reference.image.save(path.name, ContentFile(data), save=True)
