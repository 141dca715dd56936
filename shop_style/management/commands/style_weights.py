"""Weight files: which are there, are they the pinned ones: `manage.py style_weights`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from shop_style.exceptions import WeightsError
from shop_style.transfer.weights import WEIGHTS, WeightFile, import_folder, import_weights


class Command(BaseCommand):
    help = "List and verify weight files, or import one that was brought by hand."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--import",
            dest="source",
            type=Path,
            metavar="FILE",
            help="copy a file whose SHA-256 is pinned here (AlexNet for LPIPS, VGG16 as trunk)",
        )
        parser.add_argument("--verify", action="store_true", help="fail unless every file fits")

    def handle(self, *, source: Path | None, verify: bool, **options: Any) -> None:
        if source is not None:
            try:
                item = import_weights(source)
            except WeightsError as error:
                raise CommandError(f"{error.code}: {error}") from error
            self.stdout.write(f"imported {item.name} into {import_folder()}")
            return
        bad = [item.name for item in WEIGHTS.values() if not self._show(item)]
        if verify and bad:
            raise CommandError(f"not usable: {', '.join(bad)}")

    def _show(self, item: WeightFile) -> bool:
        if not item.shipped and item.path() is None:
            self.stdout.write(f"{item.name}: not imported ({item.file_name}, {item.source})")
            return True
        try:
            item.verify()
        except WeightsError as error:
            self.stdout.write(f"{item.name}: {error.code}: {error}")
            return False
        self.stdout.write(f"{item.name}: ok, {item.path()}, SHA-256 {item.sha256[:12]}…")
        return True
