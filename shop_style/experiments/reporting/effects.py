"""Each arm against the control by the one rule, with its course and what a Bayesian says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from shop_style.experiments.estimand import PairRows, paired
from shop_style.experiments.reporting.faults import fault_in_words
from shop_style.experiments.reporting.past import cuped_strata_of
from shop_style.experiments.reporting.sums import Row, Strata, Sums, strata_of
from shop_style.experiments.reporting.values import Effect, Moment
from shop_style.models import Arm, Experiment, Phase, SummaryTotals
from shop_style.words import in_words

if TYPE_CHECKING:
    from styleeval.inference import Comparison, PairedSummary, Posterior, Verdict

ALPHA: Final = 0.05

Pairs = list[tuple[Row, Row]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How an experiment is judged: fixed before the start, the same for each of its arms.

    ended: its end has come; scheduled: on the date that was set; by_date: a date was set. alpha: of
    one arm, so that all of them together err in one of twenty experiments.
    """

    planned_visitors: int
    ended: bool
    scheduled: bool
    alpha: float
    by_date: bool = False
    by_tile: bool = False
    analysis: str = Experiment.Analysis.PLAIN
    has_past: bool = False

    @property
    def adjusts(self) -> bool:
        """Does what visitors did in the baseline decide with?"""
        return self.has_past and self.analysis == Experiment.Analysis.CUPED

    @property
    def other(self) -> Rule:
        """The same by the analysis that was not declared."""
        plain, cuped = Experiment.Analysis.PLAIN, Experiment.Analysis.CUPED
        return replace(self, analysis=plain if self.adjusts else cuped)

    def is_overrun(self, visitors: int, planned: int) -> bool:
        """Have more come than the declared end allows? With a date set, that is the end."""
        from styleeval.inference.verdict import OVERRUN

        return not self.by_date and visitors > OVERRUN * planned

    def planned(self, phases: Sequence[Phase], control: Arm, arm: Arm) -> int:
        """Of the planned visitors, those of this arm and the control, by the first weights."""
        if self.by_tile:  # a visitor is in every arm
            return max(1, self.planned_visitors)
        weights = phases[0].weights
        whole = math.fsum(weights.values())
        share = sum(float(weights.get(str(item.pk), 0)) for item in (control, arm)) / whole
        return max(1, round(self.planned_visitors * share))


def rule_of(experiment: Experiment, arms: Sequence[Arm], *, has_past: bool = False) -> Rule:
    """The rule of an experiment as it stands. has_past: a baseline went before."""
    is_due = experiment.paused_because == Experiment.Because.END_DUE
    finished = experiment.state == Experiment.State.FINISHED
    ended = experiment.ended_at
    on_date = experiment.ends_at is not None and ended is not None and ended >= experiment.ends_at
    return Rule(
        planned_visitors=experiment.planned_visitors or 1,
        ended=finished or is_due,
        scheduled=is_due or (finished and on_date),
        by_date=experiment.ends_at is not None,
        by_tile=experiment.unit == Experiment.Unit.TILE,
        analysis=experiment.analysis,
        has_past=has_past,
        alpha=ALPHA / max(1, sum(not arm.is_control for arm in arms)),
    )


def effects_of(
    rule: Rule,
    arms: Sequence[Arm],
    sums: Sums,
    daily: Sequence[tuple[date, Sums]],
    shared: PairRows,
    *,
    part: str = SummaryTotals.ALL,
) -> list[Effect]:
    """Each style against the control, phase by phase: a change of weights biases nothing.

    shared: what visitors did in both arms, where the unit is the tile. part: a slice of visitors.
    """
    control = next((arm for arm in arms if arm.is_control), None)
    if control is None or not sums.phases:
        return [_without_data(arm) for arm in arms if not arm.is_control]
    return [
        _known(rule, control, arm, sums, daily, shared, part) for arm in arms if not arm.is_control
    ]


def _known(
    rule: Rule,
    control: Arm,
    arm: Arm,
    sums: Sums,
    daily: Sequence[tuple[date, Sums]],
    shared: PairRows,
    part: str,
) -> Effect:
    """An arm's effect; that there is none, and why, where no visitors can have such sums."""
    from styleeval.inference import InvalidSummary

    try:
        return _effect(rule, control, arm, sums, daily, shared, part)
    except InvalidSummary as error:
        reason = fault_in_words(error)
        return replace(_without_data(arm), reasons=(reason,), fault=error.code)


def _effect(
    rule: Rule,
    control: Arm,
    arm: Arm,
    sums: Sums,
    daily: Sequence[tuple[date, Sums]],
    shared: PairRows,
    part: str,
) -> Effect:
    if rule.by_tile:
        return _tile_effect(rule, control, arm, sums, shared, part)
    planned = rule.planned(sums.phases, control, arm)
    as_of, then = None, sums
    if rule.is_overrun(_visitors(sums, control, arm), planned):
        as_of, then = _at_plan(rule, control, arm, planned, daily) or (None, sums)
    pairs, sizes = then.pairs(control, arm, part), then.sizes(control, arm, part)
    at = rule if as_of is None else replace(rule, ended=True)
    verdict = judged(at, pairs, planned, sizes)
    strata = strata_of(pairs)
    has_data = verdict.comparison is not None
    past = _past(at, pairs, planned, sizes) if rule.has_past and has_data else {}
    return Effect(
        arm=arm.slug,
        name=look_of(arm),
        state=verdict.state.value,
        basis=verdict.basis.value,
        level=verdict.level,
        comparison=verdict.comparison,
        per_visitor=_per_visitor(verdict, strata, planned, sizes) if has_data else None,
        posterior=_posterior(rule, pairs, sizes) if has_data else None,
        reasons=tuple(map(in_words, verdict.reasons)),
        course=tuple(_course(rule, control, arm, planned, daily)) if has_data else (),
        as_of=as_of,
        analysis=str(Experiment.Analysis.CUPED if rule.adjusts else Experiment.Analysis.PLAIN),
        **past,
    )


def _past(rule: Rule, pairs: Pairs, planned: int, sizes: Sequence[int]) -> dict[str, Any]:
    """What the baseline adds: the other analysis, the variance that CUPED keeps, the balance."""
    from styleeval.inference import InvalidSummary, cuped_strata_difference

    try:
        found = cuped_strata_difference(cuped_strata_of(pairs), sizes=sizes)
        beside = judged(rule.other, pairs, planned, sizes).comparison
    except InvalidSummary as error:  # of the past alone: the plain reading stands
        return {"fault": error.code}
    return {
        "beside": beside,
        "variance_kept": found.variance_kept,
        "balance": found.balance,
    }


def _at_plan(
    rule: Rule, control: Arm, arm: Arm, planned: int, daily: Sequence[tuple[date, Sums]]
) -> tuple[date, Sums] | None:
    """The day on which the planned visitors had come, and its sums: the declared end, if it was
    left to run on. None where so many came in a day that no row is near it."""
    for day, sums in daily:
        visitors = _visitors(sums, control, arm)
        if visitors >= planned:
            return None if rule.is_overrun(visitors, planned) else (day, sums)
    return None


def _visitors(sums: Sums, control: Arm, arm: Arm) -> int:
    return sums.total(control, "visitors") + sums.total(arm, "visitors")


def _tile_effect(
    rule: Rule, control: Arm, arm: Arm, sums: Sums, shared: PairRows, part: str
) -> Effect:
    """Of arms that share their visitors. Its course and means would need each day's shared sums."""
    from styleeval.inference import judge_paired

    strata: list[PairedSummary] = []
    clicked = [0, 0]
    for phase in sums.phases:
        one, other = sums.row(phase, control, part), sums.row(phase, arm, part)
        if one and other:
            pair = strata_of([(one, other)])[0]
            strata.append(paired(*pair, shared.get((phase.pk, arm.pk, part))))
            clicked[0] += one["clicking_visitors"]
            clicked[1] += other["clicking_visitors"]
    verdict = judge_paired(
        strata,
        planned=rule.planned(sums.phases, control, arm),
        ended=rule.ended,
        scheduled=rule.scheduled,
        alpha=rule.alpha,
        clicked_visitors=(clicked[0], clicked[1]),
    )
    return Effect(
        arm=arm.slug,
        name=look_of(arm),
        state=verdict.state.value,
        basis=verdict.basis.value,
        level=verdict.level,
        comparison=verdict.comparison,
        reasons=tuple(map(in_words, verdict.reasons)),
    )


def look_of(arm: Arm) -> str:
    """An arm's name: its style's, or that of the originals."""
    from django.utils.translation import gettext as _

    return arm.style.name if arm.style else _("Originals")


def _without_data(arm: Arm) -> Effect:
    return Effect(arm=arm.slug, name=look_of(arm), state="not_enough_data")


def judged(rule: Rule, pairs: Pairs, planned: int, sizes: Sequence[int]) -> Verdict:
    """One arm's verdict, by the analysis that was declared."""
    from styleeval.inference import judge_cuped_strata, judge_strata

    clicked = (
        sum(one["clicking_visitors"] for one, _other in pairs),
        sum(other["clicking_visitors"] for _one, other in pairs),
    )
    options: dict[str, Any] = {
        "planned": planned,
        "ended": rule.ended,
        "scheduled": rule.scheduled,
        "alpha": rule.alpha,
        "clicked_visitors": clicked,
        "sizes": sizes,
    }
    if rule.adjusts:
        return judge_cuped_strata(cuped_strata_of(pairs), **options)
    return judge_strata(strata_of(pairs), **options)


def _per_visitor(
    verdict: Verdict, strata: Strata, planned: int, sizes: Sequence[int]
) -> Comparison | None:
    """Clicks per visitor, with an interval of the same kind and level as the verdict's."""
    from styleeval.inference import (
        Basis,
        TooFewVisitors,
        per_visitor,
        sequential_strata,
        stratified_difference,
    )

    means = [(per_visitor(one), per_visitor(other)) for one, other in strata]
    try:
        if verdict.basis is Basis.FIXED_HORIZON:
            return stratified_difference(means, verdict.level, sizes=sizes)
        return sequential_strata(means, planned=planned, alpha=verdict.level, sizes=sizes)
    except TooFewVisitors:
        return None


def _posterior(rule: Rule, pairs: Pairs, sizes: Sequence[int]) -> Posterior | None:
    """Of the rates that decide."""
    from styleeval.inference import (
        TooFewVisitors,
        posterior_of,
        stratified_cuped_rates,
        stratified_lift_posterior,
    )

    try:
        if rule.adjusts:
            return posterior_of(stratified_cuped_rates(cuped_strata_of(pairs), sizes=sizes))
        return stratified_lift_posterior(strata_of(pairs), sizes=sizes)
    except TooFewVisitors:
        return None


def _course(
    rule: Rule, control: Arm, arm: Arm, planned: int, daily: Sequence[tuple[date, Sums]]
) -> list[Moment]:
    """The confidence sequence of the lift at each day's end, from the first day that has one."""
    # What holds at any time does not ask whether the end has come.
    rule = replace(rule, ended=False)
    found = []
    for day, sums in daily:
        sequence = judged(
            rule, sums.pairs(control, arm), planned, sums.sizes(control, arm)
        ).sequence
        if sequence is not None and sequence.lift is not None:
            visitors = _visitors(sums, control, arm)
            found.append(Moment(day=day, visitors=visitors, lift=sequence.lift))
    return found
