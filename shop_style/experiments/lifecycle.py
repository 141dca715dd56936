"""An experiment's steps: start, pause, resume, other weights, more coverage, finish."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import models
from django.utils import timezone

from shop_style.conf import app_settings
from shop_style.exceptions import ExperimentError, UnknownExperiment
from shop_style.experiments.eligibility import (
    Pictures,
    edge_problems,
    eligible_pictures,
    freeze,
    leave_out,
    readiness,
)
from shop_style.experiments.ending import ending, show
from shop_style.experiments.snapshot import experiment_database
from shop_style.experiments.step import Step, step_of
from shop_style.models import (
    Arm,
    Experiment,
    Phase,
)
from styleeval.sentence import said

State = Experiment.State

_MOST_VISITORS = 2_147_483_647


def find_experiment(slug: str) -> Experiment:
    """The experiment of this slug. Raises UnknownExperiment naming those there are."""
    rows = Experiment.objects.using(experiment_database())
    found = rows.filter(slug=slug).first()
    if found is None:
        known = ", ".join(rows.values_list("slug", flat=True)[:10]) or "–"
        raise UnknownExperiment(
            said("there is no experiment {slug!r}; there are: {known}", slug=slug, known=known)
        )
    return found


def start(
    experiment: Experiment, *, actor: str, objects: Iterable[models.Model] | None = None
) -> Phase:
    """Freeze the first phase and serve by it: a baseline where it has days for one.

    objects: rows that hold the pictures to enrol; None enrols every picture that has a published
    variant in each arm's style. Raises ExperimentError with every reason why it cannot start.
    """
    with step_of(experiment, "started", actor, State.DRAFT) as step:
        row = step.row
        arms = list(row.arms.select_related("style"))
        pictures, problems = readiness(row, arms, objects)
        if problems:
            raise ExperimentError(
                said("experiment {experiment!r} cannot start:", experiment=row.slug),
                problems,
            )
        row.layer_salt = _layer_salt(row)
        row.coverage_salt, row.arm_salt, row.visitor_salt, row.identity_salt = (
            secrets.token_hex(16) for _ in range(4)
        )
        row.state, row.started_at = State.RUNNING, timezone.now()
        weights = {str(arm.pk): arm.weight for arm in arms}
        phase = _new_phase(row, 1, weights, pictures, is_baseline=bool(row.baseline_days))
        if row.baseline_days:
            step.detail = {"baseline_days": row.baseline_days, "analysis": row.analysis}
    return phase


def plan_for(experiment: Experiment, visitors: str | int, *, actor: str) -> int:
    """Set a draft's planned visitors, and return them. Raises ExperimentError for no number."""
    number = int(visitors) if str(visitors).isascii() and str(visitors).isdigit() else 0
    if not 1 <= number <= _MOST_VISITORS:
        raise ExperimentError(
            said(
                "planned visitors are a number from 1 to {most:,}, not {visitors!r}",
                most=_MOST_VISITORS,
                visitors=visitors,
            )
        )
    with step_of(
        experiment, "planned", actor, State.DRAFT, said("{number:,} visitors", number=number)
    ) as step:
        step.row.planned_visitors = number
    return number


def pause(
    experiment: Experiment,
    *,
    actor: str,
    reason: str = "",
    because: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Show the originals of its products to everybody until it is resumed.

    because: of `Experiment.Because` where no person decided it; detail: the numbers behind it.
    """
    with step_of(experiment, "paused", actor, State.RUNNING, reason) as step:
        step.row.state, step.row.paused_because = State.PAUSED, because
        step.detail = dict(detail or {})


def resume(experiment: Experiment, *, actor: str, reason: str = "") -> None:
    """Go on as before the pause. What a guardrail knew by then does not pause it again.

    Raises ExperimentError once its planned end has come: that reading is final.
    """
    with step_of(experiment, "resumed", actor, State.PAUSED, reason) as step:
        row = step.row
        if row.ends_at is not None and row.ends_at <= timezone.now():
            raise ExperimentError(
                said(
                    "the planned end of experiment {experiment!r} has come and its reading is "
                    "final; ship an arm or revert to the originals, and ask again in another "
                    "experiment",
                    experiment=row.slug,
                )
            )
        if row.paused_because:
            row.acknowledged = {**row.acknowledged, row.paused_because: timezone.now().isoformat()}
            step.detail = {"acknowledged": row.paused_because}
        row.state, row.paused_because = State.RUNNING, ""


def raise_coverage(experiment: Experiment, coverage: float, *, actor: str) -> None:
    """Let more visitors in; nobody changes arms. Raises ExperimentError for a smaller coverage."""
    with step_of(
        experiment,
        "coverage raised",
        actor,
        State.RUNNING,
        said("to {coverage:g}", coverage=coverage),
    ) as step:
        row = step.row
        if not row.coverage <= coverage <= 1:
            raise ExperimentError(
                said(
                    "coverage is {coverage:g}; it can only be raised, up to 1, because visitors "
                    "who were let in would have to be thrown out again",
                    coverage=row.coverage,
                )
            )
        row.coverage = coverage
        uneven = edge_problems(row, list(row.arms.values_list("weight", flat=True)))
        if uneven:
            raise ExperimentError(
                said("experiment {slug!r} cannot take coverage:", slug=row.slug), uneven
            )


def change_weights(
    experiment: Experiment,
    weights: Mapping[str, float],
    *,
    actor: str,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Phase:
    """Begin a new phase with other weights by arm slug. Who has entered stays in their phase.

    Products and variants are frozen anew. detail: what the weights were made from, for the trail.
    Raises ExperimentError for weights that do not fit.
    """
    with step_of(experiment, "weights changed", actor, State.RUNNING, reason) as step:
        row, step.detail = step.row, dict(detail or {})
        if row.phases.latest("number").is_baseline:
            raise ExperimentError(
                said(
                    "experiment {slug!r} is in its baseline; its test begins with the weights "
                    "that visitors were drawn by, and other weights may follow then",
                    slug=row.slug,
                )
            )
        arms = list(row.arms.select_related("style"))
        if app_settings().EDGE_BUCKETS:
            raise ExperimentError(
                said(
                    "weights cannot change while SHOP_STYLE['EDGE_BUCKETS'] is set: whoever a "
                    "cache serves would change arms; finish the experiment and start another"
                )
            )
        unknown = set(weights) ^ {arm.slug for arm in arms}
        if unknown or abs(sum(weights.values()) - 1) > 1e-6 or min(weights.values()) <= 0:
            raise ExperimentError(
                said(
                    "weights must name each arm ({arms}), each above 0, and sum to 1",
                    arms=", ".join(arm.slug for arm in arms),
                )
            )
        for arm in arms:
            row.arms.filter(pk=arm.pk).update(weight=weights[arm.slug])
        return next_phase(row, arms, {str(arm.pk): weights[arm.slug] for arm in arms})


def next_phase(experiment: Experiment, arms: Sequence[Arm], weights: dict[str, float]) -> Phase:
    """End the last phase and begin another with what can still be compared."""
    last = experiment.phases.latest("number")
    experiment.phases.filter(pk=last.pk).update(ended_at=timezone.now())
    pictures = eligible_pictures(arms, None, within=last)
    if not pictures:
        raise ExperimentError(
            said("no product has a published variant in each arm any more; finish the experiment")
        )
    phase = _new_phase(experiment, last.number + 1, weights, pictures)
    # Their visitors have seen these as part of it: originals from now on, in every arm.
    leave_out(phase, but_in=last)
    return phase


def finish(
    experiment: Experiment, *, actor: str, ship: str | None = None, reason: str = ""
) -> None:
    """End it. ship: slug of the arm whose pictures are shown from now on; None shows the originals.

    Shipping publishes that arm's variants anew and withdraws the other arms'; reverting withdraws
    them all. Variants stay approved, and `ship` and `revert` take either back.
    """
    note = f"{'shipped ' + ship if ship else 'reverted to the originals'}. {reason}".strip()
    with step_of(experiment, "finished", actor, Experiment.LIVE, note) as step:
        row = step.row
        row.ended_at = timezone.now()
        row.phases.filter(ended_at=None).update(ended_at=row.ended_at)
        _decide(step, ship, actor)


def ship(experiment: Experiment, arm: str, *, actor: str, reason: str = "") -> None:
    """Make an arm's style the default picture of its products at once; a live one ends with it.

    A finished one is decided anew: what a revert took out of the shop comes back. Raises
    ExperimentError for an arm that is not there, and where another live experiment shows what
    would be withdrawn.
    """
    if experiment.is_live:
        finish(experiment, actor=actor, ship=arm, reason=reason)
        return
    with step_of(experiment, "shipped", actor, State.FINISHED, f"{arm}. {reason}".strip()) as step:
        _decide(step, arm, actor)


def revert(experiment: Experiment, *, actor: str, reason: str = "") -> None:
    """Show the originals again, also after a ship; a live experiment ends with it. Raises as
    `ship`."""
    if experiment.is_live:
        finish(experiment, actor=actor, reason=reason)
        return
    with step_of(experiment, "reverted", actor, State.FINISHED, reason) as step:
        _decide(step, None, actor)


def _decide(step: Step, ship: str | None, actor: str) -> None:
    row = step.row
    arms = {arm.slug: arm for arm in row.arms.all()}
    if ship is not None and ship not in arms:
        raise ExperimentError(
            said("there is no arm {ship!r}; there are: {arms}", ship=ship, arms=", ".join(arms))
        )
    chosen = ship if ship and not arms[ship].is_control else None
    end = ending(row, chosen)
    if row.state == State.FINISHED and end.disturbed:
        raise ExperimentError(
            said("experiment {experiment!r} cannot be decided anew yet:", experiment=row.slug),
            [
                said(
                    "{number} of its products are in the experiment {slug!r} with variants that "
                    "this would withdraw; finish that one first",
                    number=number,
                    slug=slug,
                )
                for slug, number in end.disturbed.items()
            ],
        )
    step.detail = {"before": row.shipped_arm, "after": chosen or "", **end.numbers()}
    row.state, row.paused_because = State.FINISHED, ""
    row.shipped_arm = chosen or ""
    row.outcome = Experiment.Outcome.SHIP if chosen else Experiment.Outcome.REVERT
    show(row, end, actor=actor, reason=said("experiment {slug} finished", slug=row.slug))


def _layer_salt(experiment: Experiment) -> str:
    """One salt for all experiments of a layer that are there together."""
    if not experiment.layer:
        return ""
    rows = Experiment.objects.using(experiment._state.db).exclude(pk=experiment.pk)
    others = rows.filter(layer=experiment.layer, state__in=Experiment.LIVE)
    return others.values_list("layer_salt", flat=True).first() or secrets.token_hex(16)


def _new_phase(
    experiment: Experiment,
    number: int,
    weights: dict[str, float],
    pictures: Pictures,
    *,
    is_baseline: bool = False,
) -> Phase:
    phase = Phase.objects.using(experiment._state.db).create(
        experiment=experiment,
        number=number,
        weights=weights,
        is_baseline=is_baseline,
        started_at=timezone.now(),
    )
    freeze(phase, pictures)
    return phase
