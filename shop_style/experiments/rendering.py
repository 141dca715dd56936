"""A picture as a page shows it: addresses, sizes, words, and where its pixels come from."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from django.db import models
from django.db.models.fields.files import (
    FieldFile,
    FileDescriptor,
    ImageFieldFile,
    ImageFileDescriptor,
)
from django.utils.module_loading import import_string

from shop_style.conf import app_settings
from shop_style.experiments.shown import Shown, address
from shop_style.models import StyleVariant
from shop_style.sources import SourceImage

logger = logging.getLogger(__name__)

ALT_NAMES: Final = ("alt", "alt_text", "caption", "title", "name")


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
    def is_disclosed(self) -> bool:
        """Do the settings put words behind it that say what it is?"""
        kind = app_settings().DISCLOSURE
        return self.is_styled and (kind == "all" or (kind == "trained" and self.is_trained))

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


def control_rendering(picture: SourceImage, variant: Shown | None) -> Rendering:
    """The original as an experiment shows it: in the widths, formats and size of a variant.

    variant: one of the picture's, whose row lists them; the host's own file is shown where it
    has none. Otherwise a lighter file, and not the look, could earn the clicks.
    Raises what its storage raises.
    """
    if variant is None:
        return original_rendering(picture)
    own = _original_url(picture)
    width, height = variant.width, variant.height
    if not (width and height):
        stored = _stored_size(picture)
        width, height = width or stored[0], height or stored[1]
    sources, src = variant.original_addresses() if variant.lists_originals else ((), "")
    words = alternative_text(picture.instance)
    return _rendering(src or own, words, width, height, sources, original=own)


def variant_rendering(picture: SourceImage, variant: Shown | StyleVariant) -> Rendering:
    """A variant of the picture. Raises what its storage raises, ValueError when it has no files."""
    shown = variant if isinstance(variant, Shown) else Shown.of(variant)
    sources, src = shown.addresses()
    return _rendering(
        src or shown.image_address(),
        alternative_text(picture.instance),
        shown.width,
        shown.height,
        sources,
        digital_source_type=shown.digital_source_type,
        style=shown.style,
        style_name=shown.style_name,
        original=_original_url(picture),
    )


@lru_cache(maxsize=4_096)
def _rendering(
    src: str,
    alt: str,
    width: int | None,
    height: int | None,
    sources: tuple[tuple[str, str], ...],
    **rest: str,
) -> Rendering:
    """The one with these values: most pages show what others showed."""
    return Rendering(src=src, alt=alt, width=width, height=height, sources=sources, **rest)


def alternative_text(row: models.Model) -> str:
    """What the picture shows, in words, by SHOP_STYLE["ALT_TEXT"] or the row's own columns.

    Not by `str(row)`: many a child row names its product there, which is a query for each tile.
    """
    try:
        path = app_settings().ALT_TEXT
        if path:
            given: Callable[[Any], object] = import_string(path)
            return str(given(row))
        for name in ALT_NAMES:
            value = row.__dict__.get(name)
            if value:
                return str(value)
        return ""
    except Exception:  # the host's own code or settings; better no words than no page
        logger.exception("no alternative text for %s %s", row._meta.label, row.pk)
        return ""


def original_columns(model: type[models.Model], field_name: str) -> tuple[str, ...]:
    """The columns that a page reads of an original: the file's name, its width and height."""
    return (field_name, *_size_columns(model, field_name))


def _original_url(picture: SourceImage) -> str:
    row, field_name = picture.instance, picture.source.field
    try:
        stored = row.__dict__.get(field_name)
        if type(stored) is str and holds_plain_files(type(row), field_name):
            # As its FieldFile would say, which takes longer to make.
            field: Any = row._meta.get_field(field_name)
            return address(field.storage, stored) if stored else ""
        file = picture.source.file_of(row)
        if not file:
            return ""
        # A field of the host's own kind may answer for itself.
        own = type(file).url is not FieldFile.url
        return str(file.url if own else address(file.storage, str(file.name)))
    except Exception:  # its storage may raise anything
        logger.exception("%s has no address", picture)
        return ""


@lru_cache(maxsize=256)
def holds_plain_files(model: type[models.Model], field_name: str) -> bool:
    """Is it a field of Django's own kind, whose file is where its storage says?"""
    field = model._meta.get_field(field_name)
    return (
        isinstance(field, models.FileField)
        and field.attr_class in (FieldFile, ImageFieldFile)
        and type(getattr(model, field_name)) in (FileDescriptor, ImageFileDescriptor)
    )


def _stored_size(picture: SourceImage) -> tuple[int | None, int | None]:
    """From the host's columns; asking the file would open it."""
    names = _size_columns(type(picture.instance), picture.source.field)
    if not names:
        return None, None
    width, height = (picture.instance.__dict__.get(name) for name in names)
    return width, height


@lru_cache(maxsize=256)
def _size_columns(model: type[models.Model], field_name: str) -> tuple[str, ...]:
    """Where the host keeps width and height; empty where it does not keep both."""
    field = model._meta.get_field(field_name)
    names = (getattr(field, "width_field", None), getattr(field, "height_field", None))
    return tuple(map(str, names)) if all(names) else ()
