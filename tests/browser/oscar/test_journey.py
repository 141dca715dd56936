"""The whole way on django-oscar, by its own list of products."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from shop_style.demo.styles import load_styles
from shop_style.oscar.shop import load_shop
from tests.browser.furnished import FIXTURES
from tests.browser.journey import Journey
from tests.browser.session import staff_cookie

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.browser.oscar.urls"),
]


@pytest.mark.slow
def test_a_look_goes_all_the_way_on_oscar(open_page: Any, live_server: Any) -> None:
    from haystack import connections
    from oscar.core.loading import get_model

    connections["default"].get_backend().clear(commit=True)
    load_shop(FIXTURES)
    products = get_model("catalogue", "Product").objects
    kept = list(products.order_by("pk")[:3])
    products.exclude(pk__in=[product.pk for product in kept]).delete()
    style = load_styles(FIXTURES)["grade"]
    type(style).objects.filter(pk=style.pk).update(strength=0.6)
    staff = open_page("/admin/login/", viewport={"width": 1280, "height": 900})
    staff.context.add_cookies([staff_cookie(live_server.url, User.objects.create_superuser("ada"))])
    Journey(
        staff=staff,
        server=live_server.url,
        products="/admin/catalogue/product/",
        listing="/catalogue/",
        style=style.name,
        open_shopper=open_page,
    ).walk()
