"""Tags of storefront templates: `styled_pictures`, `styled_picture` and `styled_script`."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django import template
from django.http import HttpRequest
from django.template.context import Context
from django.utils.functional import LazyObject

from shop_style.conf import app_settings
from shop_style.experiments.image_object import json_ld
from shop_style.experiments.page import Page, events_address
from shop_style.experiments.pictures import object_key as _key
from shop_style.experiments.pictures import picture_key, pictures_for
from shop_style.experiments.placement import place
from shop_style.experiments.rendering import Rendering

register = template.Library()
logger = logging.getLogger(__name__)


_PAGE = "shop_style_page"


@register.simple_tag(takes_context=True)
def styled_pictures(
    context: Context, images: Iterable[Any] | None, placement: str = "", eager: int = 0
) -> str:
    """Choose for a whole list at once; the tags that follow ask the database nothing more.

    images: rows that hold pictures, products whose child rows do, or file fields. placement:
    which list this is. eager: so many of the first load at once, the very first before others;
    the rest when they come near the window.
    """
    try:
        given = list(images or ())
    except TypeError:  # one row in the place of a list
        given = [images]
    given = [_behind(image) for image in given]
    _place(context, given, placement)
    # A variable that a template does not have is no number.
    first = eager if isinstance(eager, int) else 0
    _page(context).eager += [_key(image) for image in given[: max(0, first)]]
    return ""


@register.inclusion_tag("shop_style/picture.html", takes_context=True)
def styled_picture(
    context: Context,
    image: Any,
    *,
    placement: str = "",
    alt: str | None = None,
    sizes: str = "100vw",
    loading: str = "",
    fetchpriority: str = "",
    css_class: str = "",
    disclose: bool = True,
) -> dict[str, Any]:
    """A `<picture>`: the visitor's variant, or the original.

    image: as in `styled_pictures`. alt: None takes the row's own words. loading, fetchpriority:
    empty follows `eager` of `styled_pictures`; without that, lazy.
    """
    image = _behind(image)
    page, key = _page(context), _key(image)
    if key not in page.placed:
        _place(context, [image], placement)
    placed = page.placed.get(key)
    rendering = placed.rendering if placed else Rendering(src="", alt=alt or "")
    words = rendering.alt if alt is None else alt
    is_new = key not in page.described
    page.described.add(key)
    is_eager = key in page.eager
    is_first = is_eager and key == page.eager[0]
    return {
        "placed": placed,
        "picture": rendering,
        "alt": words,
        "sizes": sizes,
        "loading": loading or ("eager" if is_eager else "lazy"),
        "fetchpriority": fetchpriority or ("high" if is_first else ""),
        "css_class": css_class,
        "disclose": disclose,
        # Once a page, however often it is shown there.
        "json_ld": _json_ld(page, rendering, words) if is_new else "",
    }


@register.inclusion_tag("shop_style/script.html", takes_context=True)
def styled_script(context: Context, *, wait_for_consent: bool = False) -> dict[str, Any]:
    """The script that reports what was seen and clicked; put it after the last picture.

    wait_for_consent: nothing is sent before the page says `shop-style-consent`.
    """
    page = _page(context)
    try:
        events, token = events_address(page.request), page.token()
    except Exception:  # whatever it is, the page must come up
        logger.exception("no page token")
        events = token = ""
    return {
        "events": events,
        "token": token if events else "",
        "needed": any(page.placed.values()),
        "wait_for_consent": wait_for_consent,
    }


def _json_ld(page: Page, rendering: Rendering, alt: str) -> str:
    try:
        if not app_settings().JSON_LD:
            return ""
        return json_ld(rendering, alt=alt, absolute=page.request.build_absolute_uri)
    except Exception:  # no host in a mail's request, broken settings: the page must come up
        logger.exception("no JSON-LD for %s", rendering.src)
        return ""


def _place(context: Context, images: list[Any], placement: str) -> None:
    """Place what is a picture and was not placed yet; what is none is remembered as such."""
    page = _page(context)
    # A row that is not saved is known by its identity, which must not pass to another.
    page.held += images
    pictures = pictures_for(images)
    # The same picture by its row, its file field or its product is one tile.
    fresh = {picture_key(picture): picture for picture in pictures.values()}
    fresh = {key: picture for key, picture in fresh.items() if key not in page.placed}
    placed = place(page, list(fresh.values()), placement=placement)
    page.placed.update(zip(fresh, placed, strict=True))
    for image in images:
        picture = pictures.get(_key(image))
        tile = page.placed[picture_key(picture)] if picture else None
        page.placed.setdefault(_key(image), tile)


def _behind(image: Any) -> Any:
    """What a lazy object stands for; None, and logged, where that cannot be had."""
    if not isinstance(image, LazyObject):
        return image
    try:
        _ = image.__class__  # which fetches it
        return vars(image)["_wrapped"]
    except Exception:  # the host's own code; the page must come up
        logger.exception("a lazy object holds no picture")
        return None


def _page(context: Context) -> Page:
    request: Any
    for request in (context.get("request"), getattr(context, "request", None)):
        # A shop may call something else by that name.
        if hasattr(request, "COOKIES"):
            return Page.of(request)
    # A template rendered without a request, such as a mail: nobody can be enrolled. Kept beside
    # the host's own variables, not among them.
    store: Any = getattr(context, "render_context", {})
    if _PAGE not in store:
        store[_PAGE] = Page(HttpRequest())
    page: Page = store[_PAGE]
    return page
