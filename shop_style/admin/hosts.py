"""Admin pages of the host rows behind variants: the row's own, or the parent it is edited on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import ForeignKey, Model

from shop_style.admin.links import change_link
from shop_style.models import StyleVariant

# Model and database: the host rows of one query.
_Group = tuple[type[Model], str]


def host_links(site: AdminSite, variants: Sequence[StyleVariant]) -> dict[int, str]:
    """Addresses by the variants' keys. At most one query for each host model, however many."""
    links: dict[int, str] = {}
    inlined: dict[_Group, list[StyleVariant]] = defaultdict(list)
    for variant in variants:
        model = variant.content_type.model_class()
        if model is None:
            continue
        if site.is_registered(model):
            links[variant.pk] = change_link(site, model, variant.object_id)
        else:
            inlined[model, variant.database].append(variant)
    for (model, alias), group in inlined.items():
        links |= _parent_links(site, model, alias, group)
    return links


def row_link(site: AdminSite, row: Model) -> str:
    """Address of one host row's page or of its parent's; empty where neither is registered."""
    own = change_link(site, type(row), row.pk)
    field = None if own else _parent_field(site, type(row))
    parent = getattr(row, field.attname) if field else None
    if field is None or parent is None:
        return own
    return change_link(site, field.related_model, parent)


def _parent_links(
    site: AdminSite, model: type[Model], alias: str, variants: list[StyleVariant]
) -> dict[int, str]:
    field = _parent_field(site, model)
    if field is None:
        return {}
    keys = [variant.object_id for variant in variants]
    parents = {
        str(pk): parent
        for pk, parent in model._base_manager.using(alias)
        .filter(pk__in=keys)
        .values_list("pk", field.attname)
    }
    return {
        variant.pk: change_link(site, field.related_model, parents[variant.object_id])
        for variant in variants
        if parents.get(variant.object_id) is not None
    }


def _parent_field(site: AdminSite, model: type[Model]) -> ForeignKey[Any, Any] | None:
    for field in model._meta.concrete_fields:
        if (
            isinstance(field, ForeignKey)
            and isinstance(field.related_model, type)
            and site.is_registered(field.related_model)
        ):
            return field
    return None
