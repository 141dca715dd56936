"""Visitors who saw more than one arm: found as their events are counted, left out of the sums."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from shop_style.experiments.identity import mark_mixed
from shop_style.experiments.recount import Block
from shop_style.models import Arm, Experiment, MixedVisitor, Phase, VisitorTotals

_KEYS = 400


def mark_touched(block: Block, phases: Iterable[int]) -> None:
    """Mark those of the visitors just counted who have totals in two arms of an experiment.

    Not where tiles are drawn one by one: everybody sees all arms there.
    """
    alias = block.alias
    rows = Phase.objects.using(alias).filter(pk__in=list(phases))
    drawn = rows.exclude(experiment__unit=Experiment.Unit.TILE)
    for experiment in sorted(set(drawn.values_list("experiment", flat=True))):
        all_phases = list(Phase.objects.using(alias).filter(experiment=experiment))
        arms = list(Arm.objects.using(alias).filter(experiment=experiment))
        touched = block.events.filter(experiment=experiment).order_by().values("visitor")
        # With the arms named the unique index finds each visitor.
        found = VisitorTotals.objects.using(alias).filter(
            phase__in=all_phases, arm__in=arms, visitor__in=touched
        )
        counted = found.order_by().values("visitor").annotate(number=Count("arm", distinct=True))
        seen_two = list(counted.filter(number__gt=1).values_list("visitor", flat=True))
        for start in range(0, len(seen_two), _KEYS):
            mark_mixed(experiment, seen_two[start : start + _KEYS])


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Marks that no sum knows of yet. phases: of their experiments."""

    rows: tuple[int, ...]
    phases: frozenset[int]

    def settle(self, alias: str) -> None:
        """The sums know of these now; of one that came meanwhile they do not."""
        for start in range(0, len(self.rows), _KEYS):
            mine = MixedVisitor.objects.using(alias).filter(pk__in=self.rows[start : start + _KEYS])
            mine.update(is_summed=True)


def waiting_marks(alias: str) -> Marks:
    """The marks made since sums were last made."""
    rows = dict(
        MixedVisitor.objects.using(alias).filter(is_summed=False).values_list("pk", "experiment")
    )
    phases = Phase.objects.using(alias).filter(experiment__in=set(rows.values()))
    return Marks(
        rows=tuple(rows), phases=frozenset(phases.values_list("pk", flat=True) if rows else ())
    )


def mixed_in(alias: str, phase: Phase) -> QuerySet[MixedVisitor]:
    """The mixed visitors of a phase's experiment."""
    return MixedVisitor.objects.using(alias).filter(experiment=phase.experiment_id)
