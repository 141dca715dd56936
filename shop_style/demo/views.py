"""The storefront: a list of products and a page for each."""

from __future__ import annotations

from itertools import groupby

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from shop_style.demo.models import Product, ProductImage
from shop_style.demo.pictures import ORIGINAL, attach_renderings


def _products() -> QuerySet[Product]:
    images = ProductImage.objects.order_by("position", "pk")
    return Product.objects.prefetch_related(Prefetch("images", queryset=images))


def catalogue(request: HttpRequest) -> HttpResponse:
    """Every product with its first picture, by collection. Four queries, however many."""
    look = request.GET.get("look", "")
    products = list(_products().order_by("collection", "pk"))
    covers = []
    for item in products:
        item.cover = next(iter(item.images.all()), None)  # type: ignore[attr-defined]
        if item.cover is not None:  # type: ignore[attr-defined]
            covers.append(item.cover)  # type: ignore[attr-defined]
    looks = attach_renderings(covers, look=look)
    shelves = [
        (label, list(shelf)) for label, shelf in groupby(products, Product.get_collection_display)
    ]
    context = {"shelves": shelves, "look": look, "looks": looks, "original": ORIGINAL}
    return render(request, "demo/catalogue.html", context)


def product(request: HttpRequest, slug: str) -> HttpResponse:
    """One product with all its pictures."""
    look = request.GET.get("look", "")
    found = get_object_or_404(_products(), slug=slug)
    images = list(found.images.all())
    looks = attach_renderings(images, look=look)
    context = {
        "product": found,
        "images": images,
        "look": look,
        "looks": looks,
        "original": ORIGINAL,
    }
    return render(request, "demo/product.html", context)
