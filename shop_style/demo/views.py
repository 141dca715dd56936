"""The storefront: a list of products and a page for each."""

from __future__ import annotations

from functools import partial
from itertools import groupby

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from shop_style.conf import app_settings
from shop_style.demo.models import Product, ProductImage
from shop_style.demo.parts import parts_of
from shop_style.demo.pictures import ORIGINAL, attach_previews


def _products() -> QuerySet[Product]:
    images = ProductImage.objects.order_by("position", "pk")
    return Product.objects.prefetch_related(Prefetch("images", queryset=images))


def catalogue(request: HttpRequest) -> HttpResponse:
    """Every product with its first picture, by collection. As many queries for any number."""
    look = request.GET.get("look", "")
    products = list(_products().order_by("collection", "pk"))
    covers = []
    for item in products:
        item.cover = next(iter(item.images.all()), None)  # type: ignore[attr-defined]
        if item.cover is not None:  # type: ignore[attr-defined]
            covers.append(item.cover)  # type: ignore[attr-defined]
    looks = attach_previews(covers, look=look)
    shelves = [
        (label, list(shelf)) for label, shelf in groupby(products, Product.get_collection_display)
    ]
    context = {
        "shelves": shelves,
        "covers": covers,
        "look": look,
        "looks": looks,
        "original": ORIGINAL,
        # Asked by the template, after its tags have placed the pictures.
        "parts": partial(parts_of, request),
    }
    return render(request, "demo/catalogue.html", context)


def product(request: HttpRequest, slug: str) -> HttpResponse:
    """One product with all its pictures."""
    look = request.GET.get("look", "")
    found = get_object_or_404(_products(), slug=slug)
    images = list(found.images.all())
    looks = attach_previews(images, look=look)
    context = {
        "product": found,
        "images": images,
        "look": look,
        "looks": looks,
        "original": ORIGINAL,
        "parts": partial(parts_of, request),
    }
    return render(request, "demo/product.html", context)


@require_POST
def new_visitor(request: HttpRequest) -> HttpResponse:
    """Forget who this browser is; the listing that follows draws an arm anew."""
    current = app_settings()
    response = redirect("demo:catalogue")
    response.delete_cookie(
        current.COOKIE_NAME, domain=current.COOKIE_DOMAIN or None, samesite="Lax"
    )
    return response
