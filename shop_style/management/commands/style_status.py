"""How the queue stands: `manage.py style_status`."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser

from shop_style.generation.status import QueueStatus, queue_status
from shop_style.management.coded import CodedCommand
from styleeval.preservation.text import text_available

PRINT_READ = "print on products is read by OCR"
PRINT_COMPARED = (
    "print on products is compared by its edges; with `pip install django-shop-style[ocr]` on the "
    "workers it is read"
)


class Command(CodedCommand):
    help = "Show counts, the oldest pending variant and failures by code."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for monitoring")

    def handle(self, *, json: bool, **options: Any) -> None:
        found = queue_status()
        if json:
            self.stdout.write(as_json(found))
            return
        for status in found:
            self._print(status)
        self.stdout.write(PRINT_READ if text_available() else PRINT_COMPARED)

    def _print(self, status: QueueStatus) -> None:
        write = self.stdout.write
        write(f"database {status.database}")
        write("  variants  " + ", ".join(f"{n} {name}" for name, n in status.variants.items()))
        write("  jobs      " + ", ".join(f"{n} {name}" for name, n in status.jobs.items()))
        write(f"  published {status.published}, retired {status.retired}")
        if status.oldest_pending is not None:
            waited = timedelta(seconds=round(status.oldest_pending.total_seconds()))
            write(f"  the oldest pending one has waited {waited}: is a style_worker running?")
        if status.stalled:
            write(f"  {status.stalled} were left by a worker that died; the next one takes them")
        for code, number in sorted(status.failures.items()):
            write(f"  failed: {number} × {code}")


def as_json(statuses: list[QueueStatus]) -> str:
    """A list of objects; oldest_pending in seconds."""
    rows = []
    for status in statuses:
        row = dataclasses.asdict(status)
        row["oldest_pending"] = (
            status.oldest_pending.total_seconds() if status.oldest_pending else None
        )
        rows.append(row)
    return json.dumps(rows, indent=2)
