"""Train the style network that ships, or one of your own: `manage.py train_network`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shop_style.exceptions import ShopStyleError
from shop_style.transfer.training.network import cli


class Command(BaseCommand):
    """Parses and prints; the work is in shop_style.transfer.training.network."""

    help = "Train the style network on folders of photos and styles, going on where it stopped."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        cli.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        def say(line: str) -> None:
            self.stdout.write(line)
            self.stdout.flush()

        try:
            cli.run(options, say)
        except ShopStyleError as error:
            raise CommandError(str(error)) from error
