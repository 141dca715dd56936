"""The live experiments as a process serves by them: immutable, and read from one row."""

from __future__ import annotations

import bisect
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from django.db import router, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from shop_style.conf import app_settings
from shop_style.experiments.guard import guarded
from shop_style.experiments.hashing import share as share_of
from shop_style.models import Experiment, Phase, ServingSnapshot

_ROW = 1


@dataclass(frozen=True, kw_only=True)
class Holdout:
    """A share of all visitors, by one salt for good: another share moves only the difference."""

    salt: str = ""
    share: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.salt) and self.share > 0

    def holds(self, visitor: str) -> bool:
        """Is this visitor one of them? visitor: its random bits, empty for who takes no part."""
        return bool(self) and bool(visitor) and share_of(self.salt, visitor) < self.share


@dataclass(frozen=True, kw_only=True)
class ArmEntry:
    """One arm."""

    id: int
    slug: str


@dataclass(frozen=True, kw_only=True)
class PhaseEntry:
    """One phase with its arms and their weights. is_baseline: each of them shows originals."""

    id: int
    number: int
    arms: tuple[ArmEntry, ...]
    weights: tuple[float, ...]
    is_baseline: bool = False
    bounds: tuple[float, ...] = field(init=False)

    def __post_init__(self) -> None:
        total = sum(self.weights)
        ends = tuple(weight / total for weight in accumulate(self.weights))
        object.__setattr__(self, "bounds", ends[:-1])

    def arm_at(self, share: float) -> ArmEntry:
        """The arm whose stretch of [0, 1) holds this share."""
        return self.arms[bisect.bisect_right(self.bounds, share)]


@dataclass(frozen=True, kw_only=True)
class ExperimentEntry:
    """One experiment. phases: all of them by row number; current: the one that new visitors enter.

    ends: when nobody sees a variant any more, whether or not a rollup has paused it by then.
    ended: when it finished, None while it is live.
    """

    id: int
    slug: str
    state: str
    placement: str
    coverage: float
    layer: str
    layer_from: float
    layer_to: float
    layer_salt: str
    coverage_salt: str
    arm_salt: str
    visitor_salt: str
    ended: float | None
    current: int
    phases: Mapping[int, PhaseEntry]
    ends: float | None = None
    unit: str = Experiment.Unit.VISITOR
    identity_salt: str = ""
    holdout: Holdout | None = None

    @property
    def by_tile(self) -> bool:
        """Is each tile of a page drawn by itself?"""
        return self.unit == Experiment.Unit.TILE

    @property
    def is_running(self) -> bool:
        """Does it take new visitors?"""
        is_over = self.ends is not None and time.time() >= self.ends
        return self.state == Experiment.State.RUNNING and not is_over

    @property
    def is_live(self) -> bool:
        """Does it decide what shoppers see?"""
        return self.state in Experiment.LIVE

    def slug_of(self, arm: int) -> str:
        """An arm's slug by its row number; empty for one that is not there."""
        arms = (item for phase in self.phases.values() for item in phase.arms)
        return next((item.slug for item in arms if item.id == arm), "")

    def runs_in(self, placement: str) -> bool:
        """Is this list of the storefront one of its places?"""
        return self.placement in ("", placement)


@dataclass(frozen=True)
class Snapshot:
    """All experiments that are live, or whose events and conversions still count."""

    version: int = 0
    experiments: tuple[ExperimentEntry, ...] = ()
    holdout: Holdout = Holdout()

    @property
    def live(self) -> list[ExperimentEntry]:
        """Those that decide what shoppers see, the oldest first."""
        return [item for item in self.experiments if item.is_live]

    def get(self, pk: int) -> ExperimentEntry | None:
        """One by its row number, or None."""
        return next((item for item in self.experiments if item.id == pk), None)


@dataclass
class _Held:
    snapshot: Snapshot | None = None
    read_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


_held = _Held()


def experiment_database() -> str:
    """Alias of the database that experiments and their events live in."""
    return router.db_for_write(Experiment)


def current_snapshot() -> Snapshot:
    """What to serve by. At most one query every SNAPSHOT_SECONDS, none otherwise.

    Raises DatabaseError only when nothing was ever read: an outage serves by what was last seen.
    """
    held = _held.snapshot
    fresh = time.monotonic() - _held.read_at < app_settings().SNAPSHOT_SECONDS
    if held is not None and fresh:
        return held
    # Others go on with what is held while one reads.
    if not _held.lock.acquire(blocking=held is None):
        return held or Snapshot()
    try:
        return _reread(held)
    finally:
        _held.lock.release()


def snapshot_age_mark() -> float:
    """A number that changes with each reading of the snapshot: what is held no longer than it."""
    return _held.read_at


def forget_snapshot() -> None:
    """Read the row again at the next call."""
    _held.snapshot, _held.read_at = None, 0.0


def compile_snapshot() -> None:
    """Write the row anew from the tables, and let this process read it after the commit.

    Call it inside the transaction that changed an experiment.
    """
    alias = experiment_database()
    row = lock_snapshot()
    wanted = Experiment.objects.using(alias).exclude(arm_salt="").order_by("pk")
    row.compiled = [_compiled(item) for item in wanted.prefetch_related("arms", "phases")]
    row.version += 1
    row.save(using=alias)
    transaction.on_commit(forget_snapshot, using=alias)


def lock_snapshot() -> ServingSnapshot:
    """The row, locked until the transaction ends: two steps of experiments take turns."""
    rows = ServingSnapshot.objects.using(experiment_database())
    # First a write, as `locked_mark` says.
    if not rows.filter(pk=_ROW).update(version=F("version")):
        rows.get_or_create(pk=_ROW)
    return rows.select_for_update().get(pk=_ROW)


def _reread(held: Snapshot | None) -> Snapshot:
    rows = ServingSnapshot.objects.using(experiment_database()).filter(pk=_ROW)
    try:
        with guarded(experiment_database()):
            found = rows.values_list("version", "compiled", "holdout_salt").first()
            if found is None and app_settings().HOLDOUT:
                # Before the first experiment there are published variants to be held out of.
                row, _made = ServingSnapshot.objects.using(experiment_database()).get_or_create(
                    pk=_ROW
                )
                found = (row.version, row.compiled, row.holdout_salt)
    except Exception:
        if held is None:
            raise
        # Not again before the next interval, or each request would wait for a dead database.
        _held.read_at = time.monotonic()
        return held
    if found is None:
        snapshot = Snapshot()
    elif held is not None and held.version == found[0]:
        snapshot = held
    else:
        holdout = Holdout(salt=found[2], share=app_settings().HOLDOUT)
        snapshot = Snapshot(found[0], tuple(_entries(found[1], holdout)), holdout)
    _held.snapshot, _held.read_at = snapshot, time.monotonic()
    return snapshot


def _compiled(experiment: Experiment) -> dict[str, Any]:
    phases = sorted(experiment.phases.all(), key=lambda phase: phase.number)
    return {
        "id": experiment.pk,
        "slug": experiment.slug,
        "state": experiment.state,
        "placement": experiment.placement,
        "coverage": experiment.coverage,
        "layer": experiment.layer,
        "layer_from": experiment.layer_from,
        "layer_to": experiment.layer_to,
        "layer_salt": experiment.layer_salt,
        "coverage_salt": experiment.coverage_salt,
        "arm_salt": experiment.arm_salt,
        "visitor_salt": experiment.visitor_salt,
        "identity_salt": experiment.identity_salt,
        "unit": experiment.unit,
        "ends": experiment.ends_at.timestamp() if experiment.ends_at else None,
        "ended": experiment.ended_at.isoformat() if experiment.ended_at else None,
        "current": phases[-1].pk,
        "phases": [_compiled_phase(experiment, phase) for phase in phases],
    }


def _compiled_phase(experiment: Experiment, phase: Phase) -> dict[str, Any]:
    return {
        "id": phase.pk,
        "number": phase.number,
        "is_baseline": phase.is_baseline,
        "arms": [
            {
                "id": arm.pk,
                "slug": arm.slug,
                "weight": phase.weights[str(arm.pk)],
            }
            for arm in experiment.arms.all()
            if phase.weights.get(str(arm.pk), 0) > 0
        ],
    }


def _entries(compiled: Iterable[dict[str, Any]], holdout: Holdout) -> Iterable[ExperimentEntry]:
    current = app_settings()
    kept = max(current.CONVERSION_DAYS * 86_400, current.TOKEN_HOURS * 3600)
    for item in compiled:
        ended = parse_datetime(item["ended"]) if item["ended"] else None
        if ended is not None and (timezone.now() - ended).total_seconds() > kept:
            continue
        phases = {phase["id"]: _phase_entry(phase) for phase in item["phases"]}
        yield ExperimentEntry(
            **{
                **item,
                "ended": ended.timestamp() if ended else None,
                "phases": phases,
                "holdout": holdout or None,
            }
        )


def _phase_entry(phase: dict[str, Any]) -> PhaseEntry:
    return PhaseEntry(
        id=phase["id"],
        number=phase["number"],
        is_baseline=phase.get("is_baseline", False),
        arms=tuple(ArmEntry(id=arm["id"], slug=arm["slug"]) for arm in phase["arms"]),
        weights=tuple(arm["weight"] for arm in phase["arms"]),
    )
