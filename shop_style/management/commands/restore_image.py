"""One file restored, without a style or a row: `manage.py restore_image FILE …`."""

from __future__ import annotations

import json as json_module
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from shop_style.generation.limits import intake_limits
from shop_style.generation.preview import ENDINGS
from shop_style.generation.restoring import RestoredFile, restore_file
from shop_style.imaging.locks import Box
from shop_style.management.coded import CodedCommand
from shop_style.transfer.parameters import RestoreParameters


def region(text: str) -> Box:
    """A box from the command line: left, top, width, height in pixels."""
    try:
        left, top, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not x,y,w,h in whole pixels") from None
    if width < 1 or height < 1:
        raise ArgumentTypeError(f"{text!r} has no width or height")
    return left, top, left + width, top + height


def step(text: str) -> tuple[str, str | float]:
    """A step and its setting, such as noise=8 or blur=off; the name alone is auto."""
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        return name, value or "auto"


class Command(CodedCommand):
    help = "Restore one picture file and print what it was like before and after. Writes no row."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("image", type=Path, metavar="FILE")
        parser.add_argument("--out", type=Path, metavar="FILE", help=" or ".join(ENDINGS))
        parser.add_argument(
            "--region",
            type=region,
            action="append",
            default=[],
            metavar="X,Y,W,H",
            help="fill this box in from around it; may be given more than once",
        )
        parser.add_argument(
            "--mask", type=Path, metavar="FILE", help="fill in what is light in this picture"
        )
        parser.add_argument("--upscale", type=int, choices=(1, 2), default=1)
        parser.add_argument(
            "--steps",
            type=step,
            nargs="*",
            metavar="STEP[=auto|off|NUMBER]",
            help="these steps alone: " + ", ".join(RestoreParameters().as_dict()),
        )
        parser.add_argument("--dry-run", action="store_true", help="print, write nothing")
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        out: Path | None = options["out"]
        if out is None and not options["dry_run"]:
            raise CommandError("give --out FILE, or --dry-run to see what would be done")
        if out is not None:
            self._check_out(out)
        made = self._restored(options)
        if out is not None and not options["dry_run"]:
            out.write_bytes(made.encoded(out.suffix.lower()))
        self._print(made, options["image"], as_json=options["json"])

    def _check_out(self, out: Path) -> None:
        if out.suffix.lower() not in ENDINGS:
            raise CommandError(f"--out {out.name}: end it in {', '.join(ENDINGS)}")
        if not out.absolute().parent.is_dir():
            raise CommandError(f"--out {out}: the folder {out.absolute().parent} is not there")

    def _restored(self, options: dict[str, Any]) -> RestoredFile:
        image: Path = options["image"]
        mark: Path | None = options["mask"]
        with tqdm(total=100, unit="%", desc=image.name, file=self.stderr, disable=None) as bar:

            def report(done: int, total: int) -> None:
                bar.update(round(100 * done / total) - bar.n)

            return restore_file(
                _read(image),
                _parameters(options["steps"]),
                name=image.name,
                limits=intake_limits(),
                boxes=options["region"],
                mark=None if mark is None else _read(mark),
                upscale=options["upscale"],
                report=report,
            )

    def _print(self, made: RestoredFile, image: Path, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json_module.dumps(made.as_dict(), indent=2))
            return
        for line in made.lines(image.name):
            self.stdout.write(line)


def _parameters(steps: list[tuple[str, str | float]] | None) -> RestoreParameters:
    if steps is None:
        return RestoreParameters()
    others = dict.fromkeys(RestoreParameters().as_dict(), "off")
    return RestoreParameters.from_mapping({**others, **dict(steps)})


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from error
