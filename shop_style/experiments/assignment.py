"""Which arm a visitor is in: a pure function of the snapshot and the visitor."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shop_style.experiments.edge import bucket_arm
from shop_style.experiments.hashing import share, visitor_hash
from shop_style.experiments.snapshot import ArmEntry, ExperimentEntry, PhaseEntry
from shop_style.experiments.visitor import Visitor


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """A visitor's place in one experiment. is_new: entered just now."""

    experiment: ExperimentEntry
    phase: PhaseEntry
    arm: ArmEntry
    visitor: str
    is_new: bool


def assign(experiment: ExperimentEntry, visitor: Visitor, tile: str = "") -> Assignment | None:
    """The visitor's arm, or None for one who takes no part.

    Only the visitor is hashed, so every tile of a page shows the same arm; where each is drawn by
    itself, `tile` names it. Who has entered stays in the phase and arm entered, whatever
    becomes of weights, coverage and holdout later; who entered a baseline enters the test after it
    in the same arm.
    """
    if visitor.excluded:
        return None
    if visitor.bucket is not None:
        return _by_bucket(experiment, visitor, visitor.bucket)
    if not visitor.id:
        return None
    kept = visitor.phases.get(experiment.id, 0)
    phase = phase_of(experiment, kept)
    is_new = phase is None or phase.id != kept
    if phase is None:
        if not (experiment.is_running and _takes_part(experiment, visitor)):
            return None
        phase = experiment.phases[experiment.current]
    drawn = f"{visitor.id}|{tile}" if tile else visitor.id
    found = Assignment(
        experiment=experiment,
        phase=phase,
        arm=phase.arm_at(share(experiment.arm_salt, drawn)),
        visitor=visitor_hash(experiment.visitor_salt, visitor.id),
        is_new=is_new,
    )
    return _as_on_first_device(found, visitor) if visitor.adopted else found


def _by_bucket(experiment: ExperimentEntry, visitor: Visitor, bucket: int) -> Assignment | None:
    """Nothing is entered and nothing kept: the edge gives the same person the same bucket."""
    phase = experiment.phases[experiment.current]
    arm = bucket_arm(experiment, phase, bucket)
    if arm is None:
        return None
    return Assignment(
        experiment=experiment,
        phase=phase,
        arm=arm,
        visitor=visitor_hash(experiment.visitor_salt, visitor.id) if visitor.id else "",
        is_new=False,
    )


def phase_of(experiment: ExperimentEntry, entered: int) -> PhaseEntry | None:
    """The phase of somebody who entered this one; None for one that is not there.

    A baseline's visitors go on in the phase that followed it, whatever the weights later: it had
    the baseline's, so that they are in the arm that they were drawn into.
    """
    phase = experiment.phases.get(entered)
    if phase is None or not phase.is_baseline:
        return phase
    later = [item for item in experiment.phases.values() if item.number > phase.number]
    return min(later, key=lambda item: item.number, default=phase)


def _as_on_first_device(found: Assignment, visitor: Visitor) -> Assignment:
    """Who logged in is the visitor of the device that was first, in its arm."""
    arm_id, as_visitor = visitor.adopted.get(found.experiment.id, (0, ""))
    arm = next((arm for arm in found.phase.arms if arm.id == arm_id), None)
    return replace(found, arm=arm, visitor=as_visitor) if arm else found


def _takes_part(experiment: ExperimentEntry, visitor: Visitor) -> bool:
    if experiment.holdout is not None and experiment.holdout.holds(visitor.id):
        return False
    if experiment.layer:
        place = share(experiment.layer_salt, visitor.id)
        if not experiment.layer_from <= place < experiment.layer_to:
            return False
    return share(experiment.coverage_salt, visitor.id) < experiment.coverage
