"""Builds an experiment's report from its rollups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Sum
from django.utils.translation import gettext as _

from shop_style.experiments.estimand import (
    PairRows,
    estimand,
    pair_rows,
    paired,
    visitors_in_any_arm,
)
from shop_style.experiments.report import ArmReport, Effect, ExperimentReport, Hour, Split
from shop_style.experiments.rollup import rolled_up_at, waiting_events
from shop_style.experiments.snapshot import experiment_database
from shop_style.experiments.tally import TOKEN, VISITOR
from shop_style.experiments.visitor import EXCLUSIONS
from shop_style.models import (
    Arm,
    DailyTally,
    Experiment,
    HourlyTotals,
    Phase,
    PhaseProduct,
    SummaryTotals,
)

if TYPE_CHECKING:
    from styleeval.inference import Result, Summary

ALPHA: Final = 0.05
_UNSUSPICIOUS: Final = SummaryTotals.UNSUSPICIOUS
_SUMS: Final = (
    "visitors",
    "viewing_visitors",
    "clicking_visitors",
    "rendered",
    "viewable",
    "clicks",
    "failed",
    "conversions",
    "suspicious",
    "flagged_visitors",
    "mixed",
    "tiles",
    "viewable_squared",
    "clicks_squared",
    "clicks_viewable",
    "value",
)


def build_report(experiment: Experiment) -> ExperimentReport:
    """Read an experiment's rollups. The same nine queries for any number of events."""
    alias = experiment_database()
    arms = list(experiment.arms.using(alias).select_related("style"))
    phases = list(experiment.phases.using(alias).order_by("number"))
    summaries = _latest(alias, phases)
    overall = {key: row for key, row in summaries.items() if key[2] == SummaryTotals.ALL}
    tallies = _tallies(alias, phases)
    products = _current_products(alias, phases)
    pairs = pair_rows(alias, experiment, phases)
    by_tile = experiment.unit == Experiment.Unit.TILE
    flagged = any(row["flagged_visitors"] for row in overall.values())
    return ExperimentReport(
        slug=experiment.slug,
        name=experiment.name,
        hypothesis=experiment.hypothesis,
        placement=experiment.placement,
        state=experiment.state,
        outcome=experiment.outcome,
        planned_visitors=experiment.planned_visitors or 0,
        started_at=experiment.started_at,
        ended_at=experiment.ended_at,
        rolled_up_at=rolled_up_at(),
        waiting=waiting_events(),
        phases=len(phases),
        products=sum(1 for left_out in products if left_out is None),
        left_out=sum(1 for left_out in products if left_out is not None),
        pages=sum(number for (_p, kind, _a), number in tallies.items() if kind == TOKEN),
        arms=tuple(_arm_report(arm, overall) for arm in arms),
        effects=tuple(_effects(arms, phases, summaries, pairs, by_tile=by_tile)),
        without_flagged=tuple(
            _effects(arms, phases, summaries, pairs, by_tile=by_tile, part=_UNSUSPICIOUS)
        )
        if flagged
        else (),
        unit=experiment.unit,
        estimand=estimand(experiment.unit),
        visitors_once=visitors_in_any_arm(pairs) if by_tile else None,
        splits=tuple(_splits(arms, phases, overall, tallies, by_tile=by_tile)),
        devices=_devices(arms, summaries),
        excluded={
            kind: sum(number for (_p, one, _a), number in tallies.items() if one == kind)
            for kind in EXCLUSIONS
        },
        hours=tuple(_hours(alias, arms, phases)),
    )


_Rows = Mapping[tuple[int, int, str], Mapping[str, Any]]


def _latest(alias: str, phases: Sequence[Phase]) -> _Rows:
    """Each phase's newest sums by phase, arm and slice; not those by product, which are many."""
    rows = SummaryTotals.objects.using(alias).filter(phase__in=phases).order_by("day")
    rows = rows.exclude(slice__startswith=SummaryTotals.PRODUCT)
    return {
        (row["phase_id"], row["arm_id"], row["slice"]): row
        for row in rows.values("phase_id", "arm_id", "slice", *_SUMS)
    }


def _tallies(alias: str, phases: Sequence[Phase]) -> Mapping[tuple[int, str, str], int]:
    rows = DailyTally.objects.using(alias).filter(phase__in=phases).order_by()
    found = rows.values_list("phase", "kind", "arm").annotate(total=Sum("number"))
    return {(phase, kind, arm): total for phase, kind, arm, total in found}


def _current_products(alias: str, phases: Sequence[Phase]) -> list[datetime | None]:
    if not phases:
        return []
    rows = PhaseProduct.objects.using(alias).filter(phase=phases[-1])
    return list(rows.values_list("left_out_at", flat=True))


def _arm_report(arm: Arm, rows: _Rows) -> ArmReport:
    from styleeval.inference import TooFewVisitors, ratio_interval

    own = [row for (_phase, pk, _slice), row in rows.items() if pk == arm.pk]
    total = {name: sum(row[name] for row in own) for name in _SUMS}
    try:
        ctr = ratio_interval(_summary(own), ALPHA)
    except TooFewVisitors:
        ctr = None
    return ArmReport(
        slug=arm.slug,
        name=arm.style.name if arm.style else _("Originals"),
        is_control=arm.is_control,
        visitors=total["visitors"],
        clicking_visitors=total["clicking_visitors"],
        rendered=total["rendered"],
        viewable=total["viewable"],
        clicks=total["clicks"],
        conversions=total["conversions"],
        value=float(total["value"]),
        failed=total["failed"],
        suspicious=total["suspicious"],
        flagged_visitors=total["flagged_visitors"],
        mixed=total["mixed"],
        tiles=total["tiles"],
        ctr=ctr,
    )


def _summary(rows: Sequence[Mapping[str, Any]]) -> Summary:
    from styleeval.inference import Summary

    return sum(
        (
            Summary(
                n=row["visitors"],
                sum_m=row["clicks"],
                sum_d=row["viewable"],
                sum_mm=row["clicks_squared"],
                sum_dd=row["viewable_squared"],
                sum_md=row["clicks_viewable"],
            )
            for row in rows
        ),
        start=Summary(n=0, sum_m=0, sum_d=0, sum_mm=0, sum_dd=0, sum_md=0),
    )


def _effects(
    arms: Sequence[Arm],
    phases: Sequence[Phase],
    rows: _Rows,
    pairs: PairRows,
    *,
    by_tile: bool,
    part: str = SummaryTotals.ALL,
) -> list[Effect]:
    """Each arm against the control, phase by phase, so that a change of weights biases nothing."""
    control = next((arm for arm in arms if arm.is_control), None)
    if control is None:
        return []
    found = []
    for arm in arms:
        if arm.is_control:
            continue
        result = _result(control, arm, phases, rows, pairs if by_tile else None, part)
        found.append(
            Effect(
                arm=arm.slug,
                name=arm.style.name if arm.style else "",
                state=result.state.value,
                comparison=result.comparison,
            )
        )
    return found


def _result(
    control: Arm,
    arm: Arm,
    phases: Sequence[Phase],
    rows: _Rows,
    pairs: PairRows | None,
    part: str,
) -> Result:
    from styleeval.inference import compare_paired, compare_strata

    strata, shared = [], []
    for phase in phases:
        one = rows.get((phase.pk, control.pk, part))
        other = rows.get((phase.pk, arm.pk, part))
        if one and other:
            strata.append((one, other))
            shared.append(pairs.get((phase.pk, arm.pk, part)) if pairs is not None else None)
    clicked = (
        sum(one["clicking_visitors"] for one, _other in strata),
        sum(other["clicking_visitors"] for _one, other in strata),
    )
    summaries = [(_summary([one]), _summary([other])) for one, other in strata]
    if pairs is None:
        return compare_strata(summaries, alpha=ALPHA, clicked_visitors=clicked)
    both = [paired(*pair, row) for pair, row in zip(summaries, shared, strict=True)]
    return compare_paired(both, alpha=ALPHA, clicked_visitors=clicked)


def _splits(
    arms: Sequence[Arm],
    phases: Sequence[Phase],
    rows: _Rows,
    tallies: Mapping[tuple[int, str, str], int],
    *,
    by_tile: bool,
) -> list[Split]:
    from styleeval.inference import sample_ratio_mismatch

    found = []
    for phase in phases:
        weighted = [arm for arm in arms if phase.weights.get(str(arm.pk), 0) > 0]
        weights = [phase.weights[str(arm.pk)] for arm in weighted]
        seen = [rows.get((phase.pk, arm.pk, SummaryTotals.ALL)) for arm in weighted]
        stages = {
            "tokens": [tallies.get((phase.pk, VISITOR, arm.slug), 0) for arm in weighted],
            # Before any is left out: a mixed pair is one of each arm, whatever the weights.
            "rendered": [row["visitors"] + row["mixed"] if row else 0 for row in seen],
        }
        if by_tile:  # each visitor is in every arm; what was dealt out are tiles
            stages = {"tiles": [row["tiles"] if row else 0 for row in seen]}
        for stage, counts in stages.items():
            mismatch = sample_ratio_mismatch(counts, weights)
            slugs = [arm.slug for arm in weighted]
            found.append(
                Split(
                    stage=stage,
                    phase=phase.number,
                    counts=dict(zip(slugs, counts, strict=True)),
                    expected=dict(zip(slugs, mismatch.expected, strict=True)),
                    p_value=mismatch.p_value,
                    mismatched=mismatch.mismatched,
                )
            )
    return found


def _devices(arms: Sequence[Arm], rows: _Rows) -> dict[str, tuple[ArmReport, ...]]:
    slices = sorted({key[2] for key in rows if key[2].startswith(SummaryTotals.DEVICE)})
    return {
        name.removeprefix(SummaryTotals.DEVICE): tuple(
            _arm_report(arm, {key: row for key, row in rows.items() if key[2] == name})
            for arm in arms
        )
        for name in slices
    }


def _hours(alias: str, arms: Sequence[Arm], phases: Sequence[Phase]) -> list[Hour]:
    slugs = {arm.pk: arm.slug for arm in arms}
    rows = HourlyTotals.objects.using(alias).filter(phase__in=phases).order_by("hour", "arm")
    summed = rows.values_list("arm", "hour").annotate(Sum("viewable"), Sum("clicks"))
    return [
        Hour(arm=slugs[arm], hour=hour, viewable=viewable, clicks=clicks)
        for arm, hour, viewable, clicks in summed
    ]
