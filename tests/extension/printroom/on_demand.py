"""The dispatcher: no worker runs all day; each request starts one that ends with the queue."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from shop_style.generation.dispatchers import Dispatcher


class WorkerOnDemand(Dispatcher):
    """Starts `style_worker --once` in a process of its own.

    A row that is asked for while the last worker leaves waits for the next request, so let cron
    run `style_worker --once` now and then as well.
    """

    survives_crash = True  # the row is the queue: the next worker takes what this one left
    at_most = 2
    _running: list[subprocess.Popen[bytes]] = []

    def dispatch(self, variant_ids: Sequence[int], *, using: str) -> None:
        running = [worker for worker in self._running if worker.poll() is None]
        if len(running) < self.at_most:
            running.append(
                subprocess.Popen(
                    [sys.executable, "-m", "django", "style_worker", "--once"],
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )
        WorkerOnDemand._running = running
