"""The pictures: which are styled, whether they can be read, and where variants are put."""

from __future__ import annotations

import uuid
from typing import Final

from django.core.files.base import ContentFile

from shop_style.checkup.finding import Area, Findings
from shop_style.exceptions import ShopStyleError
from shop_style.generation.limits import intake_limits
from shop_style.imaging.intake import decode
from shop_style.models.storage import prefixed, variant_storage
from shop_style.sources import Source, SourceImage, sources

READ: Final = 3
"""Pictures of each source that are opened, the newest: enough to find a storage that is away."""

_PROBE: Final = b"shop_style_check"


def check_sources() -> Findings:
    """Does each source hold pictures, and do the newest decode?"""
    area = Area("sources")
    try:
        found = sources()
    except ShopStyleError as error:
        yield area.wrong(str(error), "Write each as app_label.Model.field in SHOP_STYLE.")
        return
    if not found:
        yield area.wrong(
            "SHOP_STYLE['SOURCES'] is empty: no picture can be styled",
            'Name the image fields, such as "catalogue.ProductImage.original".',
        )
    for source in found:
        yield from _check_source(area, source)


def _check_source(area: Area, source: Source) -> Findings:
    rows = source.model._default_manager
    number = rows.count()
    with_file = rows.exclude(**{source.field: ""}).order_by("-pk")[:READ]
    pictures = [SourceImage(source, row) for row in with_file]
    pictures = [picture for picture in pictures if picture.name]
    if not pictures:
        yield area.notice(
            f"{source.label}: {number} rows, none with a file", "Upload a picture and check again."
        )
        return
    limits, bad = intake_limits(), 0
    for picture in pictures:
        try:
            decode(picture.read(at_most=limits.max_bytes), name=picture.name, limits=limits)
        except ShopStyleError as error:
            bad += 1
            yield area.wrong(f"{error} ({error.code})", "Replace the file, or raise the limit.")
        except OSError as error:
            bad += 1
            yield area.wrong(f"{picture}: {error}", "Is the host's storage there, and readable?")
    if not bad:
        yield area.right(
            f"{source.label}: {number} rows; the newest {len(pictures)} files are pictures"
        )


def check_storage() -> Findings:
    """Can a variant be put, read back, addressed and removed?"""
    area = Area("storage")
    storage, name = variant_storage(), prefixed(f"check-{uuid.uuid4().hex}.txt")
    kept = ""
    try:
        kept = storage.save(name, ContentFile(_PROBE))
        with storage.open(kept, "rb") as stream:
            same = stream.read() == _PROBE
        address = storage.url(kept)
    except Exception as error:  # storage clients have error families of their own
        yield area.wrong(
            f"{type(storage).__name__} fails: {type(error).__name__}: {error}",
            "Look at STORAGES and at the rights of this process.",
        )
        return
    finally:
        if kept:
            storage.delete(kept)
    if not same:
        yield area.wrong(
            f"{type(storage).__name__} gives back other bytes than were put in",
            "Variants cannot be served from it; name another alias in SHOP_STYLE['STORAGE'].",
        )
        return
    folder = address.split("?")[0].removesuffix(kept)
    yield area.right(f"{type(storage).__name__} keeps files and serves them from {folder}")
