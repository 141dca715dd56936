"""The demo's own storefront, with media served from the test's folder."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path

from tests.browser.storefront import media

urlpatterns = [
    re_path(r"^media/(?P<name>.+)$", media),
    path("admin/", admin.site.urls),
    path("shop-style/", include("shop_style.urls")),
    path("", include("shop_style.demo.urls")),
]
