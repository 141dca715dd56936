"""A picture as a page shows it: addresses, sizes, words, and where its pixels come from."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from django.core.exceptions import SuspiciousOperation
from django.core.files.storage import FileSystemStorage
from django.db import models
from django.utils.module_loading import import_string

from shop_style.conf import app_settings
from shop_style.models import StyleVariant
from shop_style.models.variant import narrowest_first
from shop_style.sources import SourceImage

logger = logging.getLogger(__name__)

FORMATS: Final = ("avif", "webp", "jpeg")
_ALT_NAMES: Final = ("alt", "alt_text", "caption", "title", "name")


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """One picture.

    src: what a browser without srcset takes; empty where there is no picture. sources: MIME type
    and srcset of each format, best first. width, height: pixels of the largest, None where the
    host keeps no columns for them. digital_source_type: IPTC URI, empty for an original.
    original: address of the original, to fall back on.
    """

    src: str
    alt: str
    width: int | None = None
    height: int | None = None
    sources: tuple[tuple[str, str], ...] = ()
    digital_source_type: str = ""
    style: str = ""
    style_name: str = ""
    original: str = ""

    @property
    def srcset(self) -> str:
        """The srcset of the format that every browser knows."""
        return self.sources[-1][1] if self.sources else ""

    @property
    def is_styled(self) -> bool:
        """Is it a variant?"""
        return bool(self.style)

    @property
    def is_trained(self) -> bool:
        """Did a trained network compute its pixels, so that it must be disclosed as such?"""
        return self.is_styled and not self.digital_source_type.endswith(
            ("/algorithmicallyEnhanced", "/algorithmicMedia")
        )


def original_rendering(picture: SourceImage) -> Rendering:
    """The host's own file. It is not opened; one without an address gives no src."""
    src = _original_url(picture)
    width, height = _stored_size(picture)
    return Rendering(
        src=src,
        alt=alternative_text(picture.instance),
        width=width,
        height=height,
        original=src,
    )


def control_rendering(picture: SourceImage, variant: StyleVariant | None) -> Rendering:
    """The original as an experiment shows it: in the widths, formats and size of a variant.

    variant: one of the picture's, whose row lists them; the host's own file is shown where it
    has none. Otherwise a lighter file, and not the look, could earn the clicks.
    Raises what its storage raises.
    """
    plain = original_rendering(picture)
    if variant is None:
        return plain
    size = (variant.width or plain.width, variant.height or plain.height)
    plain = replace(plain, width=size[0], height=size[1])
    if not variant.original_renditions:
        return plain
    sources, src = _addresses(variant, variant.original_renditions)
    return replace(plain, src=src or plain.src, sources=sources)


def variant_rendering(picture: SourceImage, variant: StyleVariant) -> Rendering:
    """A variant of the picture. Raises what its storage raises, ValueError when it has no files."""
    sources, src = _addresses(variant, variant.renditions)
    return Rendering(
        src=src or variant.image.url,
        alt=alternative_text(picture.instance),
        width=variant.width,
        height=variant.height,
        sources=sources,
        digital_source_type=variant.digital_source_type,
        style=variant.style.slug,
        style_name=variant.style.name,
        original=_original_url(picture),
    )


def _addresses(
    variant: StyleVariant, renditions: list[dict[str, Any]]
) -> tuple[tuple[tuple[str, str], ...], str]:
    """Each format's srcset, best first, and the largest file of the one every browser knows."""
    url = variant.image.storage.url
    sources = []
    for name in FORMATS:
        files = narrowest_first(renditions, name)
        if files:
            srcset = ", ".join(f"{url(item['name'])} {item['width']}w" for item in files)
            sources.append((f"image/{name}", srcset))
    jpegs = narrowest_first(renditions, "jpeg")
    return tuple(sources), url(jpegs[-1]["name"]) if jpegs else ""


def has_files(variant: StyleVariant) -> bool:
    """Are a variant's files there, as far as can be told without a network?

    On this computer's disk a look is a few microseconds. Of a remote storage nothing is asked on
    a page's way: what is lost there is found when a browser reports it, and by `prune_variants`.
    """
    if not variant.renditions or not variant.image:
        return False
    storage = variant.image.storage
    if not isinstance(storage, FileSystemStorage):
        return True
    try:
        return os.path.exists(storage.path(str(variant.image.name)))
    except (NotImplementedError, SuspiciousOperation):
        return True


def alternative_text(row: models.Model) -> str:
    """What the picture shows, in words, by SHOP_STYLE["ALT_TEXT"] or the row's own columns.

    Not by `str(row)`: many a child row names its product there, which is a query for each tile.
    """
    try:
        path = app_settings().ALT_TEXT
        if path:
            given: Callable[[Any], object] = import_string(path)
            return str(given(row))
        for name in _ALT_NAMES:
            value = row.__dict__.get(name)
            if value:
                return str(value)
        return ""
    except Exception:  # the host's own code or settings; better no words than no page
        logger.exception("no alternative text for %s %s", row._meta.label, row.pk)
        return ""


def _original_url(picture: SourceImage) -> str:
    try:
        return str(picture.source.file_of(picture.instance).url) if picture.name else ""
    except Exception:  # its storage may raise anything
        logger.exception("%s has no address", picture)
        return ""


def _stored_size(picture: SourceImage) -> tuple[int | None, int | None]:
    """From the host's columns; asking the file would open it."""
    field = picture.instance._meta.get_field(picture.source.field)
    names = (getattr(field, "width_field", None), getattr(field, "height_field", None))
    if not all(names):
        return None, None
    width, height = (picture.instance.__dict__.get(str(name)) for name in names)
    return width, height
