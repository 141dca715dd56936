"""A worker in a process of its own, and what can be told of its progress from the rows."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.core.management.base import OutputWrapper
from django.db.models import Avg

from shop_style.demo.errors import DemoError
from shop_style.models import Status, StyleVariant
from shop_style.transfer.registry import engine_entry

LOOK_EVERY = 0.5
PLAIN_LINE_EVERY = 10.0
_TAIL_LINES = 15


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """How far the worker is. seconds: since it started; left: seconds to go, estimated.

    new: how many of those done were not done when it started.
    """

    done: int
    new: int
    failed: int
    total: int
    seconds: float
    left: float
    doing: str

    @property
    def line(self) -> str:
        """One line for a terminal."""
        rate = f"{60 * self.new / self.seconds:.1f} a minute" if self.new else "starting"
        parts = [f"{self.done}/{self.total} variants", rate, f"about {clock(self.left)} left"]
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.doing:
            parts.append(self.doing)
        return " · ".join(parts)


class Progress(Protocol):
    """What can be told: how many are done, and all of it in a line."""

    @property
    def done(self) -> int: ...

    @property
    def line(self) -> str: ...


class Teller:
    """Says one line after another: in place on a terminal, now and then otherwise.

    every_change: is each step worth a line of a log? If not, only time is.
    """

    def __init__(self, out: OutputWrapper, *, every_change: bool = True) -> None:
        self._out = out
        self._in_place = out.isatty()
        self._every_change = every_change
        self._said_at = 0.0
        self._done = -1

    def tell(self, progress: Progress, *, final: bool = False) -> None:
        """Say it, unless there is nothing new worth a line of a log. final: it is the last."""
        now = time.monotonic()
        changed = progress.done != self._done and (self._every_change or final)
        if self._in_place:
            self._out.write(f"\r\033[K  {progress.line}", ending="")
        elif changed or now - self._said_at > PLAIN_LINE_EVERY:
            self._out.write(f"  {progress.line}")
            self._said_at = now
        self._done = progress.done
        self._out.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._in_place:
            self._out.write("")


def work_off(pks: Sequence[int], *, log: Path, out: OutputWrapper) -> None:
    """Run a worker until the queue is empty, telling of these variants.

    Raises DemoError, with the end of its log, when the worker dies or leaves some undone.
    """
    started = time.monotonic()
    before = snapshot(pks, seconds=0).done
    teller = Teller(out)

    def now() -> Snapshot:
        return snapshot(pks, seconds=time.monotonic() - started, before=before)

    with log.open("w", encoding="utf-8") as lines:
        worker = subprocess.Popen(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "style_worker", "--once"],
            stdout=lines,
            stderr=subprocess.STDOUT,
            cwd=settings.BASE_DIR,
        )
        try:
            while worker.poll() is None:
                teller.tell(now())
                time.sleep(LOOK_EVERY)
        finally:
            if worker.poll() is None:
                worker.terminate()
                worker.wait()
    last = now()
    teller.tell(last)
    teller.end()
    if worker.returncode or last.done < last.total:
        raise DemoError(
            f"the worker stopped with exit code {worker.returncode} and "
            f"{last.total - last.done} variants undone; the end of {log}:\n{log_end(log)}"
        )


def snapshot(pks: Sequence[int], *, seconds: float, before: int = 0) -> Snapshot:
    """Count the variants and estimate what is left from what the others took.

    before: how many were done when the worker started.
    """
    rows = list(StyleVariant.objects.filter(pk__in=pks).select_related("style"))
    counts = Counter(row.status for row in rows)
    means = dict(
        StyleVariant.objects.filter(status=Status.READY)
        .order_by()
        .values_list("style_id")
        .annotate(mean=Avg("seconds"))
    )
    left, doing = 0.0, ""
    for row in rows:
        if row.status not in (Status.PENDING, Status.RUNNING):
            continue
        each = means.get(row.style_id) or engine_entry(row.style.engine).typical_seconds
        left += each * (1 - row.progress)
        if row.status == Status.RUNNING:
            doing = f"{Path(row.source_name).stem} × {row.style}: {row.stage} {row.progress:.0%}"
    done = counts[Status.READY] + counts[Status.FAILED]
    return Snapshot(
        done=done,
        new=done - before,
        failed=counts[Status.FAILED],
        total=len(rows),
        seconds=seconds,
        left=left,
        doing=doing,
    )


def log_end(log: Path) -> str:
    """The last lines of a process's log."""
    return "\n".join(log.read_text(encoding="utf-8").splitlines()[-_TAIL_LINES:])


def clock(seconds: float) -> str:
    """A time span in minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
