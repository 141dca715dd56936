"""One visitor, removed on request: events, totals, and every sum that holds them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from shop_style.exceptions import UnknownVisitor
from shop_style.experiments.guard import counting_waits
from shop_style.experiments.hashing import visitor_hash
from shop_style.experiments.identity import identity_of
from shop_style.experiments.recount import count_hours
from shop_style.experiments.snapshot import experiment_database
from shop_style.experiments.summaries import summarise, summarise_products
from shop_style.experiments.visitor import Visitor, known_visitor
from shop_style.models import (
    AuditEntry,
    CarriedTotals,
    Event,
    Experiment,
    HourlyTotals,
    MixedVisitor,
    Phase,
    VisitorIdentity,
    VisitorTotals,
)


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
    """Remove a visitor from every experiment that is not purged, and make its sums anew.

    visitor: the signed visitor: the cookie's value, or what a headless caller keeps; one whose
    time is over too. user: somebody whose logins were merged, beside it or instead. A purged
    experiment holds nothing to remove. Doing it twice changes nothing more. The cookie is the
    caller's to take back; pages that are still open may report for TOKEN_HOURS.
    Raises UnknownVisitor for a value that is not ours.
    """
    known = known_visitor(visitor, at_any_age=True) if visitor else None
    if known is None and (visitor or user is None):
        raise UnknownVisitor(
            "this is no visitor of ours; take the value of the visitor cookie, or what the "
            "placement's answer calls visitor"
        )
    alias, report = experiment_database(), ForgetReport()
    rows = Experiment.objects.using(alias).filter(purged_at=None).exclude(visitor_salt="")
    for experiment in rows.order_by("pk"):
        with counting_waits(alias):
            hashes = _hashes(alias, experiment, known, user)
            _forget(alias, experiment, hashes, report, actor=actor, dry_run=dry_run)
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


def _forget(
    alias: str,
    experiment: Experiment,
    hashes: set[str],
    report: ForgetReport,
    *,
    actor: str,
    dry_run: bool,
) -> None:
    phases = list(experiment.phases.values_list("pk", flat=True))
    events = Event.objects.using(alias).filter(phase__in=phases, visitor__in=hashes)
    totals: list[QuerySet[Any]] = [
        VisitorTotals.objects.using(alias).filter(phase__in=phases, visitor__in=hashes),
        CarriedTotals.objects.using(alias).filter(phase__in=phases, visitor__in=hashes),
    ]
    ties: list[QuerySet[Any]] = [
        VisitorIdentity.objects.using(alias).filter(experiment=experiment, visitor__in=hashes),
        MixedVisitor.objects.using(alias).filter(experiment=experiment, visitor__in=hashes),
    ]
    numbers = (events.count(), sum(rows.count() for rows in totals))
    if not any(numbers) and not any(rows.exists() for rows in ties):
        return
    report.experiments += 1
    report.events += numbers[0]
    report.totals += numbers[1]
    if dry_run:
        return
    hours = {
        (phase, at.replace(minute=0, second=0, microsecond=0))
        for phase, at in events.values_list("phase", "at")
    }
    for rows in (events, *totals, *ties):
        rows.delete()
    _count_anew(alias, hours)
    summarise(alias, phases)
    summarise_products(alias, phases)
    AuditEntry.objects.record("forgot a visitor", experiment, actor=actor)


def _count_anew(alias: str, hours: Iterable[tuple[int, Any]]) -> None:
    """Hours from the events that are left; an arm that has none left in an hour loses its row."""
    kept = dict(Phase.objects.using(alias).values_list("pk", "raw_from"))
    by_phase: dict[int, list[Any]] = defaultdict(list)
    for phase, hour in hours:
        if kept[phase] is None or hour >= kept[phase]:
            by_phase[phase].append(hour)
    for phase, mine in by_phase.items():
        for start in range(0, len(mine), 400):
            HourlyTotals.objects.using(alias).filter(
                phase=phase, hour__in=mine[start : start + 400]
            ).delete()
        count_hours(alias, {(phase, hour.isoformat()) for hour in mine})
