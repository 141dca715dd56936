"""An experiment's steps: start, pause, resume, other weights, more coverage, finish."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from shop_style.exceptions import ExperimentError, UnknownExperiment
from shop_style.experiments.eligibility import (
    Pictures,
    eligible_pictures,
    freeze,
    leave_out,
    readiness,
)
from shop_style.experiments.lost_files import are_there
from shop_style.experiments.snapshot import compile_snapshot, experiment_database, lock_snapshot
from shop_style.generation.review import publish, withdraw
from shop_style.models import (
    AuditEntry,
    Experiment,
    Phase,
    PhaseProduct,
    PhaseVariant,
    StyleVariant,
)

State = Experiment.State


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Variants that finishing would publish anew, and those it would take out of the shop."""

    publish: models.QuerySet[StyleVariant]
    withdraw: models.QuerySet[StyleVariant]


def find_experiment(slug: str) -> Experiment:
    """The experiment of this slug. Raises UnknownExperiment naming those there are."""
    rows = Experiment.objects.using(experiment_database())
    found = rows.filter(slug=slug).first()
    if found is None:
        known = ", ".join(rows.values_list("slug", flat=True)[:10]) or "none yet"
        raise UnknownExperiment(f"there is no experiment {slug!r}; there are: {known}")
    return found


def start(
    experiment: Experiment, *, actor: str, objects: Iterable[models.Model] | None = None
) -> Phase:
    """Freeze the first phase and serve by it.

    objects: rows that hold the pictures to enrol; None enrols every picture that has a published
    variant in each arm's style. Raises ExperimentError with every reason why it cannot start.
    """
    with _step(experiment, "started", actor, State.DRAFT) as row:
        arms = list(row.arms.select_related("style"))
        pictures, problems = readiness(row, arms, objects)
        if problems:
            raise ExperimentError(f"experiment {row.slug!r} cannot start:", problems)
        row.layer_salt = _layer_salt(row)
        row.coverage_salt, row.arm_salt, row.visitor_salt, row.identity_salt = (
            secrets.token_hex(16) for _ in range(4)
        )
        row.state, row.started_at = State.RUNNING, timezone.now()
        weights = {str(arm.pk): arm.weight for arm in arms}
        phase = _new_phase(row, 1, weights, pictures)
    return phase


def pause(experiment: Experiment, *, actor: str, reason: str = "") -> None:
    """Show the originals of its products to everybody until it is resumed."""
    with _step(experiment, "paused", actor, State.RUNNING, reason) as row:
        row.state = State.PAUSED


def resume(experiment: Experiment, *, actor: str, reason: str = "") -> None:
    """Go on as before the pause."""
    with _step(experiment, "resumed", actor, State.PAUSED, reason) as row:
        row.state = State.RUNNING


def raise_coverage(experiment: Experiment, coverage: float, *, actor: str) -> None:
    """Let more visitors in; nobody changes arms. Raises ExperimentError for a smaller coverage."""
    with _step(experiment, "coverage raised", actor, State.RUNNING, f"to {coverage:g}") as row:
        if not row.coverage <= coverage <= 1:
            raise ExperimentError(
                f"coverage is {row.coverage:g}; it can only be raised, up to 1, because visitors "
                "who were let in would have to be thrown out again"
            )
        row.coverage = coverage


def change_weights(
    experiment: Experiment, weights: Mapping[str, float], *, actor: str, reason: str = ""
) -> Phase:
    """Begin a new phase with other weights by arm slug. Who has entered stays in their phase.

    Products and variants are frozen anew. Raises ExperimentError for weights that do not fit.
    """
    with _step(experiment, "weights changed", actor, State.RUNNING, reason) as row:
        arms = list(row.arms.select_related("style"))
        unknown = set(weights) ^ {arm.slug for arm in arms}
        if unknown or abs(sum(weights.values()) - 1) > 1e-6 or min(weights.values()) <= 0:
            raise ExperimentError(
                f"weights must name each arm ({', '.join(arm.slug for arm in arms)}), "
                "each above 0, and sum to 1"
            )
        now = timezone.now()
        last = row.phases.latest("number")
        row.phases.filter(pk=last.pk).update(ended_at=now)
        for arm in arms:
            row.arms.filter(pk=arm.pk).update(weight=weights[arm.slug])
        pictures = eligible_pictures(arms, None, within=last)
        if not pictures:
            raise ExperimentError(
                "no product has a published variant in each arm any more; finish the experiment"
            )
        by_row = {str(arm.pk): weights[arm.slug] for arm in arms}
        phase = _new_phase(row, last.number + 1, by_row, pictures)
        # Their visitors have seen these as part of it: originals from now on, in every arm.
        leave_out(phase, but_in=last)
        return phase


def finish(
    experiment: Experiment, *, actor: str, ship: str | None = None, reason: str = ""
) -> None:
    """End it. ship: slug of the arm whose pictures are shown from now on; None shows the originals.

    Shipping publishes that arm's variants anew and withdraws the other arms'; reverting withdraws
    them all. Variants stay approved, so either can be taken back by publishing or withdrawing.
    """
    note = f"{'shipped ' + ship if ship else 'reverted to the originals'}. {reason}".strip()
    with _step(experiment, "finished", actor, (State.RUNNING, State.PAUSED), note) as row:
        arms = {arm.slug: arm for arm in row.arms.all()}
        if ship is not None and ship not in arms:
            raise ExperimentError(f"there is no arm {ship!r}; there are: {', '.join(arms)}")
        row.state, row.ended_at = State.FINISHED, timezone.now()
        chosen = arms[ship] if ship else None
        shipped = chosen is not None and not chosen.is_control
        row.outcome = Experiment.Outcome.SHIP if shipped else Experiment.Outcome.REVERT
        row.phases.filter(ended_at=None).update(ended_at=row.ended_at)
        _show(row, ship if shipped else None, actor)


def ending(experiment: Experiment, ship: str | None) -> Ending:
    """What `finish` would do now. ship: as there; an arm that is not there ships nothing."""
    alias = experiment._state.db
    products = PhaseProduct.objects.using(alias).filter(phase__experiment=experiment)
    mine = products.filter(
        content_type=OuterRef("content_type"),
        object_id=OuterRef("object_id"),
        field=OuterRef("field"),
    )
    # By product and style, not by what was frozen: a newer variant may have taken its place.
    arms = experiment.arms.exclude(style=None)
    published = StyleVariant.objects.using(alias).published().filter(Exists(mine), database=alias)
    winners = published.filter(style__in=arms.filter(slug=ship or "").values("style"))
    # Of what was left out, some have no picture to ship; storage is asked for these alone.
    left_out = PhaseVariant.objects.using(alias).filter(product__in=products)
    left_out = left_out.exclude(product__left_out_at=None)
    suspects = winners.filter(pk__in=left_out.values("variant"))
    winners = winners.exclude(
        pk__in=[row.pk for row in suspects if not are_there(row.own_file_names())]
    )
    losers = published.filter(style__in=arms.values("style"))
    return Ending(publish=winners, withdraw=losers.exclude(pk__in=winners.values("pk")))


def _show(experiment: Experiment, ship: str | None, actor: str) -> None:
    end, reason = ending(experiment, ship), f"experiment {experiment.slug} finished"
    winners = list(end.publish.select_related("style"))
    losers = list(end.withdraw.select_related("style"))
    withdraw(losers, actor=actor, reason=reason)
    publish(winners, actor=actor, reason=reason)


def _layer_salt(experiment: Experiment) -> str:
    """One salt for all experiments of a layer that are there together."""
    if not experiment.layer:
        return ""
    rows = Experiment.objects.using(experiment._state.db).exclude(pk=experiment.pk)
    others = rows.filter(layer=experiment.layer, state__in=(State.RUNNING, State.PAUSED))
    return others.values_list("layer_salt", flat=True).first() or secrets.token_hex(16)


def _new_phase(
    experiment: Experiment,
    number: int,
    weights: dict[str, float],
    pictures: Pictures,
) -> Phase:
    phase = Phase.objects.using(experiment._state.db).create(
        experiment=experiment, number=number, weights=weights, started_at=timezone.now()
    )
    freeze(phase, pictures)
    return phase


@contextmanager
def _step(
    experiment: Experiment,
    verb: str,
    actor: str,
    states: str | tuple[str, ...],
    reason: str = "",
) -> Iterator[Experiment]:
    """One step in one transaction: locked, audited, compiled; the caller's row is refreshed."""
    alias = experiment_database()
    states = (states,) if isinstance(states, str) else states
    with transaction.atomic(using=alias):
        lock_snapshot()  # first, so that two starts see each other's products
        row = Experiment.objects.using(alias).select_for_update().get(pk=experiment.pk)
        if row.state not in states:
            raise ExperimentError(
                f"experiment {row.slug!r} is {row.get_state_display()}; "
                f"this step takes one that is {' or '.join(states)}"
            )
        yield row
        row.save(using=alias)
        AuditEntry.objects.record(verb, row, actor=actor, reason=reason)
        compile_snapshot()
    experiment.refresh_from_db(using=alias)
