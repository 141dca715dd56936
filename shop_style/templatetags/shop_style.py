"""Tags of storefront templates: `styled_pictures`, `styled_picture` and `styled_script`."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django import template
from django.db.models.fields.files import FieldFile
from django.http import HttpRequest
from django.template.context import Context
from django.urls import NoReverseMatch, reverse

from shop_style.experiments.page import Page, Placed
from shop_style.experiments.placement import picture_of, place
from shop_style.experiments.rendering import Rendering
from shop_style.sources import SourceImage

register = template.Library()
logger = logging.getLogger(__name__)


@register.simple_tag(takes_context=True)
def styled_pictures(context: Context, images: Iterable[Any], placement: str = "") -> str:
    """Choose for a whole list at once; the tags that follow ask the database nothing more.

    images: rows that hold pictures, or their file fields. placement: which list this is.
    """
    _place(context, [_picture(image) for image in images if image], placement)
    return ""


@register.inclusion_tag("shop_style/picture.html", takes_context=True)
def styled_picture(
    context: Context,
    image: Any,
    *,
    placement: str = "",
    alt: str | None = None,
    sizes: str = "100vw",
    loading: str = "lazy",
    css_class: str = "",
    disclose: bool = True,
) -> dict[str, Any]:
    """A `<picture>`: the visitor's variant, or the original.

    image: a row that holds a picture, or its file field. alt: None takes the row's own words.
    """
    placed = None
    if image:
        picture = _picture(image)
        known = _page(context).placed.get(_key(picture))
        placed = known or _place(context, [picture], placement, alt)[0]
    rendering = placed.rendering if placed else Rendering(src="", alt=alt or "")
    return {
        "placed": placed,
        "picture": rendering,
        "alt": rendering.alt if alt is None else alt,
        "sizes": sizes,
        "loading": loading,
        "css_class": css_class,
        "disclose": disclose,
    }


@register.inclusion_tag("shop_style/script.html", takes_context=True)
def styled_script(context: Context) -> dict[str, Any]:
    """The script that reports what was seen and clicked; put it after the last picture."""
    page = _page(context)
    try:
        events = reverse("shop_style:events")
        token = page.token()
    except NoReverseMatch:
        logger.warning("shop_style.urls is not included in the site's urls: no events are counted")
        events = token = ""
    except Exception:  # whatever it is, the page must come up
        logger.exception("no page token")
        events = token = ""
    return {"events": events, "token": token, "needed": bool(page.placed)}


def _place(
    context: Context, pictures: list[SourceImage], placement: str, alt: str | None = None
) -> list[Placed]:
    page = _page(context)
    placed = place(page, pictures, placement=placement, alt=alt)
    for picture, item in zip(pictures, placed, strict=True):
        # The first of a picture's tiles; the same picture shown twice is one tile.
        page.placed.setdefault(_key(picture), item)
    return placed


def _page(context: Context) -> Page:
    request: Any = context.get("request")
    if request is None:
        # A template rendered without a request, such as a mail: nobody can be enrolled.
        request = context["request"] = HttpRequest()
    return Page.of(request)


def _picture(image: Any) -> SourceImage:
    if isinstance(image, FieldFile):
        return picture_of(image.instance, image.field.name)
    return picture_of(image)


def _key(picture: SourceImage) -> tuple[Any, ...]:
    row = picture.instance
    return (type(row), row.pk, picture.source.field)
