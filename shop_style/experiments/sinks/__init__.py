"""Where events are written: one sink for each kind of database, all with the same exact answer."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connections

from shop_style.experiments.sinks.base import Sink
from shop_style.experiments.sinks.bulk import BulkSink
from shop_style.experiments.sinks.row import EventRow
from shop_style.experiments.sinks.staging import StagingSink, copies

__all__ = ["EventRow", "Sink", "sink_of", "store"]

_BULK = BulkSink()
_STAGING = StagingSink()


def sink_of(alias: str) -> Sink:
    """The sink for a database: COPY on PostgreSQL with psycopg 3, `bulk_create` elsewhere."""
    return _STAGING if copies(connections[alias]) else _BULK


def store(alias: str, rows: Sequence[EventRow]) -> set[str]:
    """Insert the events that are not there yet, and return the ids of those that are new.

    Raises DatabaseError, and then nothing of them was stored.
    """
    if not rows:
        return set()
    # In one order for all, so that two reports of a page never wait for each other.
    return sink_of(alias).store(alias, sorted(rows))
