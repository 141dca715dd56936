"""Events by `bulk_create`, for every database that Django knows."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.constants import OnConflict

from shop_style.experiments.sinks.base import Sink
from shop_style.experiments.sinks.row import EventRow
from shop_style.models import Event


class BulkSink(Sink):
    """Inserts of many rows, which tell what is new where the database can (RETURNING).

    MySQL cannot: there it is read before, and of two who write the same event at the same moment
    both may be told that theirs is new; the row is one.
    """

    def store(self, alias: str, rows: Sequence[EventRow]) -> set[str]:
        """As Sink says."""
        connection = connections[alias]
        if connection.features.can_return_rows_from_bulk_insert:
            return _returned(alias, connection, rows)
        return _read_before(alias, rows)


def _returned(alias: str, connection: BaseDatabaseWrapper, rows: Sequence[EventRow]) -> set[str]:
    # bulk_create returns nothing when it ignores conflicts, so its statement is put together here.
    ops, table = connection.ops, Event._meta
    fields = [table.get_field(name.removesuffix("_id")) for name in EventRow._fields[1:]]
    fields.insert(0, table.get_field("event_id"))
    quote = ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)  # type: ignore[union-attr]
    suffix = ops.on_conflict_suffix_sql(fields, OnConflict.IGNORE, (), ())
    start = f"{ops.insert_statement(on_conflict=OnConflict.IGNORE)} {quote(table.db_table)}"
    size = max(1, ops.bulk_batch_size(fields, rows))
    one = f"({', '.join(['%s'] * len(fields))})"
    new: set[str] = set()
    with transaction.atomic(using=alias, savepoint=False), connection.cursor() as cursor:
        for first in range(0, len(rows), size):
            batch = rows[first : first + size]
            values = [
                field.get_db_prep_save(value, connection)  # type: ignore[union-attr]
                for row in batch
                for field, value in zip(fields, row, strict=True)
            ]
            places = ", ".join([one] * len(batch))
            returning = f"RETURNING {quote('event_id')}"
            cursor.execute(f"{start} ({names}) VALUES {places} {suffix} {returning}", values)
            new.update(row[0] for row in cursor.fetchall())
    return new


def _read_before(alias: str, rows: Sequence[EventRow]) -> set[str]:
    events = Event.objects.using(alias)
    found = events.filter(event_id__in=[row.event_id for row in rows])
    known = set(found.values_list("event_id", flat=True))
    fresh = [row for row in rows if row.event_id not in known]
    events.bulk_create([Event(**row._asdict()) for row in fresh], ignore_conflicts=True)
    return {row.event_id for row in fresh}
