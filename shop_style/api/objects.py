"""Host rows by their public name: `catalogue.productimage:42`."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.module_loading import import_string

from shop_style.conf import app_settings
from shop_style.experiments.page_rows import page_rows
from shop_style.experiments.pictures import covers
from shop_style.sources import Source, SourceImage, child_sources, sources, sources_of

_NAME = re.compile(
    r"(?P<app>[a-z_]\w{0,99})\.(?P<model>[a-z_]\w{0,99}):(?P<pk>[^\s\x00\ud800-\udfff]{1,64})",
    re.IGNORECASE | re.ASCII,
)


def find_pictures(names: Sequence[str], request: HttpRequest) -> dict[str, SourceImage]:
    """The picture of each name: of the row itself, or the first of its child rows.

    Names of rows that do not exist, are no source, or are not for shoppers are left out alike.
    Two queries at most for each model named.
    """
    known = sources()
    by_model: dict[type[models.Model], dict[str, Any]] = {}
    for name in names:
        model, key = _parsed(name, known)
        if model is not None:
            by_model.setdefault(model, {})[name] = key
    found: dict[str, SourceImage] = {}
    for model, keys in by_model.items():
        pictures = _pictures(model, set(keys.values()), request)
        found |= {name: pictures[key] for name, key in keys.items() if key in pictures}
    return found


def name_of(row: models.Model) -> str:
    """The public name of a row."""
    return f"{row._meta.label_lower}:{row.pk}"


@lru_cache(maxsize=8_192)
def _parsed(name: str, known: tuple[Source, ...]) -> tuple[type[models.Model] | None, Any]:
    """The model and key that a name means, whether or not there is such a row; no model where it
    means none. known: the sources it depends on."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None, None
    model = _model_named(match["app"].lower(), match["model"].lower(), known)
    key = None if model is None else _key(model, match["pk"])
    return (None, None) if key is None else (model, key)


@lru_cache(maxsize=256)
def _model_named(app: str, name: str, known: tuple[Source, ...]) -> type[models.Model] | None:
    """The model, where it holds pictures or its child rows do."""
    try:
        model = apps.get_model(app, name)
    except LookupError:
        return None
    return model if sources_of(model) or child_sources(model) else None


def _key(model: type[models.Model], text: str) -> Any:
    """The key that is written so; None where no row's is."""
    field = model._meta.pk
    try:
        value = field.to_python(text)
        field.run_validators(value)
    except (ValidationError, ValueError, OverflowError):
        return None
    # “007” is not another name of row 7, and no driver takes an integer beyond 64 bits.
    written = text.lower() if isinstance(value, UUID) else text
    if str(value) != written or (isinstance(value, int) and value >= 2**63):
        return None
    return value


def _pictures(
    model: type[models.Model], keys: Collection[Any], request: HttpRequest
) -> dict[Any, SourceImage]:
    """Picture by row key, of visible rows."""
    rows = _visible(model, request).filter(pk__in=keys)
    own = sources_of(model)
    if own:
        return {row.pk: SourceImage(own[0], row) for row in page_rows(rows, own[0])}
    found = list(rows)
    return covers(found, lambda child: _visible(child, request)) if found else {}


def _visible(model: type[models.Model], request: HttpRequest) -> models.QuerySet[Any]:
    rows: models.QuerySet[Any] = model._default_manager.all()
    path = app_settings().VISIBLE_ROWS
    return import_string(path)(rows, request) if path else rows
