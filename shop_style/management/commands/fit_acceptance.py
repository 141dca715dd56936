"""Learn from a shop's approvals: `manage.py fit_acceptance --by mira`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from shop_style.generation.acceptance_text import report_lines
from shop_style.generation.learning import keep, learn
from shop_style.management.coded import CodedCommand


class Command(CodedCommand):
    help = (
        "Fit the model that says how likely people are to approve a variant, on what they decided "
        "so far; print how good it is. It decides nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--by", default="", metavar="NAME", help="who asks, for the trail")
        parser.add_argument(
            "--reviewer",
            action="append",
            default=[],
            metavar="NAME",
            help="learn from this person's decisions only; repeat for several. Default: everyone "
            "with an account",
        )
        parser.add_argument("--dry-run", action="store_true", help="print the report, keep nothing")
        parser.add_argument(
            "--force", action="store_true", help="keep it though it is no better than the base rate"
        )

    def handle(
        self, *, by: str, reviewer: list[str], dry_run: bool, force: bool, **options: Any
    ) -> None:
        learned = learn(reviewers=reviewer)
        self.stdout.write("\n".join(report_lines(learned.report)))
        if dry_run:
            self.stdout.write("nothing was kept (dry run)")
            return
        model, number = keep(learned, actor=by, force=force)
        self.stdout.write(
            f"model {model.pk} is asked from now on; {number} variants that wait for a decision "
            "have their chance"
        )
