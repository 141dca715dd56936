"""What Oscar's checkout tells: an order was placed."""

from __future__ import annotations

import logging
from typing import Any

from django.http import HttpRequest

from shop_style.experiments.conversions import record_conversion

logger = logging.getLogger(__name__)


def connect() -> None:
    """Listen to the checkout, whichever fork of the app the shop runs."""
    from oscar.core.loading import get_class

    signal = get_class("checkout.signals", "post_checkout")
    signal.connect(count_order, dispatch_uid="shop_style.oscar.orders")


def count_order(*, order: Any, request: HttpRequest, **_: Any) -> None:
    """Count each bought product once, with what its lines came to.

    A child product counts as its parent too, whose pictures it shows where it has none of its own.
    """
    try:
        worth: dict[Any, Any] = {}
        for line in order.lines.select_related("product__parent"):
            if line.product is None:
                continue  # taken out of the catalogue since it was put into the basket
            shown = picture_owner(line.product)
            worth[shown] = worth.get(shown, 0) + line.line_price_excl_tax
        number = str(order.number)
    except Exception:  # a fork of Oscar's may keep its lines otherwise; the order must go through
        logger.exception("the order %s was not counted", getattr(order, "number", ""))
        return
    record_conversion(request, list(worth), order=number, values=list(worth.values()))


def picture_owner(product: Any) -> Any:
    """The product whose pictures this one shows: itself, or for a child without any its parent."""
    if product.is_child and not product.images.exists():
        return product.parent
    return product
