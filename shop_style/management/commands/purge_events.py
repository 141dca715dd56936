"""Remove what is known of visitors of ended experiments: `manage.py purge_events`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from shop_style.experiments.purge import purge_events
from shop_style.management.coded import CodedCommand


class Command(CodedCommand):
    help = (
        "Remove events, visitors and salts of experiments that ended EVENT_DAYS ago. "
        "Their reports stay."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=float, help="instead of EVENT_DAYS")
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")

    def handle(self, *, days: float | None, dry_run: bool, **options: Any) -> None:
        report = purge_events(days=days, dry_run=dry_run)
        self.stdout.write(f"{report.summary()} {'would be' if dry_run else 'were'} removed")
