"""Takes work from the queue, one row at a time, until told to stop."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, close_old_connections

from shop_style.conf import app_settings
from shop_style.generation import jobs, runner
from shop_style.generation.databases import variant_databases
from shop_style.models import StyleJob, StyleVariant

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finished:
    """One piece of work, and how it ended."""

    kind: str
    pk: int
    using: str
    status: str


class Worker:
    """Serves variants and style jobs of every database.

    once: stop when nothing is claimable. max_jobs: stop after so many, 0 for no limit.
    on_finished: told of each piece of work. when_idle: called now and then while none waits.
    """

    def __init__(
        self,
        *,
        once: bool = False,
        max_jobs: int = 0,
        on_finished: Callable[[Finished], None] = lambda finished: None,
        when_idle: Callable[[], object] = lambda: None,
    ) -> None:
        self._once = once
        self._max_jobs = max_jobs
        self._on_finished = on_finished
        self._when_idle = when_idle
        self._stopping = False
        self._cancelling = False
        self._done = 0
        self._databases: list[str] = []

    def stop(self) -> None:
        """Finish the current piece of work, then leave. A second call gives it back instead."""
        self._cancelling = self._stopping
        self._stopping = True

    def run(self) -> int:
        """Work until stopped. Returns how many pieces were worked on."""
        _prepare_threads()
        self._databases = variant_databases()
        while not self._stopping:
            try:
                finished = self._work_on_next()
                if finished is None:
                    self._when_idle()
            except (OperationalError, InterfaceError):
                # The database restarts or is locked for long; what was claimed comes back
                # by its lease.
                logger.exception("database trouble; trying again")
                close_old_connections()
                self._wait()
                continue
            if finished is None:
                if self._once and not self._work_is_coming():
                    break
                self._wait()
                continue
            self._done += 1
            self._on_finished(finished)
            if self._max_jobs and self._done >= self._max_jobs:
                break
        return self._done

    def _work_on_next(self) -> Finished | None:
        seconds = app_settings().LEASE_SECONDS
        for alias in self._databases:
            claimed = StyleJob.objects.using(alias).claim_next(lease_seconds=seconds)
            if claimed:
                status = jobs.run_claimed(*claimed, using=alias, cancelled=self._is_cancelling)
                return Finished("job", claimed[0], alias, status)
            claimed = StyleVariant.objects.using(alias).claim_next(lease_seconds=seconds)
            if claimed:
                status = runner.run_claimed(*claimed, using=alias, cancelled=self._is_cancelling)
                return Finished("variant", claimed[0], alias, status)
        return None

    def _work_is_coming(self) -> bool:
        """Is something pending that a short wait makes claimable, such as a second try?"""
        return any(
            rows.waiting_at_most(app_settings().RETRY_SECONDS * 4)
            for alias in self._databases
            for rows in (StyleVariant.objects.using(alias).live(), StyleJob.objects.using(alias))
        )

    def _is_cancelling(self) -> bool:
        return self._cancelling

    def _wait(self) -> None:
        close_old_connections()
        until = time.monotonic() + app_settings().POLL_SECONDS
        while not self._stopping and time.monotonic() < until:
            time.sleep(0.05)


def _prepare_threads() -> None:
    # Read when torch is first loaded: idle threads that spin make every other process on the
    # machine, a second worker or the web server, several times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    threads = app_settings().THREADS
    if threads:
        import torch

        torch.set_num_threads(threads)
