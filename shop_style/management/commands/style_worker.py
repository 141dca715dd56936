"""Render what is queued: `manage.py style_worker`."""

from __future__ import annotations

import signal
from argparse import ArgumentTypeError
from types import FrameType
from typing import Any

from django.core.management.base import CommandParser

from shop_style.experiments.rollup import rollup_if_due
from shop_style.generation.worker import Finished, Worker
from shop_style.management.coded import CodedCommand
from shop_style.models import Status


def whole_number(text: str) -> int:
    """A count of jobs from the command line."""
    if not text.isdigit():
        raise ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


class Command(CodedCommand):
    help = (
        "Render queued style variants and jobs; while idle, roll experiment events up. "
        "SIGTERM or Ctrl-C finishes the current one; a second gives it back to the queue."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="leave when the queue is empty")
        parser.add_argument(
            "--max-jobs",
            type=whole_number,
            default=0,
            metavar="N",
            help="leave after N pieces of work, so that a supervisor starts a fresh process",
        )

    def handle(self, *, once: bool, max_jobs: int, **options: Any) -> None:
        worker = Worker(
            once=once, max_jobs=max_jobs, on_finished=self._say, when_idle=rollup_if_due
        )

        def stop(number: int, frame: FrameType | None) -> None:
            worker.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        self._failed = 0
        done = worker.run()
        self.stdout.write(f"{done} done" + (f", {self._failed} failed" if self._failed else ""))

    def _say(self, finished: Finished) -> None:
        self._failed += finished.status == Status.FAILED
        self.stdout.write(f"{finished.kind} {finished.pk} ({finished.using}): {finished.status}")
        self.stdout.flush()
