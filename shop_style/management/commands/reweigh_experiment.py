"""Weights that follow the results: `manage.py reweigh_experiment SLUG`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandParser

from shop_style.experiments.allocation import Reallocation, reallocate
from shop_style.experiments.lifecycle import find_experiment
from shop_style.management.coded import CodedCommand


class Command(CodedCommand):
    help = "Give new visitors to each arm by its chance to be the best, in a new phase."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="of a running experiment that draws visitors")
        parser.add_argument("--dry-run", action="store_true", help="only say what it would do")

    def handle(self, **options: Any) -> None:
        experiment = find_experiment(options["slug"])
        found = reallocate(experiment, actor="reweigh_experiment", dry_run=options["dry_run"])
        self.stdout.write("\n".join(_lines(found, dry_run=options["dry_run"])))


def _lines(found: Reallocation, *, dry_run: bool) -> Iterator[str]:
    as_of = f"{found.rolled_up_at:%Y-%m-%d %H:%M %Z}" if found.rolled_up_at else "never"
    yield f"Events as of {as_of}"
    yield ""
    width = max(len("arm"), *(len(arm.slug) for arm in found.arms))
    yield f"  {'arm':<{width}}  {'visitors':>10}  {'best':>7}  {'weight':>7}  {'new':>7}"
    for arm in found.arms:
        yield (
            f"  {arm.slug:<{width}}  {arm.visitors:>10,}  {_percent(arm.chance):>7}"
            f"  {_percent(arm.before):>7}  {_percent(arm.after):>7}"
        )
    yield ""
    if found.reasons:
        yield f"Weights stay as they are: {'; '.join(found.reasons)}."
    elif dry_run:
        yield "Nothing was changed. Without --dry-run a phase with the new weights would begin."
    else:
        yield (
            f"Phase {found.phase} has begun. Only new visitors follow its weights; whoever has "
            "entered keeps their arm."
        )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
