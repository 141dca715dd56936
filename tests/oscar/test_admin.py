"""Oscar's own admin pages, with ours on them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import AdminSite, ModelAdmin

pytestmark = pytest.mark.django_db


def test_products_and_pictures_have_our_actions_and_panel(
    admin_client: Any, make_goods: Any
) -> None:
    product = make_goods()
    for address in ("/admin/catalogue/product/", "/admin/catalogue/productimage/"):
        page = admin_client.get(address).content.decode()
        assert 'value="generate_style_variants"' in page
        assert 'value="review_style_variants"' in page
    page = admin_client.get(f"/admin/catalogue/product/{product.pk}/change/").content.decode()
    assert "style_variants_panel" in page and "attribute_values-TOTAL_FORMS" in page


def test_oscars_own_class_is_underneath() -> None:
    from oscar.apps.catalogue.admin import ProductAdmin
    from oscar.core.loading import get_model

    registered = admin.site.get_model_admin(get_model("catalogue", "Product"))
    assert isinstance(registered, ProductAdmin) and type(registered) is not ProductAdmin
    assert registered.list_filter == ProductAdmin.list_filter


def test_a_site_gets_it_once_and_only_for_what_it_has() -> None:
    from oscar.core.loading import get_model

    from shop_style.oscar.admin import add_to

    site, product = AdminSite(), get_model("catalogue", "Product")
    add_to(site)
    assert not site.is_registered(product)
    site.register(product, ModelAdmin)
    add_to(site)
    once = site.get_model_admin(product)
    add_to(site)
    assert site.get_model_admin(product) is once and hasattr(once, "style_variants_panel")
