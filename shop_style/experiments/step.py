"""One step of an experiment in one transaction: locked, audited, and served by from then on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from shop_style.exceptions import ExperimentError
from shop_style.experiments.snapshot import compile_snapshot, experiment_database, lock_snapshot
from shop_style.models import AuditEntry, Experiment
from styleeval.sentence import said


@dataclass
class Step:
    """The row that a step changes, and what its audit entry keeps beside the reason."""

    row: Experiment
    detail: dict[str, Any] = field(default_factory=dict)


@contextmanager
def step_of(
    experiment: Experiment,
    verb: str,
    actor: str,
    states: str | tuple[str, ...],
    reason: str = "",
) -> Iterator[Step]:
    """One step in one transaction: locked, audited, compiled; the caller's row is refreshed.

    states: those that it takes. Raises ExperimentError for an experiment in another one.
    """
    alias = experiment_database()
    states = (states,) if isinstance(states, str) else states
    with transaction.atomic(using=alias):
        lock_snapshot()  # first, so that two starts see each other's products
        row = Experiment.objects.using(alias).select_for_update().get(pk=experiment.pk)
        if row.state not in states:
            raise ExperimentError(
                said(
                    "experiment {slug!r} is {state}; this step takes one that is {states}: look "
                    "at it again, somebody may have been there before you",
                    slug=row.slug,
                    state=row.get_state_display(),
                    states=" or ".join(states),
                )
            )
        step = Step(row)
        yield step
        row.save(using=alias)
        AuditEntry.objects.record(verb, row, actor=actor, reason=reason, detail=step.detail)
        compile_snapshot()
    experiment.refresh_from_db(using=alias)
