"""Before the start: how many visitors, and so how many days, an effect of some size needs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _

from shop_style.exceptions import PlanError
from shop_style.experiments.traffic import Traffic, own_traffic
from shop_style.models import Arm, Experiment
from styleeval.sentence import said

if TYPE_CHECKING:
    from styleeval.inference import RatioDesign

LIFTS: Final = (0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5)
WEEKS: Final = (1, 2, 4, 8)
TOO_LONG_DAYS: Final = 56
"""Beyond, visitors lose their cookies and the season changes: this project's choice."""

_ALPHA: Final = 0.05
_MOST_DAYS: Final = 3650


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a lift needs. visitors: in all arms together, days: until they have come; None where no
    shop has so many, or in more than ten years."""

    lift: float
    visitors: int | None
    days: int | None

    @property
    def weeks(self) -> int | None:
        """Whole weeks: weekdays differ, and each is to be there equally often."""
        return None if self.days is None else math.ceil(self.days / 7)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The smallest lift that so many weeks show with the plan's power; None where none does."""

    weeks: int
    visitors: int
    lift: float | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long an experiment takes. daily: visitors of all arms a day, after coverage and layer.

    wanted: what the lift asked for needs. level: of the test at the end, for each arm.
    """

    traffic: Traffic
    daily: float
    power: float
    level: float
    wanted: Need
    needs: tuple[Need, ...]
    reaches: tuple[Reach, ...]

    @property
    def advice(self) -> list[str]:
        """What follows, in words."""
        sentences = [_advice(self.wanted)]
        if self.wanted.days is None or self.wanted.days > TOO_LONG_DAYS:
            sentences.append(
                _(
                    "That is longer than eight weeks, in which visitors lose their cookies and the "
                    "season changes. Ask for a larger effect, raise the coverage, compare fewer "
                    "arms, or place the test where more visitors come."
                )
            )
        return sentences

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        plain = dataclasses.asdict(self)
        for need, row in zip(self.needs, plain["needs"], strict=True):
            row["weeks"] = need.weeks
        plain["wanted"]["weeks"] = self.wanted.weeks
        return {**plain, "advice": self.advice}


def plan_experiment(
    experiment: Experiment,
    *,
    lift: float = 0.1,
    power: float = 0.8,
    traffic: Traffic | None = None,
) -> Plan:
    """Visitors and days for a lift (0.1 is 10 %) and for others beside it, with the chance `power`.

    traffic: what is stated; None reads what the shop's own experiments saw in its placement.
    Raises PlanError for what no plan can be made of, NoTraffic where the shop has no numbers yet.
    """
    from styleeval.inference import alpha_at_end, days_for

    arms = list(experiment.arms.all())
    _check(experiment, arms, lift, power)
    traffic = own_traffic(experiment) if traffic is None else traffic
    daily = traffic.daily * experiment.coverage * (experiment.layer_to - experiment.layer_from)
    treatments = sum(not arm.is_control for arm in arms)
    level = alpha_at_end(_ALPHA / treatments)
    designs = _designs(traffic, arms)

    def need(wanted: float) -> Need:
        visitors = _visitors(designs, wanted, power, level)
        days = None if visitors is None else days_for(visitors, daily)
        if days is None or days > _MOST_DAYS:
            return Need(lift=wanted, visitors=visitors, days=None)
        return Need(lift=wanted, visitors=visitors, days=days)

    return Plan(
        traffic=traffic,
        daily=daily,
        power=power,
        level=level,
        wanted=need(lift),
        needs=tuple(need(item) for item in sorted({*LIFTS, lift})),
        reaches=tuple(_reach(designs, weeks, daily, power, level) for weeks in WEEKS),
    )


def _check(experiment: Experiment, arms: Sequence[Arm], lift: float, power: float) -> None:
    problems = []
    if not 0 < lift <= 10:
        problems.append(
            said(
                "the lift is {lift:g} %; it must be above 0 %, and 1,000 % at most", lift=100 * lift
            )
        )
    if not 0.5 <= power < 1:
        problems.append(said("the power is {power:g}; it must be from 0.5 to below 1", power=power))
    if sum(arm.is_control for arm in arms) != 1 or len(arms) < 2:
        problems.append(
            said(
                "experiment {experiment!r} needs one control and one style or more",
                experiment=experiment.slug,
            )
        )
    elif min(arm.weight for arm in arms) <= 0:
        problems.append(said("an arm's weight is not above 0; give it one, or take the arm away"))
    if not 0 < experiment.coverage <= 1 or experiment.layer_to <= experiment.layer_from:
        problems.append(said("nobody takes part: see its coverage and its part of the layer"))
    if problems:
        raise PlanError(said("no plan can be made of this:"), problems)


_Designs = Sequence[tuple[float, "RatioDesign"]]
"""Share of all visitors that come to a treatment and the control, and the design of the two."""


def _designs(traffic: Traffic, arms: Sequence[Arm]) -> _Designs:
    from styleeval.inference import RatioDesign

    whole = math.fsum(arm.weight for arm in arms)
    control = next(arm for arm in arms if arm.is_control)
    found = []
    for arm in arms:
        if arm.is_control:
            continue
        pair = control.weight + arm.weight
        design = RatioDesign(
            ratio=traffic.ctr, variance=traffic.variance, treatment_share=arm.weight / pair
        )
        found.append((pair / whole, design))
    return found


def _visitors(designs: _Designs, lift: float, power: float, level: float) -> int | None:
    from styleeval.inference import OutOfRange, visitors_for

    try:
        return max(
            math.ceil(visitors_for(design, lift, power=power, alpha=level) / share)
            for share, design in designs
        )
    except OutOfRange:
        return None


def _reach(designs: _Designs, weeks: int, daily: float, power: float, level: float) -> Reach:
    from styleeval.inference import OutOfRange, TooFewVisitors, smallest_lift

    visitors = int(weeks * 7 * daily)
    try:
        lift = max(
            smallest_lift(design, int(visitors * share), power=power, alpha=level)
            for share, design in designs
        )
    except (OutOfRange, TooFewVisitors):
        return Reach(weeks=weeks, visitors=visitors, lift=None)
    return Reach(weeks=weeks, visitors=visitors, lift=lift)


def _advice(need: Need) -> str:
    values = {
        "lift": f"{100 * need.lift:g} %",
        "visitors": f"{need.visitors:,}" if need.visitors else "",
        "days": f"{need.days:,}" if need.days else "",
        "weeks": f"{need.weeks:,}" if need.weeks else "",
    }
    if need.days is None:
        return _("A lift of %(lift)s cannot be shown with this traffic in ten years.") % values
    return (
        _(
            "To show a lift of %(lift)s plan %(visitors)s visitors: %(days)s days of this traffic. "
            "Set the planned end after whole weeks: %(weeks)s."
        )
        % values
    )
