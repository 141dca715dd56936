"""Our actions and panel on the pages that Oscar's admin has for products and their pictures.

Oscar's classes, or those of a shop that forked its catalogue, stay what they are underneath.
"""

from __future__ import annotations

import importlib
from typing import Final

from django.apps import apps
from django.contrib import admin
from oscar.core.loading import get_model

from shop_style.admin import StyleVariantsMixin

CATALOGUE: Final = "catalogue"


def add_to(site: admin.AdminSite) -> None:
    """Register product and picture anew, with ours; one that the site does not have is left out."""
    # Oscar's app comes later, and is not discovered yet.
    importlib.import_module(f"{apps.get_app_config(CATALOGUE).name}.admin")
    for name in ("Product", "ProductImage"):
        model = get_model(CATALOGUE, name)
        if not site.is_registered(model):
            continue
        theirs = type(site.get_model_admin(model))
        if issubclass(theirs, StyleVariantsMixin):
            continue
        site.unregister(model)
        site.register(model, type(theirs.__name__, (StyleVariantsMixin, theirs), {}))


add_to(admin.site)
