"""Addresses of the studio and of the review board; empty where an admin site has neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.db import router
from django.db.models import Model
from django.urls import reverse

from shop_style.exceptions import ShopStyleError
from shop_style.models import ReviewBoard, StyleVariant
from shop_style.sources import SourceImage, sources_of

PICTURE = "picture"
AT = "at"


def board_page(site: AdminSite, page: str, *args: object) -> str:
    """Address of one of the board's pages: changelist, studio, progress, viewer, decide."""
    if not site.is_registered(ReviewBoard):
        return ""
    return reverse(f"{site.name}:shop_style_reviewboard_{page}", args=args)


def board_address(site: AdminSite, **query: object) -> str:
    """The review board, narrowed as the query says."""
    return with_query(board_page(site, "changelist"), query)


def studio_address(site: AdminSite, model: type[Model] | None, pk: object, field: str) -> str:
    """The studio of a picture; empty where the picture is no source any more."""
    try:
        found = [item for item in sources_of(model) if item.field == field] if model else []
    except ShopStyleError:
        return ""  # check E006 says it
    return (
        with_query(board_page(site, "studio"), {PICTURE: f"{found[0].label}:{pk}"}) if found else ""
    )


def picture_studio(site: AdminSite, picture: SourceImage) -> str:
    """The studio of a picture in hand; the admin shows one database."""
    if picture.database != router.db_for_read(StyleVariant):
        return ""
    row = picture.instance
    return studio_address(site, type(row), row.pk, picture.source.field)


@dataclass(frozen=True, kw_only=True)
class StudioLink:
    """A picture's file name, and where its studio is."""

    name: str
    address: str


def studios_of(site: AdminSite, pictures: Sequence[SourceImage]) -> list[StudioLink]:
    """The studios of a host row's pictures."""
    links = [
        StudioLink(name=PurePosixPath(picture.name).name, address=picture_studio(site, picture))
        for picture in pictures
    ]
    return [link for link in links if link.address]


def variant_studio(site: AdminSite, variant: StyleVariant, *, at: bool = False) -> str:
    """The studio of a variant's picture; its host row is not fetched. at: with it in the viewer."""
    if variant.retired_at or variant.database != router.db_for_read(StyleVariant):
        return ""
    model = variant.content_type.model_class()
    address = studio_address(site, model, variant.object_id, variant.field)
    return with_query(address, {AT: variant.pk}) if at else address


def with_query(address: str, query: Mapping[str, object]) -> str:
    """An address with what is set of a query; empty stays empty."""
    told = {name: value for name, value in query.items() if value not in (None, "")}
    if not (address and told):
        return address
    return f"{address}{'&' if '?' in address else '?'}{urlencode(told)}"
