"""A list of tiles of a known size, with media served from the test's own folder."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.urls import include, path, re_path

from tests.browser.media import media
from tests.shop.models import Chair

PAGE = """<!doctype html>{% load shop_style %}<title>Chairs</title>
<style>body { margin: 0 } .tile, picture, img { display: block; width: 400px; height: 400px }
.tile { position: relative } .name { position: absolute; top: 0; left: 410px }
.shop-style-disclosure { display: none }</style>
{% styled_pictures chairs placement="listing" %}{% for chair in chairs %}
<div class="tile" data-shop-style-tile>
<a href="/elsewhere/">{% styled_picture chair loading="eager" %}</a>
<a class="name" href="/elsewhere/">{{ chair }}</a></div>{% endfor %}{% styled_script %}"""


def listing(request: HttpRequest) -> HttpResponse:
    chairs = list(Chair.objects.order_by("name"))
    return HttpResponse(Template(PAGE).render(RequestContext(request, {"chairs": chairs})))


urlpatterns = [
    path("", listing),
    path("elsewhere/", lambda request: HttpResponse("<title>Elsewhere</title>")),
    path("shop-style/", include("shop_style.urls")),
    re_path(r"^media/(?P<name>.+)$", media),
]
