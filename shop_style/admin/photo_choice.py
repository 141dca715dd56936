"""Which of the shop's photographs a job on a style is shown on: a varied choice, or a person's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest

from shop_style.admin.guide_pictures import addressed_picture
from shop_style.admin.thumbnails import file_url
from shop_style.exceptions import ShopStyleError
from shop_style.generation.photographs import PREVIEW_PICTURES
from shop_style.sources import SourceImage, sources, varied_pictures

PARAMETER: Final = "photo"
PAGE: Final = 18
"""How many photographs are offered at once."""


@dataclass(frozen=True, kw_only=True)
class PhotoOffer:
    """A photograph that may be ticked. value: what its box posts."""

    value: str
    url: str
    name: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class PhotoOffers:
    """One page of photographs; on the first the varied choice comes first and is ticked."""

    photos: list[PhotoOffer]
    page: int
    has_more: bool
    most: int = PREVIEW_PICTURES


def photo_offers(page: int) -> PhotoOffers:
    """The page, counted from 1. Empty where a source of the settings leads nowhere."""
    try:
        chosen = varied_pictures(PREVIEW_PICTURES)
        newest, more = _newest(page)
    except ShopStyleError:  # check E001 says it
        return PhotoOffers(photos=[], page=1, has_more=False)
    known = {_value(picture) for picture in chosen}
    others = [picture for picture in newest if _value(picture) not in known]
    first = [_offer(picture, chosen=True) for picture in chosen] if page == 1 else []
    return PhotoOffers(
        photos=[*first, *(_offer(picture, chosen=False) for picture in others)],
        page=page,
        has_more=more,
    )


def chosen_photos(request: HttpRequest) -> list[SourceImage]:
    """The ticked photographs that are still there; a varied choice where there is none.

    Raises SourceError when a source of the settings leads nowhere.
    """
    ticked = request.POST.getlist(PARAMETER)[:PREVIEW_PICTURES]
    found = [addressed_picture(value) for value in ticked]
    return [item for item in found if item is not None] or varied_pictures(PREVIEW_PICTURES)


def page_number(request: HttpRequest) -> int:
    """The page that an address asks for, 1 for what is none."""
    said = request.GET.get("photos", "1")
    return max(1, int(said)) if said.isdecimal() and len(said) < 6 else 1


def _newest(page: int) -> tuple[list[SourceImage], bool]:
    found: list[SourceImage] = []
    more = False
    size = max(1, PAGE // max(1, len(sources())))
    for source in sources():
        rows = source.model._default_manager.exclude(**{source.field: ""}).order_by("-pk")
        listed = list(rows[(page - 1) * size : page * size + 1])
        more = more or len(listed) > size
        found += [SourceImage(source, row) for row in listed[:size]]
    return [picture for picture in found if picture.name], more


def _value(picture: SourceImage) -> str:
    return f"{picture.source.label}:{picture.instance.pk}"


def _offer(picture: SourceImage, *, chosen: bool) -> PhotoOffer:
    return PhotoOffer(
        value=_value(picture),
        url=file_url(picture.source.file_of(picture.instance).storage, picture.name),
        name=picture.name.rpartition("/")[2],
        chosen=chosen,
    )
