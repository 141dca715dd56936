"""Keeps events in memory until they are wanted, so that thousands of experiments are affordable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from shop_style.experiments import ingest
from shop_style.models import Event


@dataclass
class MemorySink:
    """Stores as the database does, once an id, and inserts at a flush."""

    _known: set[str] = field(default_factory=set)
    _waiting: list[Event] = field(default_factory=list)

    def store(self, events: list[Event]) -> set[str]:
        """Keep what is not there yet. Returns the ids that are new."""
        fresh = {event.event_id: event for event in events if event.event_id not in self._known}
        self._known |= fresh.keys()
        self._waiting += fresh.values()
        return set(fresh)

    def flush(self) -> None:
        """Insert what waits."""
        Event.objects.bulk_create(self._waiting)
        self._waiting.clear()


@contextmanager
def events_in_memory() -> Iterator[MemorySink]:
    """Events of this block are kept in memory; `flush` them before a rollup."""
    sink, stored = MemorySink(), ingest._store
    ingest._store = sink.store
    try:
        yield sink
    finally:
        ingest._store = stored
