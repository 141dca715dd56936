"""The live server that the demo plays its visitors through: `manage.py demo_server`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from shop_style.demo.server import serve


class Command(BaseCommand):
    help = "Serve the demo shop on a free port of this computer until the standard input ends."

    def handle(self, **options: Any) -> None:
        serve(self.stdout)
