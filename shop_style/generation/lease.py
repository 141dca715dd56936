"""A worker's hold on one row: renewed from a thread while torch computes."""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Any, Self

from django.db import Error as DatabaseFault
from django.db import connections

from shop_style.exceptions import LeaseLost
from shop_style.models.leased import LeasedQuerySet

logger = logging.getLogger(__name__)

_PROGRESS_SECONDS = 1.0


class Lease:
    """Context manager around the work on one claimed row."""

    def __init__(self, rows: LeasedQuerySet, pk: int, token: str, *, lease_seconds: float) -> None:
        self._rows = rows
        self._pk = pk
        self._token = token
        self._seconds = lease_seconds
        self._progress = 0.0
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{pk}", daemon=True)

    @property
    def lost(self) -> bool:
        """Does somebody else own the row by now?"""
        return self._lost.is_set()

    def report(self, done: int, total: int) -> None:
        """Keep an engine's progress for the next beat."""
        self._progress = done / total if total else 0.0

    def enter_stage(self, stage: str) -> None:
        """Write the stage to the row. Raises LeaseLost when the row is not ours any more."""
        self._renew(stage=stage)
        if self.lost:
            raise LeaseLost(f"row {self._pk}: its lease ran out before stage {stage}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _renew(self, **values: Any) -> None:
        if not self._rows.renew(self._pk, self._token, lease_seconds=self._seconds, **values):
            self._lost.set()

    def _beat(self) -> None:
        interval = min(_PROGRESS_SECONDS, self._seconds / 4)
        shown = 0.0
        waited = 0.0
        try:
            while not self._stop.wait(interval):
                waited += interval
                # An unchanged progress is not worth a write until the lease wants renewing.
                if self._progress == shown and waited < self._seconds / 3:
                    continue
                try:
                    self._renew(progress=self._progress)
                except DatabaseFault:
                    logger.warning("row %s: lease not renewed", self._pk, exc_info=True)
                    # A dropped connection stays dropped until closed; the next beat opens one.
                    connections[self._rows.db].close()
                    continue
                shown, waited = self._progress, 0.0
                if self.lost:
                    return
        finally:
            connections[self._rows.db].close()
