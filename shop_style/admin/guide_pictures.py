"""The picture that a guide speaks of, as admin pages address it and show it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.db import router
from django.db.models import Model
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from shop_style.admin.links import add_link
from shop_style.admin.thumbnails import file_url
from shop_style.exceptions import ShopStyleError
from shop_style.generation.guides import guide_rows
from shop_style.models import PictureGuide, StyleVariant
from shop_style.sources import Source, SourceImage, sources, sources_of

PARAMETER = "picture"
PERMISSION = "shop_style.generate_stylevariant"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A marked place in per cent of the picture, as SVG takes it."""

    left: str
    top: str
    width: str
    height: str


@dataclass(frozen=True, kw_only=True)
class GuideView:
    """A picture with what is said of it, to be drawn over it. key: tells views of a page apart."""

    key: str
    url: str
    mask_url: str
    places: list[Place]


def guide_view(guide: PictureGuide | None, picture: SourceImage) -> GuideView:
    """Addresses come from stored names alone: storage is never asked for a file."""
    mask = guide.mask if guide and guide.mask else None
    return GuideView(
        key=str(guide.pk if guide else "none"),
        url=file_url(picture.source.file_of(picture.instance).storage, picture.name),
        mask_url=file_url(mask.storage, mask.name) if mask else "",
        places=[_place(box) for box in (guide.boxes if guide else [])],
    )


def guide_picture(guide: PictureGuide | None, picture: SourceImage) -> SafeString:
    """A picture, small, with what is said of it drawn over it."""
    context = {"view": guide_view(guide, picture), "alt": picture.name, "small": True}
    return render_to_string("admin/shop_style/guide_picture.html", context)


def says(guide: PictureGuide) -> str:
    """A guide in a few words."""
    places = len(guide.boxes)
    parts = [gettext("product mask")] if guide.mask else []
    if places:
        parts.append(ngettext("%d marked place", "%d marked places", places) % places)
    return ", ".join(parts) or gettext("nothing yet")


def guides_panel(site: AdminSite, pictures: Sequence[SourceImage]) -> SafeString:
    """Pictures of a host row with what is said of each, and the page where that is changed."""
    guides = guide_rows(pictures)
    items = []
    for picture in pictures:
        row, guide = picture.instance, guides.get(picture)
        if not is_shown_here(picture):
            continue
        items.append(
            {
                "picture": guide_picture(guide, picture),
                "name": PurePosixPath(picture.name).name,
                "address": guide_address(site, type(row), row.pk, picture.source.field),
                "says": says(guide) if guide else gettext("nothing yet"),
            }
        )
    return render_to_string("admin/shop_style/guides_panel.html", {"pictures": items})


def guide_address(site: AdminSite, model: type[Model] | None, pk: object, field: str) -> str:
    """Where a picture's guide is made or changed; empty where this admin cannot.

    Guides live beside their host rows, and the admin shows one database.
    """
    try:
        found = [item for item in sources_of(model) if item.field == field] if model else []
    except ShopStyleError:
        return ""  # check E006 says it
    address = add_link(site, PictureGuide)
    if not (found and address):
        return ""
    return f"{address}?{urlencode({PARAMETER: f'{found[0].label}:{pk}'})}"


def variant_guide_address(site: AdminSite, variant: StyleVariant, request: HttpRequest) -> str:
    """The same for a variant's picture, for who may; its host row is not fetched."""
    here = variant.database == router.db_for_read(PictureGuide)
    if variant.retired_at or not (here and request.user.has_perm(PERMISSION)):
        return ""
    model = variant.content_type.model_class()
    return guide_address(site, model, variant.object_id, variant.field)


def addressed_picture(text: str) -> SourceImage | None:
    """The picture that an address names, as `guide_address` writes it; None where it is gone."""
    label, _, key = text.partition(":")
    source = next((item for item in sources() if item.label == label), None)
    if source is None or not key:
        return None
    try:
        row = source.model._base_manager.filter(pk=key).first()
    except (ValueError, ValidationError):
        return None
    picture = SourceImage(source, row) if row else None
    return picture if picture and picture.name and is_shown_here(picture) else None


def is_shown_here(picture: SourceImage) -> bool:
    """Would a guide of it lie in the database that the admin shows?"""
    return picture.database == router.db_for_read(PictureGuide)


def guided_pictures(guides: Iterable[PictureGuide]) -> dict[int, SourceImage]:
    """By the guides' keys, the pictures that are still there; one query a host model and field."""
    groups: dict[Source, list[PictureGuide]] = defaultdict(list)
    for guide in guides:
        source = _source_of(guide)
        if source is not None:
            groups[source].append(guide)
    found: dict[int, SourceImage] = {}
    for source, group in groups.items():
        rows = _rows(source, group)
        for guide in group:
            if guide.object_id in rows:
                found[guide.pk] = SourceImage(source, rows[guide.object_id])
    return found


def _rows(source: Source, guides: Sequence[PictureGuide]) -> dict[str, Model]:
    keys = [guide.object_id for guide in guides]
    rows = source.model._base_manager.using(guides[0]._state.db).filter(pk__in=keys)
    return {str(row.pk): row for row in rows}


def _source_of(guide: PictureGuide) -> Source | None:
    model = guide.content_type.model_class()
    try:
        known = sources_of(model) if model else []
    except ShopStyleError:
        return None  # check E006 says it
    return next((item for item in known if item.field == guide.field), None)


def _place(box: Sequence[float]) -> Place:
    left, top, right, bottom = box
    return Place(
        left=_per_cent(left),
        top=_per_cent(top),
        width=_per_cent(right - left),
        height=_per_cent(bottom - top),
    )


def _per_cent(share: float) -> str:
    # Not a template filter: a locale's decimal comma would break the SVG.
    return f"{100 * share:.2f}%"
