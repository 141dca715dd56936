"""The demo shop's own admin: all the plugin asks of it is one mixin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shop_style.admin import StyleVariantsMixin
from shop_style.demo.models import Product, ProductImage


class ProductImageInline(admin.TabularInline):  # type: ignore[type-arg]
    model = ProductImage
    extra = 1


@admin.register(Product)
class ProductAdmin(StyleVariantsMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "price", "category", "colour", "collection", "pictures")
    list_filter = ("category", "colour", "collection")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    inlines = (ProductImageInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Product] = rows.annotate(pictures=Count("images"))
        return counted

    @admin.display(description=_("pictures"), ordering="pictures")
    def pictures(self, product: Any) -> int:
        number: int = product.pictures
        return number
