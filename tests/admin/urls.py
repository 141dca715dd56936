"""A host's back office: its own site, the action as a function, the panel as a mixin."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from shop_style.admin import StyleVariantsMixin, generate_style_variants
from tests.shop.models import Chair, Lamp, Poster

site = admin.AdminSite("backoffice")


@admin.register(Lamp, site=site)
class LampAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    actions = (generate_style_variants,)


@admin.register(Chair, site=site)
class ChairAdmin(StyleVariantsMixin, admin.ModelAdmin):
    actions = ("rename",)
    fieldsets = ((None, {"fields": ("name", "price", "photo")}),)
    readonly_fields = ("price",)

    def rename(self, request: object, queryset: object) -> None:
        """An action of the host's own."""


@admin.register(Poster, site=site)
class PosterAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    pass


urlpatterns = [
    path("admin/", admin.site.urls),
    path("backoffice/", site.urls),
    path("", include("shop_style.demo.urls")),
]
