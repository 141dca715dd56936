"""Host rows by their public name: `catalogue.productimage:42`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.module_loading import import_string

from shop_style.conf import app_settings
from shop_style.experiments.pictures import covers
from shop_style.sources import Source, SourceImage, child_sources, sources, sources_of

_NAME = re.compile(
    r"(?P<app>[a-z_]\w{0,99})\.(?P<model>[a-z_]\w{0,99}):(?P<pk>[^\s\x00\ud800-\udfff]{1,64})",
    re.IGNORECASE | re.ASCII,
)

_SMALL = 2**31
"""Every kind of key takes integers below; checking them takes longer than looking them up."""


def find_pictures(names: Sequence[str], request: HttpRequest) -> dict[str, SourceImage]:
    """The picture of each name: of the row itself, or the first of its child rows.

    Names of rows that do not exist, are no source, or are not for shoppers are left out alike.
    Two queries at most for each model named.
    """
    by_model: dict[type[models.Model], dict[str, str]] = {}
    for name in names:
        model, key = _parsed(name)
        if model is not None:
            by_model.setdefault(model, {})[name] = key
    found: dict[str, SourceImage] = {}
    for model, keys in by_model.items():
        rows = _rows(model, keys.values(), request)
        pictures = _pictures(rows, request)
        for name, key in keys.items():
            row = rows.get(key)
            if row is not None and row.pk in pictures:
                found[name] = pictures[row.pk]
    return found


def name_of(row: models.Model) -> str:
    """The public name of a row."""
    return f"{row._meta.label_lower}:{row.pk}"


def _parsed(name: str) -> tuple[type[models.Model] | None, str]:
    match = _NAME.fullmatch(name)
    if match is None:
        return None, ""
    model = _model_named(match["app"].lower(), match["model"].lower(), sources())
    return (None, "") if model is None else (model, match["pk"])


@lru_cache(maxsize=256)
def _model_named(app: str, name: str, known: tuple[Source, ...]) -> type[models.Model] | None:
    """The model, where it holds pictures or its child rows do. known: the sources it depends on."""
    try:
        model = apps.get_model(app, name)
    except LookupError:
        return None
    return model if sources_of(model) or child_sources(model) else None


def _rows(
    model: type[models.Model], keys: Iterable[str], request: HttpRequest
) -> Mapping[str, models.Model]:
    """Visible rows by their key as it was written."""
    valid: dict[str, Any] = {}
    field = model._meta.pk
    for key in keys:
        try:
            value = field.to_python(key)
            if not (type(value) is int and 0 <= value < _SMALL):
                field.run_validators(value)
        except (ValidationError, ValueError, OverflowError):
            continue
        # “007” is not another name of row 7, and no driver takes an integer beyond 64 bits.
        written = key.lower() if isinstance(value, UUID) else key
        if str(value) == written and not (isinstance(value, int) and value >= 2**63):
            valid[key] = value
    rows = {row.pk: row for row in _visible(model, request).filter(pk__in=set(valid.values()))}
    return {key: rows[value] for key, value in valid.items() if value in rows}


def _pictures(rows: Mapping[str, models.Model], request: HttpRequest) -> dict[Any, SourceImage]:
    """Picture by row key."""
    if not rows:
        return {}
    model = type(next(iter(rows.values())))
    own = sources_of(model)
    if own:
        return {row.pk: SourceImage(own[0], row) for row in rows.values()}
    return covers(list(rows.values()), lambda child: _visible(child, request))


def _visible(model: type[models.Model], request: HttpRequest) -> models.QuerySet[Any]:
    rows: models.QuerySet[Any] = model._default_manager.all()
    path = app_settings().VISIBLE_ROWS
    return import_string(path)(rows, request) if path else rows
