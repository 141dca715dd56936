"""Pauses experiments that should not go on: their end has come, or something is wrong with them."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from shop_style.conf import app_settings
from shop_style.exceptions import ExperimentError
from shop_style.experiments.baseline import begin_if_due
from shop_style.experiments.evidence import ArmSums, Sums, sums_of, sums_since, surplus
from shop_style.experiments.lifecycle import pause
from shop_style.experiments.snapshot import experiment_database
from shop_style.models import Arm, Experiment, Phase
from styleeval.sentence import said

logger = logging.getLogger(__name__)

ACTOR: Final = "guardrail"
CHANCE: Final = 0.001
"""Of a pause by chance, for each check over an experiment's whole life, however often it runs.

A check of one style after the other shares it out among them.
"""

LEAST_DEVIATION: Final = 0.005
"""A split that is off by less, as a share of what an arm was promised, is left alone."""

_LEAST_FAILING: Final = 20
_LEAST_CONVERSIONS: Final = 50
_LEAST_CLICKING: Final = 200

Because = Experiment.Because


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Why an experiment is paused. sentence: for people; detail: the numbers, for the trail."""

    because: str
    sentence: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Case:
    """A running experiment with what a check needs of it."""

    arms: Sequence[Arm]
    phases: Sequence[Phase]
    sums: Sums
    planned: int

    def of(self, phase: Phase, arm: Arm) -> ArmSums:
        return self.sums.get((phase.pk, arm.pk), ArmSums())

    def total(self, arm: Arm, name: str) -> int:
        return sum(getattr(self.of(phase, arm), name) for phase in self.phases)

    @property
    def chance(self) -> float:
        """Each style's share of CHANCE."""
        return CHANCE / max(1, sum(not arm.is_control for arm in self.arms))

    def weighted(self, phase: Phase) -> list[Arm]:
        return [arm for arm in self.arms if phase.weights.get(str(arm.pk), 0) > 0]

    @property
    def sizes(self) -> list[int]:
        """Visitors of each phase in all arms: what phases are weighted by."""
        return [sum(self.of(phase, arm).visitors for arm in self.arms) for phase in self.phases]

    def against_control(self) -> Iterator[tuple[Arm, Arm]]:
        control = next((arm for arm in self.arms if arm.is_control), None)
        if control is not None:
            yield from ((control, arm) for arm in self.arms if not arm.is_control)


def watch() -> list[str]:
    """Pause what should not go on, and say which and why. Four queries where nothing is wrong.

    Run it after a rollup. One experiment's failure keeps none of the others from being watched.
    """
    alias = experiment_database()
    running = Experiment.objects.using(alias).filter(state=Experiment.State.RUNNING)
    found = list(running.order_by("pk").prefetch_related("arms__style", "phases"))
    sums = sums_of(alias, [phase.pk for item in found for phase in item.phases.all()])
    told = []
    for experiment in found:
        try:
            alarm = end_due(experiment) or _alarm(experiment, sums)
            if alarm is not None:
                _pause(experiment, alarm)
                told.append(
                    said("{slug} is paused: {why}", slug=experiment.slug, why=alarm.sentence)
                )
            elif begin_if_due(experiment, actor=ACTOR):
                told.append(
                    said("{slug} has had its baseline: its test begins", slug=experiment.slug)
                )
        except ExperimentError as error:
            logger.info("experiment %s is left as it is: %s", experiment.slug, error)
            continue  # somebody took a step meanwhile
        except Exception:
            logger.exception("experiment %s could not be watched", experiment.slug)
    return told


def end_due(experiment: Experiment) -> Alarm | None:
    """The planned end, once it has come."""
    if experiment.ends_at is None or experiment.ends_at > timezone.now():
        return None
    return Alarm(
        because=Because.END_DUE,
        sentence=said("its planned end has come; the reading is final and waits for a decision"),
        detail={"ends_at": experiment.ends_at.isoformat()},
    )


def _pause(experiment: Experiment, alarm: Alarm) -> None:
    pause(
        experiment,
        actor=ACTOR,
        reason=alarm.sentence,
        because=alarm.because,
        detail=alarm.detail,
    )
    logger.warning("experiment %s is paused: %s", experiment.slug, alarm.sentence)


def _alarm(experiment: Experiment, sums: Sums) -> Alarm | None:
    if experiment.unit == Experiment.Unit.TILE:
        return None  # each visitor is in every arm: no check below means anything
    wanted = app_settings().PAUSE_ON
    for because, check in _CHECKS.items():
        if because not in wanted:
            continue
        since = _acknowledged(experiment, because)
        case = _Case(
            arms=list(experiment.arms.all()),
            # In a baseline every arm shows the originals: the split alone can be wrong.
            phases=[
                phase
                for phase in experiment.phases.all()
                if because == Because.SAMPLE_RATIO or not phase.is_baseline
            ],
            sums=sums if since is None else sums_since(experiment, since),
            planned=experiment.planned_visitors or 1,
        )
        if alarm := check(case):
            return alarm
    return None


def _acknowledged(experiment: Experiment, because: str) -> datetime | None:
    text = experiment.acknowledged.get(because)
    return parse_datetime(text) if text else None


def mismatched_split(case: _Case) -> Alarm | None:
    """Visitors with a rendered picture against the weights of each phase."""
    import numpy as np

    from styleeval.inference import multinomial_evidence

    evidence = {False: 0.0, True: 0.0}
    counts, expected = dict[str, int](), dict[str, float]()
    for phase in case.phases:
        arms = case.weighted(phase)
        sums = [case.of(phase, arm) for arm in arms]
        # Whoever saw two arms came to each, and is left out of the results alone.
        found = [item.visitors + item.mixed for item in sums]
        weights = [phase.weights[str(arm.pk)] for arm in arms]
        evidence[phase.is_baseline] += multinomial_evidence(found, weights)
        for arm, number, weight in zip(arms, found, weights, strict=True):
            counts[arm.slug] = counts.get(arm.slug, 0) + number
            share = weight / math.fsum(weights) * sum(found)
            expected[arm.slug] = expected.get(arm.slug, 0.0) + share
    log_evidence = evidence[False]
    if any(phase.is_baseline for phase in case.phases):
        # Who returns from the baseline is the same draw in both: two Bayes factors that depend on
        # each other may be averaged, and not multiplied.
        log_evidence = float(np.logaddexp(evidence[False], evidence[True])) - math.log(2)
    off = max((abs(counts[slug] / n - 1) for slug, n in expected.items() if n), default=0.0)
    if log_evidence < -math.log(CHANCE) or off < LEAST_DEVIATION:
        return None
    came = ", ".join(f"{slug} {counts[slug]:,} of {expected[slug]:,.0f}" for slug in counts)
    return Alarm(
        because=Because.SAMPLE_RATIO,
        sentence=said(
            "the arms did not receive the visitors they were promised ({came})", came=came
        ),
        detail={"visitors": counts, "expected": expected, "log_evidence": log_evidence},
    )


def failing_pictures(case: _Case) -> Alarm | None:
    """Of the visitors whom a picture did not load for, does an arm have more than its share?"""
    from styleeval.inference import multinomial_evidence

    floor = app_settings().PAUSE_FAILURE_SHARE
    for control, arm in case.against_control():
        evidence = 0.0
        for phase in case.phases:
            weights = [phase.weights.get(str(item.pk), 0) for item in (control, arm)]
            pair = [case.of(phase, item).failing_visitors for item in (control, arm)]
            if all(weights):
                evidence += multinomial_evidence(pair, weights, concentration=2)
        shares = {item.slug: _share(case, item) for item in (control, arm)}
        many = case.total(arm, "failing_visitors") >= _LEAST_FAILING
        above = shares[arm.slug] >= max(floor, 1.5 * shares[control.slug])
        if many and above and evidence > -math.log(case.chance):
            return Alarm(
                because=Because.LOAD_FAILURES,
                sentence=(
                    said(
                        "a picture of {arm} did not load for {share:.1f} % of its visitors, and "
                        "for {control_share:.1f} % of those who see the originals",
                        arm=arm.slug,
                        share=100 * shares[arm.slug],
                        control_share=100 * shares[control.slug],
                    )
                ),
                detail={
                    "arm": arm.slug,
                    "shares": shares,
                    "visitors": {i.slug: case.total(i, "visitors") for i in (control, arm)},
                    "log_evidence": evidence,
                },
            )
    return None


def _share(case: _Case, arm: Arm) -> float:
    visitors = case.total(arm, "visitors")
    return case.total(arm, "failing_visitors") / visitors if visitors else 0.0


def clickbait(case: _Case) -> Alarm | None:
    """Do an arm's clicks lead to fewer orders each, with no more orders a visitor?

    A better picture may well earn clicks that buy less often, and more orders all the same: that
    is no alarm.
    """
    for control, arm in case.against_control():
        bound = _orders_per_click(case, control, arm)
        rates = {
            item.slug: case.total(item, "conversions") / max(1, case.total(item, "clicks"))
            for item in (control, arm)
        }
        per_visitor = {
            item.slug: case.total(item, "conversions") / max(1, case.total(item, "visitors"))
            for item in (control, arm)
        }
        pairs = [(case.of(phase, control), case.of(phase, arm)) for phase in case.phases]
        more = surplus(
            ((one.conversions, one.visitors), (other.conversions, other.visitors))
            for one, other in pairs
        )
        if bound is None or bound >= 0 or more > 0:
            continue
        return Alarm(
            because=Because.CLICKBAIT,
            sentence=(
                said(
                    "of 100 clicks in {arm} {share:.1f} become an order, of 100 on the originals "
                    "{control_share:.1f}, and its visitors order no more",
                    arm=arm.slug,
                    share=100 * rates[arm.slug],
                    control_share=100 * rates[control.slug],
                )
            ),
            detail={
                "arm": arm.slug,
                "orders_per_click": rates,
                "orders_per_visitor": per_visitor,
                "highest_difference": bound,
            },
        )
    return None


def _orders_per_click(case: _Case, control: Arm, arm: Arm) -> float | None:
    """The highest difference, treatment − control, that fits; None while there are too few."""
    pair = (control, arm)
    if min(case.total(item, "clicking_visitors") for item in pair) < _LEAST_CLICKING:
        return None
    if sum(case.total(item, "conversions") for item in pair) < _LEAST_CONVERSIONS:
        return None
    from styleeval.inference import sequential_strata
    from styleeval.inference.errors import InferenceError

    try:
        strata = [
            (case.of(phase, control).orders_per_click(), case.of(phase, arm).orders_per_click())
            for phase in case.phases
        ]
        # One side of the interval alone is looked at, so each may miss by all of the chance.
        found = sequential_strata(
            strata, planned=case.planned, alpha=2 * case.chance, sizes=case.sizes
        )
    except InferenceError:  # also of orders by visitors whose pictures never reported
        return None
    return found.difference.high


_CHECKS: Final = {
    Because.SAMPLE_RATIO: mismatched_split,
    Because.LOAD_FAILURES: failing_pictures,
    Because.CLICKBAIT: clickbait,
}
