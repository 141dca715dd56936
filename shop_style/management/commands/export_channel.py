"""Copy what may go to a channel: `manage.py export_channel feed-lifestyle --out feed/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from shop_style.channels.candidates import candidates
from shop_style.channels.configuration import policy_called
from shop_style.channels.export import MANIFEST, ExportReport, export
from shop_style.exceptions import StorageFailed
from shop_style.generation.databases import variant_databases
from shop_style.management.coded import CodedCommand
from shop_style.models import Style


class Command(CodedCommand):
    help = (
        "Copy the files that may go to a channel into a folder, with a manifest; their marks are "
        "read back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("channel", metavar="SLUG")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR")
        parser.add_argument(
            "--style", action="append", default=[], metavar="SLUG", help="repeat for several"
        )
        parser.add_argument("--dry-run", action="store_true", help="count, write nothing")

    def handle(
        self, *, channel: str, out: Path, style: list[str], dry_run: bool, **options: Any
    ) -> None:
        policy = policy_called(channel)
        databases = variant_databases()
        unknown = set(style) - set(Style.objects.home().values_list("slug", flat=True))
        if unknown:
            raise CommandError(f"no style is called {', '.join(sorted(unknown))}")
        try:
            report = export(
                policy, candidates(policy, databases=databases, styles=style), out, dry_run=dry_run
            )
        except StorageFailed:
            raise
        except OSError as error:
            raise CommandError(f"the export to {out} stopped: {error}") from error
        self._print(report, out, dry_run=dry_run)
        for line in report.broken:
            self.stderr.write(f"left out {line}")
        if report.broken:
            raise CommandError(
                f"{len(report.broken)} files were left out, for they are not what their rows say"
            )

    def _print(self, report: ExportReport, out: Path, *, dry_run: bool) -> None:
        if dry_run:
            done = "may go; nothing was written (dry run)"
        else:
            done = f"copied to {out}, listed in {MANIFEST}"
        self.stdout.write(f"{len(report.rows)} pictures {done}")
        for code, number in report.refused.most_common():
            self.stdout.write(f"{number} may not go: {code}")
        if report.left_over:
            self.stdout.write(
                f"{len(report.left_over)} files of an earlier export may not go any more and are "
                f"still there: {', '.join(report.left_over[:10])}"
                f"{' …' if len(report.left_over) > 10 else ''}"
            )
