"""Keeps events in memory until they are wanted, so that thousands of experiments are affordable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from shop_style.experiments import ingest, sinks
from shop_style.experiments.sinks import EventRow, Sink
from shop_style.experiments.snapshot import experiment_database


@dataclass
class MemorySink(Sink):
    """Stores as the database does, once an id, and hands all of it on at a flush."""

    _known: set[str] = field(default_factory=set)
    _waiting: list[EventRow] = field(default_factory=list)

    def store(self, alias: str, rows: Sequence[EventRow]) -> set[str]:
        """As Sink says."""
        fresh = [row for row in rows if row.event_id not in self._known]
        new = {row.event_id for row in fresh}
        self._known |= new
        self._waiting += fresh
        return new

    def flush(self) -> None:
        """Store what waits where it belongs."""
        sinks.store(experiment_database(), self._waiting)
        self._waiting.clear()


@contextmanager
def events_in_memory() -> Iterator[MemorySink]:
    """Events of this block are kept in memory; `flush` them before a rollup."""
    sink, stored = MemorySink(), ingest.store
    ingest.store = sink.store
    try:
        yield sink
    finally:
        ingest.store = stored
