"""What is known of visitors, removed for good a while after an experiment's end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from shop_style.conf import app_settings
from shop_style.experiments.carried import carry
from shop_style.experiments.guard import counting_waits
from shop_style.experiments.rollup import rollup
from shop_style.experiments.snapshot import compile_snapshot, experiment_database
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

_BATCH = 5_000


@dataclass
class PurgeReport:
    """How much went, or would go in a dry run. carried: page events of experiments that are kept,
    whose counts stay with their visitors."""

    experiments: int = 0
    events: int = 0
    visitors: int = 0
    carried: int = 0

    def summary(self) -> str:
        """In words."""
        text = (
            f"{self.events} events and {self.visitors} visitors of {self.experiments} experiments"
        )
        if self.carried:
            text += f", and {self.carried} old page events of others"
        return text


def purge_events(*, days: float | None = None, dry_run: bool = False) -> PurgeReport:
    """Remove events, visitors and salts of experiments that ended so many days ago, and page
    events that old of those that are kept.

    days: None is EVENT_DAYS. Reports stay: they read summaries. With its salt gone nobody can
    tell any more, by whatever is left anywhere, which visitor a hash meant.
    """
    alias = experiment_database()
    before = timezone.now() - timedelta(days=app_settings().EVENT_DAYS if days is None else days)
    ended = Experiment.objects.using(alias).filter(
        state=Experiment.State.FINISHED, ended_at__lte=before, purged_at=None
    )
    report = PurgeReport(experiments=ended.count())
    if not dry_run:
        rollup(products=True)  # what came last must be in the summaries before it goes
    for experiment in ended:
        if not dry_run:
            _close(experiment)  # first: from now on nothing is added, and no sum changes
        _remove(experiment, report, dry_run=dry_run)
    if not dry_run:
        # What a run that was killed had closed, but not removed.
        for experiment in Experiment.objects.using(alias).exclude(purged_at=None):
            _remove(experiment, report, dry_run=False)
    report.carried = carry(alias, before, dry_run=dry_run)
    return report


def _remove(experiment: Experiment, report: PurgeReport, *, dry_run: bool) -> None:
    phases = list(experiment.phases.values_list("pk", flat=True))
    alias = experiment_database()
    events = Event.objects.using(alias).filter(phase__in=phases)
    visitors = VisitorTotals.objects.using(alias).filter(phase__in=phases)
    report.events += events.count() if dry_run else _removed(events)
    report.visitors += visitors.count() if dry_run else _removed(visitors)
    if not dry_run:
        _removed(CarriedTotals.objects.using(alias).filter(phase__in=phases))
        _removed(CarriedProduct.objects.using(alias).filter(phase__in=phases))
        _removed(MixedVisitor.objects.using(alias).filter(experiment=experiment))
        _removed(VisitorIdentity.objects.using(alias).filter(experiment=experiment))


def _close(experiment: Experiment) -> None:
    alias = experiment_database()
    with counting_waits(alias):  # later rollups leave this experiment alone
        Experiment.objects.using(alias).filter(pk=experiment.pk).update(
            layer_salt="",
            coverage_salt="",
            arm_salt="",
            visitor_salt="",
            identity_salt="",
            purged_at=timezone.now(),
        )
        AuditEntry.objects.record("purged", experiment, actor="purge_events")
        compile_snapshot()


def _removed(rows: models.QuerySet[Any]) -> int:
    """Delete in pieces, so that no long lock stops the shop from taking events."""
    gone = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        rows.filter(pk__gte=keys[0], pk__lte=keys[-1]).delete()
        gone += len(keys)
    return gone
