"""Tags of the Oscar templates: `place_products` and `cover`."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django import template
from django.template.context import Context

from shop_style.templatetags.shop_style import styled_pictures

register = template.Library()
logger = logging.getLogger(__name__)


@register.simple_tag(takes_context=True)
def place_products(context: Context, products: Iterable[Any] | None, placement: str) -> str:
    """Choose the covers of a whole list at once. products: rows, or results of Oscar's search."""
    try:
        rows = [getattr(item, "object", item) for item in products or ()]
        # A search index may still hold a product that is gone: its result has no row.
        covers = [picture for row in rows if row and (picture := cover(row)) is not None]
    except Exception:  # a shop's own search may hand over anything; each tile then asks for itself
        logger.exception("these products were not placed at once")
        return ""
    return styled_pictures(context, covers, placement)


@register.simple_tag
def cover(product: Any) -> Any:
    """The row of a product's first picture; None where Oscar has only its “missing” picture.

    Oscar's `primary_image()` is a row or, without one, a dict; a row may also lack its file.
    """
    found = product.primary_image()
    return found if getattr(found, "pk", None) and found.original else None


@register.simple_tag
def pictures(product: Any) -> list[Any]:
    """The rows of a product's pictures that have a file, in Oscar's order."""
    return [image for image in product.get_all_images() if image.original]
