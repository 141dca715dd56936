"""Rows of the host with the columns that a page reads, where nothing of the host's reads more."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from django.db import models
from django.db.models.base import ModelState
from django.db.models.query import ModelIterable

from shop_style.conf import app_settings
from shop_style.experiments.rendering import ALT_NAMES, holds_plain_files, original_columns
from shop_style.sources import Source


def page_rows(rows: models.QuerySet[models.Model], source: Source) -> Iterable[models.Model]:
    """The rows of a query; one query.

    They are made as unpickling makes them, without `__init__` and its signals, and every other
    column is deferred. Where the host's own code may look at a row, they are the query's own.
    """
    if app_settings().ALT_TEXT or not (_is_plain(rows.model, source) and _gives_rows(rows)):
        return rows
    return _made(rows, page_columns(rows.model, source))


def _made(rows: models.QuerySet[models.Model], columns: tuple[str, ...]) -> Iterable[models.Model]:
    model, alias = rows.model, rows.db
    for values in rows.values_list(*columns):
        row = model.__new__(model)
        state = row.__dict__["_state"] = ModelState()
        state.adding, state.db = False, alias
        row.__dict__.update(zip(columns, values, strict=True))
        yield row


@lru_cache(maxsize=256)
def page_columns(model: type[models.Model], source: Source) -> tuple[str, ...]:
    """The key, the file, its sizes and its words."""
    present = {item.attname for item in model._meta.concrete_fields}
    pk = model._meta.pk.attname
    wanted = (pk, *original_columns(model, source.field), *ALT_NAMES)
    return tuple(dict.fromkeys(name for name in wanted if name in present))


@lru_cache(maxsize=256)
def _is_plain(model: type[models.Model], source: Source) -> bool:
    """Does a row of the model's hold its columns as they are, and Django's own file?"""
    return (
        model.from_db.__func__ is models.Model.from_db.__func__  # type: ignore[attr-defined]
        and model.__init__ is models.Model.__init__
        and holds_plain_files(model, source.field)
    )


def _gives_rows(rows: models.QuerySet[models.Model]) -> bool:
    """Is it Django's own kind of query, that makes a row of the model of each line?"""
    # No public name tells a query for rows from one for values, or from a package's own kind.
    return rows._iterable_class is ModelIterable and not rows._prefetch_related_lookups  # type: ignore[attr-defined]
