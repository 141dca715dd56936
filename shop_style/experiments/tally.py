"""Counters of what stores nothing of a visitor: kept in process, written now and then."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import Counter
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from shop_style.conf import app_settings
from shop_style.experiments.guard import guarded
from shop_style.experiments.snapshot import experiment_database
from shop_style.models import DailyTally, Phase

logger = logging.getLogger(__name__)

TOKEN = "token"
VISITOR = "visitor"
REPEATED = "repeated"

Key = tuple[int, date, str, str]


class Tally:
    """Counts by phase, day, kind and arm.

    Written with a request, every few seconds, and when the process ends in order. One that is
    killed loses what it counted since its last write, of all arms alike.
    """

    def __init__(self) -> None:
        self._counts: Counter[Key] = Counter()
        self._lock = threading.Lock()
        self._written_at = time.monotonic()

    def add(self, phase: int, kind: str, arm: str = "") -> None:
        """Count one."""
        with self._lock:
            self._counts[phase, timezone.now().date(), kind, arm] += 1

    def write_if_due(self) -> None:
        """Write, at most once every SNAPSHOT_SECONDS."""
        if time.monotonic() - self._written_at >= app_settings().SNAPSHOT_SECONDS:
            self.write()

    def write(self) -> None:
        """Add what was counted to the rows. What cannot be written is kept for the next time."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
            self._written_at = time.monotonic()
        if not taken:
            return
        try:
            _add_to_rows(taken)
        except Exception:  # whatever the database raises, no page may fail for a counter
            logger.warning("counters wait for the database", exc_info=True)
            with self._lock:
                self._counts.update(taken)

    def clear(self) -> None:
        """Forget what was not written."""
        with self._lock:
            self._counts.clear()


def _add_to_rows(counts: Counter[Key]) -> None:
    alias = experiment_database()
    rows = DailyTally.objects.using(alias)
    with guarded(alias):
        phases = Phase.objects.using(alias).filter(pk__in={key[0] for key in counts})
        there = set(phases.values_list("pk", flat=True))
    with guarded(alias), transaction.atomic(using=alias):
        # In one order for all processes, so that two never wait for each other.
        for (phase, day, kind, arm), number in sorted(counts.items()):
            if phase not in there:
                continue  # deleted with its experiment
            key: dict[str, Any] = {"phase_id": phase, "day": day, "kind": kind, "arm": arm}
            # The update first: a transaction that begins by reading is refused on SQLite.
            if not rows.filter(**key).update(number=F("number") + number):
                rows.get_or_create(**key)
                rows.filter(**key).update(number=F("number") + number)


tally = Tally()
# A server that goes down in order writes its last seconds.
atexit.register(tally.write)
