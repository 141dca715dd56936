"""Is the plugin rightly plugged in: `manage.py shop_style_check`."""

from __future__ import annotations

import json as to_json
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from shop_style.checkup.finding import Finding
from shop_style.checkup.run import findings

_MARKS: Final = {"right": "✓", "notice": "!", "wrong": "✗"}


class Command(BaseCommand):
    help = (
        "Walk through this host's settings, tables, pictures, storage, weights and queue; say what "
        "is right, what is wrong, and the next step. The exit code is 1 when something is wrong."
    )
    # Its own findings say what the system checks would, and go on to the rest.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for monitoring")

    def handle(self, *, json: bool, **options: Any) -> None:
        found: list[Finding] = []
        for item in findings():
            if not json:
                self._say(item, new_area=not found or found[-1].area != item.area)
            found.append(item)
        wrong = sum(item.state == "wrong" for item in found)
        if json:
            self.stdout.write(to_json.dumps([item.as_dict() for item in found], indent=2))
        if wrong:
            points = "1 point is" if wrong == 1 else f"{wrong} points are"
            raise CommandError(f"{points} wrong; begin with the first ✗", returncode=1)
        if not json:
            self.stdout.write("\nEverything that is needed is there.")

    def _say(self, item: Finding, *, new_area: bool) -> None:
        colour = {"right": self.style.SUCCESS, "notice": self.style.WARNING}
        mark = colour.get(item.state, self.style.ERROR)(_MARKS[item.state])
        if new_area:
            self.stdout.write(self.style.MIGRATE_HEADING(item.area))
        self.stdout.write(f"  {mark} {item.text}")
        if item.next_step:
            self.stdout.write(f"    → {item.next_step}")
