"""Remove retired rows and orphan files: `manage.py prune_variants`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from shop_style.conf import app_settings
from shop_style.generation.prune import prune
from shop_style.management.coded import CodedCommand


class Command(CodedCommand):
    help = (
        "Remove long-retired variants and files that no row names; withdraw published variants "
        "whose files are gone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--retired-days", type=float, help="default: SHOP_STYLE['RETIRED_DAYS']"
        )
        parser.add_argument(
            "--orphan-hours", type=float, help="default: SHOP_STYLE['ORPHAN_HOURS']"
        )
        parser.add_argument(
            "--withdraw-lost",
            action="store_true",
            help="also where most published variants are without their files",
        )
        parser.add_argument("--dry-run", action="store_true", help="list, remove nothing")

    def handle(
        self,
        *,
        retired_days: float | None,
        orphan_hours: float | None,
        dry_run: bool,
        withdraw_lost: bool,
        **options: Any,
    ) -> None:
        current = app_settings()
        report = prune(
            retired_days=current.RETIRED_DAYS if retired_days is None else retired_days,
            orphan_hours=current.ORPHAN_HOURS if orphan_hours is None else orphan_hours,
            dry_run=dry_run,
            withdraw_lost=withdraw_lost,
        )
        if dry_run or options["verbosity"] > 1:
            for name in report.orphans:
                self.stdout.write(f"orphan {name}")
        would = "would be " if dry_run else ""
        self.stdout.write(
            f"{report.mourned} variants of deleted rows {would}retired, "
            f"{report.lost} published ones without their files {would}withdrawn, "
            f"{report.rows} retired rows and {len(report.orphans)} orphan files {would}removed"
        )
