"""How long an experiment would take: `manage.py plan_experiment SLUG`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser

from shop_style.experiments.lifecycle import find_experiment
from shop_style.experiments.planner import Plan, plan_experiment
from shop_style.experiments.traffic import LIKENESS, SEEN_PER_VISITOR, stated_traffic
from shop_style.management.coded import CodedCommand


class Command(CodedCommand):
    help = "Say how many visitors and days an experiment needs, by the shop's own traffic."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="of the experiment; a draft will do")
        parser.add_argument(
            "--lift", type=float, default=10, metavar="PERCENT", help="to be shown (10)"
        )
        parser.add_argument("--power", type=float, default=0.8, help="chance to show it (0.8)")
        parser.add_argument("--visitors", type=float, metavar="N", help="of the placement a day")
        parser.add_argument("--ctr", type=float, metavar="PERCENT", help="of the originals")
        parser.add_argument(
            "--seen",
            type=float,
            default=SEEN_PER_VISITOR,
            metavar="N",
            help=f"pictures in view a visitor ({SEEN_PER_VISITOR:g})",
        )
        parser.add_argument(
            "--likeness",
            type=float,
            default=LIKENESS,
            metavar="SHARE",
            help=f"correlation of a visitor's clicks ({LIKENESS:g})",
        )
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, **options: Any) -> None:
        daily, ctr = options["visitors"], options["ctr"]
        if (daily is None) != (ctr is None):
            raise CommandError("state both --visitors and --ctr, or neither")
        traffic = None
        if daily is not None:
            traffic = stated_traffic(
                daily, ctr / 100, seen=options["seen"], likeness=options["likeness"]
            )
        plan = plan_experiment(
            find_experiment(options["slug"]),
            lift=options["lift"] / 100,
            power=options["power"],
            traffic=traffic,
        )
        if options["json"]:
            self.stdout.write(json.dumps(plan.as_dict(), indent=2))
        else:
            self.stdout.write("\n".join(_lines(plan)))


def _lines(plan: Plan) -> Iterator[str]:
    yield f"Traffic: {plan.traffic.source}"
    yield (
        f"{plan.daily:,.0f} visitors a day take part; the originals' CTR is "
        f"{100 * plan.traffic.ctr:.2f} %; a test at {100 * plan.level:.2f} % an arm, power "
        f"{100 * plan.power:g} %"
    )
    yield ""
    for sentence in plan.advice:
        yield f"  {sentence}"
    yield ""
    yield f"  {'lift':>8}  {'visitors':>14}  {'days':>6}"
    for need in plan.needs:
        visitors = "–" if need.visitors is None else f"{need.visitors:,}"
        days = "–" if need.days is None else f"{need.days:,}"
        yield f"  {100 * need.lift:>6g} %  {visitors:>14}  {days:>6}"
    yield ""
    for reach in plan.reaches:
        lift = "no lift" if reach.lift is None else f"a lift of {100 * reach.lift:.1f} %"
        weeks = "1 week shows" if reach.weeks == 1 else f"{reach.weeks} weeks show"
        yield f"  {weeks} {lift} ({reach.visitors:,} visitors)"
