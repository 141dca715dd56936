"""One visitor, removed on request: events and totals at once, every sum by the next rollup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from shop_style.exceptions import UnknownVisitor
from shop_style.experiments.guard import locked_mark
from shop_style.experiments.hashing import visitor_hash
from shop_style.experiments.identity import identity_of
from shop_style.experiments.snapshot import experiment_database
from shop_style.experiments.visitor import Visitor, known_visitor
from shop_style.models import (
    AuditEntry,
    CarriedProduct,
    CarriedTotals,
    Event,
    Experiment,
    MixedVisitor,
    VisitorIdentity,
    VisitorTotals,
)
from styleeval.sentence import said


@dataclass
class ForgetReport:
    """What went, or would go in a dry run. totals: rows of sums of the visitor's own."""

    experiments: int = 0
    events: int = 0
    totals: int = 0

    def summary(self) -> str:
        """In words."""
        return f"{self.events} events and {self.totals} totals in {self.experiments} experiments"


def forget_visitor(
    visitor: str = "", *, user: Any = None, actor: str = "forget_visitor", dry_run: bool = False
) -> ForgetReport:
    """Remove a visitor's rows from every experiment that is not purged.

    The next rollup makes its sums and hours anew, `rollup(products=True)` those by product at once.
    visitor: the signed visitor: the cookie's value, or what a headless caller keeps; one whose
    time is over too. user: somebody whose logins were merged, beside it or instead. A purged
    experiment holds nothing to remove. Doing it twice changes nothing more. The cookie is the
    caller's to take back; pages that are still open may report for TOKEN_HOURS.
    Raises UnknownVisitor for a value that is not ours.
    """
    known = known_visitor(visitor, at_any_age=True) if visitor else None
    if known is None and (visitor or user is None):
        raise UnknownVisitor(
            said(
                "this is no visitor of ours; take the value of the visitor cookie, or what "
                "the placement's answer calls visitor"
            )
        )
    alias, report = experiment_database(), ForgetReport()
    rows = Experiment.objects.using(alias).filter(purged_at=None).exclude(visitor_salt="")
    for experiment in rows.order_by("pk"):
        held = _rows_of(alias, experiment, _hashes(alias, experiment, known, user))
        if not held.exist():
            continue  # no lock for it: a rollup may hold that for a while
        if dry_run:
            held.count_in(report)
            continue
        with transaction.atomic(using=alias):
            _remove(alias, held, report)
            AuditEntry.objects.record("forgot a visitor", experiment, actor=actor)
    return report


def _hashes(alias: str, experiment: Experiment, known: Visitor | None, user: Any) -> set[str]:
    """Under which names an experiment knows somebody: of this device, and of the first one."""
    found = set()
    if known is not None:
        found.add(visitor_hash(experiment.visitor_salt, known.id))
        found |= {known.adopted[experiment.pk][1]} if experiment.pk in known.adopted else set()
    if user is not None and experiment.identity_salt:
        rows = VisitorIdentity.objects.using(alias).filter(
            experiment=experiment, identity=identity_of(experiment.identity_salt, user)
        )
        found |= set(rows.values_list("visitor", flat=True))
    return found


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """What an experiment holds of somebody."""

    events: QuerySet[Event]
    totals: Sequence[QuerySet[Any]]
    ties: Sequence[QuerySet[Any]]

    def exist(self) -> bool:
        """Is there anything?"""
        return any(rows.exists() for rows in (self.events, *self.totals, *self.ties))

    def count_in(self, report: ForgetReport) -> None:
        """Add their numbers."""
        report.experiments += 1
        report.events += self.events.count()
        report.totals += sum(rows.count() for rows in self.totals)

    def phases(self) -> set[int]:
        """Whose sums they are in."""
        return {
            phase
            for rows in (self.events, *self.totals)
            for phase in rows.values_list("phase", flat=True).distinct()
        }

    def hours(self) -> set[tuple[int, str]]:
        """Phases and hours with such events, as a RollupMark names them."""
        return {
            (phase, at.replace(minute=0, second=0, microsecond=0).isoformat())
            for phase, at in self.events.values_list("phase", "at")
        }

    def delete(self) -> None:
        """Remove them."""
        for rows in (self.events, *self.totals, *self.ties):
            rows.delete()


def _rows_of(alias: str, experiment: Experiment, hashes: set[str]) -> _Rows:
    phases = list(experiment.phases.values_list("pk", flat=True))
    # With the arms named the unique indexes find a visitor; without, they are read from end to end.
    arms = list(experiment.arms.values_list("pk", flat=True))
    own: dict[str, Any] = {"phase__in": phases, "visitor__in": hashes}
    tied: dict[str, Any] = {"experiment": experiment, "visitor__in": hashes}
    return _Rows(
        events=Event.objects.using(alias).filter(**own),
        totals=[
            VisitorTotals.objects.using(alias).filter(arm__in=arms, **own),
            CarriedTotals.objects.using(alias).filter(arm__in=arms, **own),
            CarriedProduct.objects.using(alias).filter(**own),
        ],
        ties=[
            VisitorIdentity.objects.using(alias).filter(**tied),
            MixedVisitor.objects.using(alias).filter(**tied),
        ],
    )


def _remove(alias: str, rows: _Rows, report: ForgetReport) -> None:
    """Under the rollup's lock, but without its work, which grows with everybody's events."""
    mark = locked_mark(alias)
    rows.count_in(report)
    phases = rows.phases()
    mark.unsummed = sorted({*mark.unsummed, *phases})
    mark.unsliced = sorted({*mark.unsliced, *phases})
    hours = {(phase, hour) for phase, hour in mark.uncounted_hours}
    mark.uncounted_hours = sorted(hours | rows.hours())
    rows.delete()
    mark.save(using=alias)
