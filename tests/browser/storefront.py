"""A list of tiles of a known size, with media served from the test's own folder."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.urls import include, path, re_path

from shop_style.api.views.events import EventsView
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


def listing(request: HttpRequest, page: str = PAGE) -> HttpResponse:
    chairs = list(Chair.objects.order_by("name"))
    return HttpResponse(Template(page).render(RequestContext(request, {"chairs": chairs})))


def with_banner(request: HttpRequest) -> HttpResponse:
    """The list of a shop that asks for consent on the page."""
    return listing(request, PAGE.replace("styled_script", "styled_script wait_for_consent=True"))


def events(request: HttpRequest) -> HttpResponse:
    """The endpoint, which first answers with the statuses that a test put down."""
    if refusals:
        seen.append(refusals[0])
        return HttpResponse(status=refusals.pop(0))
    return EventsView.as_view()(request)  # type: ignore[no-any-return]


events.csrf_exempt = True  # type: ignore[attr-defined]
refusals: list[int] = []
seen: list[int] = []
urlpatterns = [
    path("", listing),
    path("consent/", with_banner),
    path("elsewhere/", lambda request: HttpResponse("<title>Elsewhere</title>")),
    path("shop-style/events/", events),
    path("shop-style/", include("shop_style.urls")),
    re_path(r"^media/(?P<name>.+)$", media),
]
