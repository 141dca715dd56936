"""Small pictures of variants and originals, by stored names alone: storage is never asked."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.contrib.admin import AdminSite
from django.core.exceptions import FieldDoesNotExist
from django.core.files.storage import Storage
from django.db import router
from django.db.models import FileField
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from shop_style.admin.links import change_link
from shop_style.models import StyleReference, StyleVariant
from shop_style.models.variant import narrowest_first

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class VariantView:
    """A variant as the panel shows it."""

    variant: StyleVariant
    thumbnail: SafeString
    address: str
    """Empty for a variant of another database than the admin's."""


def variant_view(site: AdminSite, variant: StyleVariant) -> VariantView:
    """A variant with its thumbnail and the address of its admin page."""
    return VariantView(
        variant=variant,
        thumbnail=picture(variant_url(variant), alt=str(variant.style)),
        # Row numbers start over in each database, and the admin shows one.
        address=change_link(site, StyleVariant, variant.pk)
        if variant.database == router.db_for_read(StyleVariant)
        else "",
    )


def file_url(storage: Storage, name: str | None) -> str:
    """Address of a stored file, or an empty string where its storage gives none."""
    if not name:
        return ""
    try:
        return storage.url(name)
    except Exception:  # a storage may raise anything; the list must come up
        logger.warning("no address for %s", name, exc_info=True)
        return ""


def variant_url(variant: StyleVariant, *, largest: bool = False) -> str:
    """Address of a variant's smallest rendition, WebP where there is one, or of its image."""
    storage = variant.image.storage
    narrow = variant.srcset("webp") or variant.srcset("jpeg") or variant.srcset("avif")
    if largest or not narrow:
        return file_url(storage, variant.image.name)
    return file_url(storage, narrow[0]["name"])


def original_url(variant: StyleVariant) -> str:
    """Address of the host's file a variant was made from; its row is not fetched."""
    model = variant.content_type.model_class()
    if model is None:
        return ""
    try:
        field = model._meta.get_field(variant.field)
    except FieldDoesNotExist:
        return ""
    return file_url(field.storage, variant.source_name) if isinstance(field, FileField) else ""


def compared_original_url(variant: StyleVariant) -> str:
    """Address of the original as the variant was compared with it: upright, in the same size.

    The host's file may have been replaced since; it is shown where there is nothing else.
    """
    same = [item for item in variant.original_renditions if item["width"] == variant.width]
    if not same:
        return original_url(variant)
    return file_url(variant.image.storage, same[0]["name"])


def small_original_url(variant: StyleVariant) -> str:
    """Address of a small copy of the original, or of the host's file where there is none."""
    narrow = narrowest_first(variant.original_renditions, "webp") or narrowest_first(
        variant.original_renditions, "jpeg"
    )
    if not narrow:
        return original_url(variant)
    return file_url(variant.image.storage, narrow[0]["name"])


def reference_url(reference: StyleReference) -> str:
    """Address of a style's reference picture."""
    return file_url(reference.image.storage, reference.image.name)


def picture(url: str, *, alt: str) -> SafeString:
    """A thumbnail, or a placeholder where there is no address."""
    if not url:
        return format_html(
            '<span class="ss-thumb ss-none" role="img" aria-label="{}">–</span>',
            gettext("no picture"),
        )
    return format_html('<img class="ss-thumb" src="{}" alt="{}" loading="lazy">', url, alt)
