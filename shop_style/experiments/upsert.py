"""Rows of totals, inserted or overwritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import connections, models
from django.db.models.constants import OnConflict

N: Final = "n_"
_BATCH: Final = 400


def put(alias: str, rows: Sequence[models.Model], keys: Sequence[str]) -> None:
    """Insert the rows, or overwrite those with the same keys."""
    if not rows:
        return
    model = type(rows[0])
    targeted = connections[alias].features.supports_update_conflicts_with_target
    model._default_manager.using(alias).bulk_create(
        rows,
        batch_size=_BATCH,
        update_conflicts=True,
        update_fields=[field.name for field in _others(model, keys)],
        unique_fields=list(keys) if targeted else None,
    )


def put_selected(
    alias: str, model: type[models.Model], keys: Sequence[str], found: models.QuerySet[Any, Any]
) -> None:
    """The same for what a query of `values()` finds, named as the model's columns are; counted
    ones with `N` before, for an annotation may not be called like a column.

    One statement inside the database where it can: a million events pass through no Python.
    """
    if not connections[alias].features.supports_update_conflicts_with_target:
        # MySQL takes no such clause after a SELECT.
        put_found(alias, model, keys, found)
        return
    connection = connections[alias]
    ops = connection.ops
    select, values = found.query.get_compiler(using=alias).as_sql()
    selected = [*found.query.values_select, *found.query.annotation_select]
    columns = [_column(model, name.removeprefix(N)) for name in selected]
    suffix = ops.on_conflict_suffix_sql(
        [model._meta.get_field(name) for name in keys],
        OnConflict.UPDATE,
        [str(field.column) for field in _others(model, keys)],
        [_column(model, name) for name in keys],
    )
    table, names = ops.quote_name(model._meta.db_table), ", ".join(map(ops.quote_name, columns))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) {select} {suffix}", values)


def put_found(
    alias: str, model: type[models.Model], keys: Sequence[str], found: models.QuerySet[Any, Any]
) -> None:
    """As `put_selected`, by way of Python."""
    put(alias, [model(**named(row)) for row in found], keys)


def named(row: Mapping[str, Any]) -> dict[str, Any]:
    """A found row by the names of the columns."""
    return {name.removeprefix(N): value for name, value in row.items()}


def _column(model: type[models.Model], name: str) -> str:
    return str(model._meta.get_field(name).column)  # type: ignore[union-attr]


def _others(model: type[models.Model], keys: Sequence[str]) -> list[models.Field[Any, Any]]:
    return [
        field
        for field in model._meta.concrete_fields
        if not field.primary_key and field.name not in keys
    ]
