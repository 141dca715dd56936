"""See the plugin at work: `manage.py demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from shop_style.demo.experiment import VISITORS
from shop_style.demo.run import Demo
from shop_style.exceptions import ShopStyleError


class Command(BaseCommand):
    help = (
        "Fill the demo shop, render its pictures in three styles, score and publish them, "
        "draw a contact sheet, and run an experiment with simulated visitors. "
        "A second run does nothing twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--images",
            type=Path,
            metavar="FOLDER",
            help="take your own photos from this folder and those in it",
        )

        parser.add_argument(
            "--visitors",
            type=int,
            default=VISITORS,
            metavar="N",
            help="simulated visitors of the experiment (default: %(default)s)",
        )
        parser.add_argument(
            "--no-visitors",
            action="store_const",
            const=0,
            dest="visitors",
            help="start the experiment, but simulate nobody",
        )

    def handle(self, *, images: Path | None, visitors: int, **options: Any) -> None:
        demo = Demo(
            fixtures=Path(settings.DEMO_FIXTURES),
            output=Path(settings.VAR_DIR) / "demo",
            photos=images,
            out=self.stdout,
            visitors=visitors,
        )
        try:
            demo.run()
        except ShopStyleError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("stopped; run it again to go on from here", returncode=130) from None
