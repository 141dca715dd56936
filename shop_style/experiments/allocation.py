"""Weights that follow the results: a new phase by each arm's chance to be the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.utils import timezone

from shop_style.exceptions import ExperimentError
from shop_style.experiments.lifecycle import change_weights
from shop_style.experiments.reporting.sums import clicks_over_viewable, newest_sums
from shop_style.experiments.rollup import rolled_up_at
from shop_style.experiments.snapshot import experiment_database, lock_snapshot
from shop_style.models import Arm, Experiment, Phase
from styleeval.sentence import said

if TYPE_CHECKING:
    from styleeval.inference import Allocation

FLOOR: Final = 0.05
"""Least weight of an arm; with more than ten arms half of an equal share."""

MIN_VISITORS: Final = 100
"""Of each arm, in all phases, before weights follow anything."""

MIN_CHANGE: Final = 0.05
"""Of some arm's weight: a smaller one is not worth a phase of its own."""


@dataclass(frozen=True, kw_only=True)
class ArmWeight:
    """An arm's share of new visitors. chance: P(highest CTR); None with new while undecided."""

    slug: str
    visitors: int
    chance: float | None
    before: float
    after: float | None


@dataclass(frozen=True, kw_only=True)
class Reallocation:
    """What the results say of the weights. phase: number of the phase begun; None where none was.

    reasons: why weights stay as they are; empty where they change, or would but for a dry run.
    """

    arms: tuple[ArmWeight, ...]
    reasons: tuple[str, ...]
    phase: int | None
    rolled_up_at: datetime | None


def reallocate(experiment: Experiment, *, actor: str, dry_run: bool = False) -> Reallocation:
    """Begin a new phase whose weights are floor + (1 − arms · floor) · chance to be best.

    By the sums of the last rollup, phase by phase. Nothing begins before there is enough data, or
    where no arm's weight would move by `MIN_CHANGE`. Raises ExperimentError for an experiment that
    is not running, whose planned end has come, or that draws tiles.
    """
    with transaction.atomic(using=experiment_database()):
        lock_snapshot()  # two at once would begin two phases by the same sums
        experiment.refresh_from_db(using=experiment_database())
        _refuse(experiment)
        phases = list(experiment.phases.filter(is_baseline=False).order_by("number"))
        arms = list(experiment.arms.select_related("style"))
        before = [phases[-1].weights[str(arm.pk)] for arm in arms]
        found = _allocation(experiment, phases, arms)
        reasons = _reasons(found, arms, before)
        begun = None
        if found.weights and not reasons and not dry_run:
            begun = change_weights(
                experiment,
                {arm.slug: weight for arm, weight in zip(arms, found.weights, strict=True)},
                actor=actor,
                reason=said("by the results so far ({method})", method=found.method),
                detail=_logged(found, arms, before),
            )
    return Reallocation(
        arms=tuple(
            ArmWeight(
                slug=arm.slug,
                visitors=found.visitors[number],
                chance=found.chances[number] if found.chances else None,
                before=before[number],
                after=found.weights[number] if found.weights else None,
            )
            for number, arm in enumerate(arms)
        ),
        reasons=reasons,
        phase=begun.number if begun else None,
        rolled_up_at=rolled_up_at(),
    )


def _refuse(experiment: Experiment) -> None:
    slug = experiment.slug
    if experiment.unit == Experiment.Unit.TILE:
        raise ExperimentError(
            said(
                "experiment {slug!r} draws each tile by itself: its visitors are in every "
                "arm, and no arm's weight can follow theirs; start one by visitor",
                slug=slug,
            )
        )
    if experiment.state != Experiment.State.RUNNING:
        raise ExperimentError(
            said(
                "experiment {slug!r} is {state}; only the weights of a running one follow its "
                "results",
                slug=slug,
                state=experiment.get_state_display(),
            )
        )
    if not experiment.phases.filter(is_baseline=False).exists():
        raise ExperimentError(
            said(
                "experiment {slug!r} is in its baseline: nothing has been compared that weights "
                "could follow",
                slug=slug,
            )
        )
    if experiment.ends_at is not None and experiment.ends_at <= timezone.now():
        raise ExperimentError(
            said(
                "the planned end of experiment {slug!r} has come; ship an arm or revert", slug=slug
            )
        )


def _allocation(experiment: Experiment, phases: Sequence[Phase], arms: Sequence[Arm]) -> Allocation:
    from styleeval.inference import InvalidSummary, thompson_allocation

    sums = newest_sums(experiment_database(), phases)
    # An arm that nobody has come to in a phase has no row there.
    counted = [[sums.row(phase, arm) for arm in arms] for phase in phases]
    try:
        return thompson_allocation(
            [[clicks_over_viewable([row] if row else []) for row in rows] for rows in counted],
            floor=min(FLOOR, 1 / (2 * len(arms))),
            min_visitors=MIN_VISITORS,
        )
    except InvalidSummary as error:
        raise ExperimentError(
            said(
                "no weights follow the totals of experiment {slug!r}, for no visitors can have "
                "them ({why}); run “manage.py rollup_events --recount”",
                slug=experiment.slug,
                why=error,
            )
        ) from error


def _reasons(found: Allocation, arms: Sequence[Arm], before: Sequence[float]) -> tuple[str, ...]:
    if not found.weights:
        return tuple(_named(reason, arms) for reason in found.reasons)
    moved = max(abs(new - old) for new, old in zip(found.weights, before, strict=True))
    if moved < MIN_CHANGE:
        return (
            said(
                "the largest change would be {moved:.1f} points; a phase begins from {least:g} on",
                moved=100 * moved,
                least=100 * MIN_CHANGE,
            ),
        )
    return ()


def _named(reason: str, arms: Sequence[Arm]) -> str:
    """Measures know arms by their place alone."""
    for number, arm in enumerate(arms, start=1):
        reason = reason.replace(f"arm {number} ", f"arm {arm.slug} ")
    return reason


def _logged(found: Allocation, arms: Sequence[Arm], before: Sequence[float]) -> dict[str, Any]:
    return {"arms": [arm.slug for arm in arms], "before": list(before), **found.as_dict()}
