"""The storefront: a list of products and a page for each."""

from __future__ import annotations

from functools import partial
from itertools import groupby

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from shop_style.conf import app_settings
from shop_style.demo.bar import bar_of
from shop_style.demo.filters import Filters, kept_query
from shop_style.demo.models import Product, ProductImage
from shop_style.demo.pictures import ORIGINAL, attach_previews
from shop_style.experiments.preview import PARAMETER

_RELATED = 4
_KEPT = ("look", PARAMETER)


def _products() -> QuerySet[Product]:
    images = ProductImage.objects.order_by("position", "pk")
    return Product.objects.prefetch_related(Prefetch("images", queryset=images))


def _covers(products: list[Product]) -> list[ProductImage]:
    """Each product's first picture, which is put on it as `cover`."""
    covers = []
    for item in products:
        item.cover = next(iter(item.images.all()), None)  # type: ignore[attr-defined]
        if item.cover is not None:  # type: ignore[attr-defined]
            covers.append(item.cover)  # type: ignore[attr-defined]
    return covers


def catalogue(request: HttpRequest) -> HttpResponse:
    """The products asked for with their first pictures. As many queries for any number."""
    look = request.GET.get("look", "")
    filters = Filters.of(request.GET)
    products = list(filters.apply(_products()))
    covers = _covers(products)
    looks = attach_previews(covers, look=look)
    shelves = [
        (label, list(shelf)) for label, shelf in groupby(products, Product.get_collection_display)
    ]
    context = {
        "filters": filters,
        "facets": filters.facets(),
        "number": len(products),
        "shelves": [(None, products)] if filters.sort and products else shelves,
        "covers": covers,
        "kept": kept_query(request.GET, *_KEPT),
        "hidden": [
            (name, request.GET[name]) for name in ("look", PARAMETER) if name in request.GET
        ],
        **_looks(request, look, looks),
    }
    return render(request, "demo/catalogue.html", context)


def product(request: HttpRequest, slug: str) -> HttpResponse:
    """One product with all its pictures, and some of its kind."""
    look = request.GET.get("look", "")
    found = get_object_or_404(_products(), slug=slug)
    images = list(found.images.all())
    alike = _products().filter(category=found.category, collection=found.collection)
    related = list(alike.exclude(pk=found.pk).order_by("pk")[:_RELATED])
    covers = _covers(related)
    looks = attach_previews([*images, *covers], look=look)
    context = {
        "product": found,
        "images": images,
        "related": related,
        "shown": [*images, *covers],
        "kept": kept_query(request.GET, *_KEPT),
        **_looks(request, look, looks),
    }
    return render(request, "demo/product.html", context)


def _looks(request: HttpRequest, look: str, looks: dict[str, str]) -> dict[str, object]:
    return {
        "look": look,
        "looks": looks,
        "original": ORIGINAL,
        # Asked by the template, after its tags have placed the pictures.
        "bar": partial(bar_of, request),
    }


def language(request: HttpRequest) -> HttpResponse:
    """Choose the language. A page of its own: its form takes a cookie, which no list may need."""
    wanted = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return render(request, "demo/language.html", {"next": wanted if safe else "/"})


@require_POST
def new_visitor(request: HttpRequest) -> HttpResponse:
    """Forget who this browser is; the listing that follows draws an arm anew."""
    current = app_settings()
    response = redirect("demo:catalogue")
    response.delete_cookie(
        current.COOKIE_NAME, domain=current.COOKIE_DOMAIN or None, samesite="Lax"
    )
    return response
