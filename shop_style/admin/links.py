"""Addresses of admin pages, for rows that may not be registered."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.db.models import Model
from django.urls import NoReverseMatch, reverse


def change_link(site: AdminSite, model: type[Model] | None, pk: Any) -> str:
    """Address of a row's admin page, or an empty string when its model is not registered."""
    return _link(site, model, "change", [pk])


def list_link(site: AdminSite, model: type[Model]) -> str:
    """Address of a model's admin list, or an empty string when it is not registered."""
    return _link(site, model, "changelist", [])


def add_link(site: AdminSite, model: type[Model]) -> str:
    """Address of a model's page to add a row, or an empty string when it is not registered."""
    return _link(site, model, "add", [])


def change_link_by_label(site: AdminSite, label: str, pk: Any) -> str:
    """The same, for a model named "app_label.model"; empty when no such model is installed."""
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return ""
    return change_link(site, model, pk)


def _link(site: AdminSite, model: type[Model] | None, page: str, args: list[Any]) -> str:
    if model is None or not site.is_registered(model):
        return ""
    opts = model._meta
    try:
        return reverse(f"{site.name}:{opts.app_label}_{opts.model_name}_{page}", args=args)
    except NoReverseMatch:
        return ""
