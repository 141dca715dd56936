"""Fills an Oscar shop with the bundled catalogue, for `make demo-oscar`."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from oscar.apps.catalogue.categories import create_from_breadcrumbs
from oscar.core.loading import get_model

from shop_style.demo.bundled import bundled_picture, bundled_products

_CATEGORY = "For the table and the house"
_IN_STOCK = 20


def load_shop(folder: Path) -> tuple[list[Any], int]:
    """The picture rows of the bundled products, added where missing, and how many are new.

    Raises DemoError naming what is missing from the folder.
    """
    rows: list[Any] = []
    new = 0
    for entry in bundled_products(folder):
        product = get_model("catalogue", "Product").objects.filter(upc=entry["slug"]).first()
        product = product or _add_product(entry)
        for position, item in enumerate(entry["images"]):
            image = product.images.filter(display_order=position).first()
            if image is None:
                image = _add_image(product, position, item, folder)
                new += 1
            rows.append(image)
    return rows, new


@transaction.atomic
def _add_product(entry: dict[str, Any]) -> Any:
    kind, _ = get_model("catalogue", "ProductClass").objects.get_or_create(
        name="Goods", defaults={"requires_shipping": True, "track_stock": True}
    )
    product = get_model("catalogue", "Product").objects.create(
        product_class=kind,
        upc=entry["slug"],
        slug=entry["slug"],
        title=entry["name"],
        description=entry.get("description", ""),
    )
    product.categories.add(create_from_breadcrumbs(_CATEGORY))
    partner, _ = get_model("partner", "Partner").objects.get_or_create(name="Lindow & Hale")
    product.stockrecords.create(
        partner=partner,
        partner_sku=entry["slug"],
        price=Decimal(str(entry.get("price", 0))),
        num_in_stock=_IN_STOCK,
    )
    return product


def _add_image(product: Any, position: int, item: dict[str, str], folder: Path) -> Any:
    name, data = bundled_picture(folder, item["file"])
    # The handlers ask for variants on commit, when the file must be there.
    with transaction.atomic():
        return product.images.create(
            original=ContentFile(data, name=name),
            caption=item.get("alt", "")[:200],
            display_order=position,
        )
