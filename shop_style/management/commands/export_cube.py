"""A colour grade for other photo tools: `manage.py export_cube warm --out warm.cube`."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from shop_style.generation.databases import variant_databases
from shop_style.generation.look import cube_of
from shop_style.management.coded import CodedCommand
from shop_style.models import Style
from shop_style.transfer.cube import ENDING, SIDES, write_cube


def side(text: str) -> int:
    """Points a side from the command line."""
    least, most = SIDES
    if not text.isdecimal() or not least <= int(text) <= most:
        raise ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
    return int(text)


def share(text: str) -> float:
    """A strength from the command line."""
    try:
        strength = float(text)
    except ValueError:
        strength = -1.0
    if not 0 <= strength <= 1:
        raise ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return strength


class Command(CodedCommand):
    help = "Write the look of a style of the engine grade as a .cube file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("style", metavar="STYLE")
        parser.add_argument(
            "--image",
            type=Path,
            metavar="FILE",
            help="a look from references differs by picture: write this picture's",
        )
        parser.add_argument("--size", type=side, default=33, metavar="N", help="points a side")
        parser.add_argument(
            "--strength", type=share, metavar="0…1", help="the style's own unless it is given"
        )
        parser.add_argument(
            "--out", type=Path, metavar="FILE", help="STYLE.cube in this folder unless it is given"
        )

    def handle(self, **options: Any) -> None:
        variant_databases()  # says so when nothing is migrated
        slug, image = options["style"], options["image"]
        out = options["out"] or Path(f"{slug}{ENDING}")
        if not out.absolute().parent.is_dir():
            raise CommandError(f"--out {out}: the folder {out.absolute().parent} is not there")
        style = Style.objects.home().filter(slug=slug).first()
        if style is None:
            known = ", ".join(Style.objects.home().values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"no style is called {slug!r}; known: {known}")
        cube = cube_of(
            style,
            _bytes(image) if image else None,
            name=image.name if image else "",
            side=options["size"],
            strength=options["strength"],
        )
        out.write_bytes(write_cube(cube))
        self.stdout.write(f"{out}: {len(cube.values)} points a side, {_for_whom(style, image)}")


def _bytes(image: Path) -> bytes:
    try:
        return image.read_bytes()
    except OSError as error:
        raise CommandError(f"cannot read {image}: {error.strerror}") from error


def _for_whom(style: Style, image: Path | None) -> str:
    if style.has_own_artefact:
        return "the same for every picture"
    return (
        f"for {image.name}" if image else "for an ordinary photograph; --image writes a picture's"
    )
