"""The whole way on the demo shop."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from shop_style.demo.catalogue import load_catalogue
from shop_style.demo.models import Product
from shop_style.demo.styles import load_styles
from tests.browser.furnished import FIXTURES
from tests.browser.journey import Journey
from tests.browser.session import staff_cookie

pytestmark = [
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.urls("tests.browser.urls"),
]


@pytest.mark.slow
def test_a_look_is_asked_for_watched_compared_approved_tested_and_reported(
    open_page: Any, live_server: Any
) -> None:
    load_catalogue(FIXTURES)
    Product.objects.exclude(slug__in=("harbour-mug", "tide-mug", "stool")).delete()
    style = load_styles(FIXTURES)["grade"]
    type(style).objects.filter(pk=style.pk).update(strength=0.6)
    staff = open_page("/admin/login/", viewport={"width": 1280, "height": 900})
    staff.context.add_cookies([staff_cookie(live_server.url, User.objects.create_superuser("ada"))])
    Journey(
        staff=staff,
        server=live_server.url,
        products="/admin/demo/product/",
        listing="/",
        style=style.name,
        open_shopper=open_page,
    ).walk()
