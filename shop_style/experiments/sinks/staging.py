"""Events into PostgreSQL: COPY into a staging table, and from there what is new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from shop_style.experiments.sinks.base import Sink
from shop_style.experiments.sinks.row import EventRow
from shop_style.models import Event

COPY_FROM: Final = 200
"""Rows from which COPY pays. At 100 runs disagree which is faster, at 300 COPY is in each of them,
at 1,000 twice as fast; `python -m tests.benchmarks.experiments --only sinks` measures both."""

_TYPES: Final = (
    *("text", "bigint", "bigint", "bigint", "bigint", "text", "text", "timestamptz"),
    *("smallint", "numeric", "text", "text", "smallint"),
)
_COLUMNS: Final = ", ".join(f'"{name}"' for name in EventRow._fields)
_STAGING: Final = "shop_style_staging"


def copies(connection: BaseDatabaseWrapper) -> bool:
    """Is this PostgreSQL by psycopg 3, whose COPY it is?"""
    if connection.vendor != "postgresql":
        return False
    from django.db.backends.postgresql.psycopg_any import is_psycopg3

    return bool(is_psycopg3)


class StagingSink(Sink):
    """Few rows as arrays in one statement; many by COPY, in a transaction of their own.

    Inside somebody else's transaction always as arrays: the staging table is emptied by a commit.
    """

    def store(self, alias: str, rows: Sequence[EventRow]) -> set[str]:
        """As Sink says."""
        connection = connections[alias]
        if len(rows) < COPY_FROM or connection.in_atomic_block:
            return insert_arrays(connection, rows)
        with transaction.atomic(using=alias):
            return copy_rows(connection, rows)


def insert_arrays(connection: Any, rows: Sequence[EventRow]) -> set[str]:
    """Insert rows by one statement with an array for each column; returns the new ids."""
    arrays = ", ".join(f"%s::{kind}[]" for kind in _TYPES)
    # The same text for any number of rows, which the server plans in no time.
    statement = _insert(connection, f"SELECT * FROM unnest({arrays})")
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])
        return {row[0] for row in cursor.fetchall()}


def copy_rows(connection: Any, rows: Sequence[EventRow]) -> set[str]:
    """Insert rows by COPY, inside a transaction; returns the new ids."""
    table = connection.ops.quote_name(Event._meta.db_table)
    # A pool may hand over another session each time, so whether it is there is asked each time.
    create = (
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {_STAGING} ON COMMIT DELETE ROWS AS "
        f"SELECT {_COLUMNS} FROM {table} WITH NO DATA"
    )
    with connection.cursor() as cursor:
        cursor.execute(create)
        with (
            connection.wrap_database_errors,
            cursor.copy(f"COPY {_STAGING} ({_COLUMNS}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)
        cursor.execute(_insert(connection, f"SELECT {_COLUMNS} FROM {_STAGING} ORDER BY event_id"))
        return {row[0] for row in cursor.fetchall()}


def _insert(connection: Any, select: str) -> str:
    table = connection.ops.quote_name(Event._meta.db_table)
    return f"INSERT INTO {table} ({_COLUMNS}) {select} ON CONFLICT DO NOTHING RETURNING event_id"
