"""An order of Oscar's checkout counts for the arm of the visitor who placed it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

pytestmark = pytest.mark.django_db


def test_an_order_counts_once_for_each_product_bought(
    make_goods: Any, make_experiment: Any, browser: Any, rf: Any
) -> None:
    from oscar.apps.checkout.signals import post_checkout
    from oscar.test.factories import create_basket, create_order

    from shop_style.conf import app_settings
    from shop_style.models import Event, Kind

    mug, cup = make_goods("Mug"), make_goods("Cup")
    make_experiment([mug, cup])
    client = browser()
    client.get("/catalogue/")
    basket = create_basket(empty=True)
    basket.add_product(mug, quantity=2)
    order = create_order(number="100001", basket=basket)
    request = rf.get("/", headers={"user-agent": "Mozilla/5.0 Chrome/130.0"})
    name = app_settings().COOKIE_NAME
    request.COOKIES[name] = client.cookies[name].value
    for _ in range(2):  # a checkout that is sent twice
        post_checkout.send(sender=None, order=order, user=None, request=request, response=None)
    event = Event.objects.get(kind=Kind.CONVERSION)
    assert event.product.object_id == str(mug.images.get().pk)
    assert event.value == Decimal(24)


def test_an_order_with_a_vanished_product_goes_through(make_goods: Any, rf: Any) -> None:
    from oscar.apps.checkout.signals import post_checkout
    from oscar.test.factories import create_basket, create_order

    mug = make_goods("Mug")
    basket = create_basket(empty=True)
    basket.add_product(mug)
    order = create_order(number="100002", basket=basket)
    order.lines.update(product=None)
    post_checkout.send(sender=None, order=order, user=None, request=rf.get("/"), response=None)
