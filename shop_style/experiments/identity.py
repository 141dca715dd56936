"""Who logs in keeps the arms of the device that was first; who saw two arms by then is mixed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from shop_style.experiments.assignment import Assignment, assign
from shop_style.experiments.hashing import visitor_hash
from shop_style.experiments.snapshot import ExperimentEntry, experiment_database
from shop_style.experiments.visitor import Visitor
from shop_style.models import MixedVisitor, VisitorIdentity


def identity_of(salt: str, user: Any) -> str:
    """What is stored of a user: a hash under the experiment's own salt for it.

    With the salt destroyed nobody can tell any more who it was, and two experiments never could
    be joined by it.
    """
    return visitor_hash(salt, f"{user._meta.label_lower}:{user.pk}")


def recognised(visitor: Visitor, user: Any, experiments: Iterable[ExperimentEntry]) -> Visitor:
    """The visitor with the arms of the user's first device. One query, and one more where the
    visitor had entered something with another arm: both devices are then mixed for good."""
    mine = {item.id: item for item in experiments if _joins(item)}
    for row in _first_arms(mine.values(), user):
        experiment = mine[row.experiment_id]
        here = _entered(experiment, visitor)
        if here is not None and here.visitor == row.visitor:
            continue
        # In a baseline both devices saw originals.
        saw_other = here is not None and here.arm.id != row.arm_id and not here.phase.is_baseline
        if here is not None and saw_other:
            mark_mixed(experiment.id, (here.visitor, row.visitor))
        visitor = visitor.adopting(experiment.id, row.phase_id, row.arm_id, row.visitor)
    return visitor


def remember(user: Any, assignments: Iterable[Assignment]) -> None:
    """Keep the first arm of a user in each experiment entered; later ones change nothing."""
    rows = [
        VisitorIdentity(
            experiment_id=item.experiment.id,
            identity=identity_of(item.experiment.identity_salt, user),
            phase_id=item.phase.id,
            arm_id=item.arm.id,
            visitor=item.visitor,
        )
        for item in assignments
        if _joins(item.experiment)
    ]
    if rows:
        found = VisitorIdentity.objects.using(experiment_database())
        found.bulk_create(rows, ignore_conflicts=True)


def entered(visitor: Visitor, experiments: Iterable[ExperimentEntry]) -> list[Assignment]:
    """The visitor's arms in what has been entered and is live."""
    found = (_entered(item, visitor) for item in experiments if _joins(item))
    return [item for item in found if item is not None]


def mark_mixed(experiment: int, visitors: Iterable[str]) -> None:
    """Leave visitors out of every result; the next rollup takes them out of the sums."""
    rows = [MixedVisitor(experiment_id=experiment, visitor=item) for item in sorted({*visitors})]
    MixedVisitor.objects.using(experiment_database()).bulk_create(rows, ignore_conflicts=True)


def _joins(experiment: ExperimentEntry) -> bool:
    """Can logins join devices here? Tiles are drawn one by one and have no arm of a visitor's;
    an experiment that began before there were logins has no salt for them."""
    return experiment.is_live and not experiment.by_tile and bool(experiment.identity_salt)


def _entered(experiment: ExperimentEntry, visitor: Visitor) -> Assignment | None:
    found = assign(experiment, visitor)
    return None if found is None or found.is_new else found


def _first_arms(experiments: Collection[ExperimentEntry], user: Any) -> Sequence[VisitorIdentity]:
    identities = [identity_of(item.identity_salt, user) for item in experiments]
    if not identities:
        return []
    rows = VisitorIdentity.objects.using(experiment_database())
    # The ids alone would do: 96 bits under different salts do not meet.
    return list(
        rows.filter(experiment__in=[item.id for item in experiments], identity__in=identities)
    )
