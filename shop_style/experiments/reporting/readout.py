"""Builds an experiment's report from its rollups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import Sum

from shop_style.experiments.estimand import estimand, pair_rows, visitors_in_any_arm
from shop_style.experiments.reporting.baseline import baseline_report
from shop_style.experiments.reporting.checks import Findings, checks_of
from shop_style.experiments.reporting.effects import ALPHA, effects_of, look_of, rule_of
from shop_style.experiments.reporting.enrolment import Enrolment, enrolment_of
from shop_style.experiments.reporting.fidelity import fidelity_of
from shop_style.experiments.reporting.past import past_of, with_past
from shop_style.experiments.reporting.products import products_of
from shop_style.experiments.reporting.segments import segments_of
from shop_style.experiments.reporting.splits import Tallies, splits_of
from shop_style.experiments.reporting.sums import (
    Sums,
    clicks_over_viewable,
    daily_sums,
    newest_sums,
)
from shop_style.experiments.reporting.values import ArmReport, ExperimentReport, Hour
from shop_style.experiments.rollup import rolled_up_at, waiting_events
from shop_style.experiments.snapshot import experiment_database
from shop_style.experiments.tally import REPEATED, TOKEN, VISITOR
from shop_style.experiments.visitor import EXCLUSIONS
from shop_style.models import Arm, DailyTally, Experiment, HourlyTotals, Phase, SummaryTotals


def build_report(experiment: Experiment) -> ExperimentReport:
    """Read an experiment's rollups. The same seventeen queries for any number of events, days and
    products, and one more for each model of the shop that holds pictures, and for a baseline."""
    alias = experiment_database()
    arms = list(experiment.arms.using(alias).select_related("style"))
    every = list(experiment.phases.using(alias).order_by("number"))
    phases = [phase for phase in every if not phase.is_baseline]
    whole, daily = newest_sums(alias, every), daily_sums(alias, phases)
    sums = whole.within(phases)
    has_past = len(phases) < len(every)
    if has_past:
        past = past_of(alias, phases)
        sums = with_past(sums, past)
        daily = [(day, with_past(item, past)) for day, item in daily]
    tallies = _tallies(alias, every)
    baseline = baseline_report(experiment, every, arms, whole, sums, tallies)
    enrolment = enrolment_of(alias, every)
    rule = rule_of(experiment, arms, has_past=has_past)
    reports = tuple(_arm_report(arm, sums, tallies) for arm in arms)
    shared = pair_rows(alias, experiment, phases)
    effects = tuple(effects_of(rule, arms, sums, daily, shared))
    splits = tuple(splits_of(arms, sums, tallies, by_tile=rule.by_tile))
    flagged = any(arm.flagged_visitors for arm in reports)
    hours = tuple(_hours(alias, arms, phases))
    waiting, rolled_at = waiting_events(), rolled_up_at()
    left_out = enrolment.left_out
    once = visitors_in_any_arm(shared) if rule.by_tile else None
    return ExperimentReport(
        slug=experiment.slug,
        name=experiment.name,
        hypothesis=experiment.hypothesis,
        placement=experiment.placement,
        state=experiment.state,
        paused_because=experiment.paused_because,
        outcome=experiment.outcome,
        shipped_arm=experiment.shipped_arm,
        planned_visitors=experiment.planned_visitors or 0,
        started_at=experiment.started_at,
        ends_at=experiment.ends_at,
        ended_at=experiment.ended_at,
        rolled_up_at=rolled_at,
        waiting=waiting,
        phases=len(phases),
        products=len(enrolment.current) - sum(left_out.values()),
        left_out=left_out,
        pages=sum(number for (_p, kind, _a), number in tallies.items() if kind == TOKEN),
        arms=reports,
        effects=effects,
        splits=splits,
        segments=tuple(segments_of(arms, sums, rule)),
        checks=tuple(
            checks_of(
                Findings(
                    experiment=experiment,
                    arms=arms,
                    sums=sums,
                    rule=rule,
                    reports=reports,
                    effects=effects,
                    splits=splits,
                    hours=hours,
                    rolled_at=rolled_at,
                    visitors=sum(arm.visitors for arm in reports) if once is None else once,
                    baseline=baseline,
                )
            )
        ),
        by_product=tuple(products_of(arms, sums, enrolment.products, _names(enrolment))),
        fidelity=tuple(fidelity_of(arms, sums, enrolment.products, enrolment.scores)),
        excluded={
            kind: sum(number for (_p, one, _a), number in tallies.items() if one == kind)
            for kind in EXCLUSIONS
        },
        hours=hours,
        unit=experiment.unit,
        estimand=estimand(experiment.unit),
        without_flagged=tuple(
            effects_of(rule, arms, sums, (), shared, part=SummaryTotals.UNSUSPICIOUS)
        )
        if flagged
        else (),
        visitors_once=once,
        baseline=baseline,
    )


def _names(enrolment: Enrolment) -> Mapping[tuple[int, str, str], str]:
    return enrolment.names() if enrolment.products else {}


def _tallies(alias: str, phases: Sequence[Phase]) -> Tallies:
    rows = DailyTally.objects.using(alias).filter(phase__in=phases).order_by()
    found = rows.values_list("phase", "kind", "arm").annotate(total=Sum("number"))
    return {(phase, kind, arm): total for phase, kind, arm, total in found}


def _arm_report(arm: Arm, sums: Sums, tallies: Tallies) -> ArmReport:
    from styleeval.inference import InvalidSummary, TooFewVisitors, ratio_interval

    try:
        ctr = ratio_interval(clicks_over_viewable(sums.of(arm)), ALPHA)
    except (InvalidSummary, TooFewVisitors):  # a check tells of the first
        ctr = None
    return ArmReport(
        slug=arm.slug,
        name=look_of(arm),
        is_control=arm.is_control,
        enrolled=_tallied(tallies, VISITOR, arm, sums),
        visitors=sums.total(arm, "visitors"),
        viewing_visitors=sums.total(arm, "viewing_visitors"),
        clicking_visitors=sums.total(arm, "clicking_visitors"),
        failing_visitors=sums.total(arm, "failing_visitors"),
        rendered=sums.total(arm, "rendered"),
        viewable=sums.total(arm, "viewable"),
        clicks=sums.total(arm, "clicks"),
        conversions=sums.total(arm, "conversions"),
        value=float(sums.total(arm, "value")),
        failed=sums.total(arm, "failed"),
        suspicious=sums.total(arm, "suspicious"),
        flagged_visitors=sums.total(arm, "flagged_visitors"),
        mixed=sums.total(arm, "mixed"),
        tiles=sums.total(arm, "tiles"),
        repeated=_tallied(tallies, REPEATED, arm, sums),
        ctr=ctr,
    )


def _tallied(tallies: Tallies, kind: str, arm: Arm, sums: Sums) -> int:
    return sum(tallies.get((phase.pk, kind, arm.slug), 0) for phase in sums.phases)


def _hours(alias: str, arms: Sequence[Arm], phases: Sequence[Phase]) -> list[Hour]:
    slugs = {arm.pk: arm.slug for arm in arms}
    numbers = {phase.pk: phase.number for phase in phases}
    rows = HourlyTotals.objects.using(alias).filter(phase__in=phases)
    rows = rows.order_by("hour", "arm", "phase")
    summed = rows.values_list("arm", "phase", "hour").annotate(Sum("viewable"), Sum("clicks"))
    return [
        Hour(arm=slugs[arm], phase=numbers[phase], hour=hour, viewable=viewable, clicks=clicks)
        for arm, phase, hour, viewable, clicks in summed
    ]
