"""A host's storefront of the plainest kind: a list by tags, one behind Django's page cache."""

from __future__ import annotations

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.urls import include, path
from django.views.decorators.cache import cache_control, cache_page

from tests.shop.models import Chair

LIST = """{% load shop_style %}{% styled_pictures chairs placement="listing" %}
{% for chair in chairs %}
<a href="/chair/" data-shop-style-tile>{% styled_picture chair sizes="50vw" %}</a>
{% endfor %}{% styled_script %}"""
SINGLE = """{% load shop_style %}{% for chair in chairs %}
{% styled_picture chair.photo placement="listing" alt="A chair" %}{% endfor %}{% styled_script %}"""


def _answer(request: HttpRequest, template: str) -> HttpResponse:
    chairs = list(Chair.objects.order_by("name"))
    context = RequestContext(request, {"chairs": chairs})
    return HttpResponse(Template(template).render(context))


def listing(request: HttpRequest) -> HttpResponse:
    return _answer(request, LIST)


def enter(request: HttpRequest) -> HttpResponse:
    """Log in whom the form names."""
    login(request, User.objects.get(username=request.POST["name"]))
    return HttpResponse("welcome")


def singles(request: HttpRequest) -> HttpResponse:
    return _answer(request, SINGLE)


@cache_control(public=True, max_age=600)
def public(request: HttpRequest) -> HttpResponse:
    return _answer(request, LIST)


urlpatterns = [
    path("", listing),
    path("singles/", singles),
    path("enter/", enter),
    path("cached/", cache_page(600)(listing)),
    path("public/", public),
    path("plain/", lambda request: HttpResponse("no pictures")),
    path("shop-style/", include("shop_style.urls")),
]
