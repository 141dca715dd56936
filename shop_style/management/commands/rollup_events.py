"""Bring the totals that reports read up to date: `manage.py rollup_events`."""

from __future__ import annotations

import signal
import time
from argparse import ArgumentTypeError
from types import FrameType
from typing import Any

from django.core.management.base import CommandParser
from django.db import InterfaceError, OperationalError, close_old_connections

from shop_style.experiments.rollup import rollup
from shop_style.management.coded import CodedCommand


def some_seconds(text: str) -> float:
    """An interval from the command line."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 86_400:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds from above 0 to a day")
    return seconds


class Command(CodedCommand):
    help = "Roll events up into the totals that reports read. Running it twice changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--watch",
            type=some_seconds,
            metavar="SECONDS",
            help="go on, once every so many seconds, until SIGTERM or Ctrl-C",
        )

        parser.add_argument(
            "--recount",
            action="store_true",
            help="begin with the first event that is kept, for events that came very late",
        )

    def handle(self, *, watch: float | None, recount: bool, **options: Any) -> None:
        if watch is None or recount:
            self.stdout.write(rollup(recount=recount).summary())
        if watch is None:
            return
        self._stopping = False

        def stop(number: int, frame: FrameType | None) -> None:
            self._stopping = True

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        while not self._stopping:
            self._roll_up_or_complain()
            until = time.monotonic() + watch
            while not self._stopping and time.monotonic() < until:
                time.sleep(0.05)

    def _roll_up_or_complain(self) -> None:
        """A database that is away for a while is tried again; the next run catches up."""
        close_old_connections()
        try:
            self.stdout.write(rollup().summary())
        except (OperationalError, InterfaceError) as error:
            self.stderr.write(f"the database did not answer: {error}")
        self.stdout.flush()
