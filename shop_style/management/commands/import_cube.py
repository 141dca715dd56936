"""A look from a photo tool as a style: `manage.py import_cube warm.cube --style warm`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from shop_style.generation.databases import variant_databases
from shop_style.generation.look import plan_import
from shop_style.management.coded import CodedCommand
from shop_style.transfer.cube import MOST_BYTES

_ACTOR = "import_cube"


class Command(CodedCommand):
    help = (
        "Give a style of the engine grade the look of a .cube file, adding the style where there "
        "is none; published variants keep serving."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--style", required=True, metavar="SLUG")
        parser.add_argument("--name", default="", help="what the admin calls it")
        parser.add_argument("--dry-run", action="store_true", help="check and say, write nothing")

    def handle(self, *, file: Path, style: str, name: str, dry_run: bool, **options: Any) -> None:
        variant_databases()  # says so when nothing is migrated
        try:
            with file.open("rb") as stream:
                data = stream.read(MOST_BYTES + 1)
        except OSError as error:
            raise CommandError(f"cannot read {file}: {error.strerror}") from error
        try:
            plan = plan_import(style, data, file_name=file.name, name=name)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        for line in plan.summary():
            self.stdout.write(line)
        if dry_run:
            self.stdout.write("nothing was written")
            return
        plan.save(actor=_ACTOR)
        self.stdout.write("saved")
