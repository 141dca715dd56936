"""Addresses of the demo project."""

from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("shop-style/", include("shop_style.urls")),
    path("shop-style/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("", include("shop_style.demo.urls")),
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
]
