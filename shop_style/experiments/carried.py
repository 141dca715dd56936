"""Counts of page events that an experiment no longer keeps one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from shop_style.conf import app_settings
from shop_style.experiments.carried_products import PAGE_COUNTS, carry_products
from shop_style.experiments.guard import counting_waits
from shop_style.models import (
    CarriedTotals,
    Event,
    Experiment,
    Kind,
    Phase,
    VisitorTotals,
)
from shop_style.models.totals import BANDS

_BATCH = 5_000
_KEYS = 400
_IN_BANDS = ("rendered", "viewable", "clicks")
_SUMS = (
    *PAGE_COUNTS.values(),
    *(band.column(name) for band in BANDS for name in _IN_BANDS),
    "suspicious",
)


def add_carried(alias: str, phase: int, visitors: QuerySet[Any, Any]) -> None:
    """Add to totals just counted from events what their visitors did before those were purged.

    visitors: a query of the visitors just counted.
    """
    carried = CarriedTotals.objects.using(alias).filter(phase=phase, visitor__in=visitors)
    before = {(item.arm_id, item.visitor): item for item in carried}
    if not before:
        return
    keys = sorted({visitor for _arm, visitor in before})
    for start in range(0, len(keys), _KEYS):
        rows = VisitorTotals.objects.using(alias).filter(
            phase=phase, visitor__in=keys[start : start + _KEYS]
        )
        changed = [row for row in rows if (row.arm_id, row.visitor) in before]
        for row in changed:
            _add_to(row, before[row.arm_id, row.visitor])
        VisitorTotals.objects.using(alias).bulk_update(
            changed, [*_SUMS, "suspicion", "device", "first_at"], batch_size=_KEYS // 8
        )


def _add_to(row: VisitorTotals, before: CarriedTotals) -> None:
    for name in _SUMS:
        setattr(row, name, getattr(row, name) + getattr(before, name))
    row.suspicion |= before.suspicion
    row.device = row.device or before.device
    row.first_at = min(row.first_at, before.first_at)


def carry(alias: str, before: datetime, *, dry_run: bool = False) -> int:
    """Purge page events of experiments that are kept, and keep what their visitors' come to.

    before: those older than this, by whole hours, so that no hour is half there; none for which a
    page may still report. Conversions stay, for an order recorded twice must count once, and so do
    the events of tile-by-tile experiments: different tiles cannot be added up. Call it with totals
    up to date. Returns how many events went; wherever a run is stopped, each counts exactly once.
    """
    open_pages = timezone.now() - timedelta(hours=app_settings().TOKEN_HOURS)
    horizon = min(before, open_pages).replace(minute=0, second=0, microsecond=0)
    phases = Phase.objects.using(alias).filter(
        experiment__purged_at=None, experiment__unit=Experiment.Unit.VISITOR
    )
    gone = 0
    for phase in phases.order_by("pk"):
        rows = Event.objects.using(alias).filter(phase=phase, at__lt=horizon)
        if phase.is_baseline and phase.ended_at is not None:
            rows = rows.filter(at__lt=phase.ended_at)  # later ones count for nothing
        rows = rows.exclude(kind=Kind.CONVERSION)
        if dry_run:
            gone += rows.count()
        elif rows.exists():
            with counting_waits(alias):
                # First: from now on no hour before is counted from what is left of it.
                Phase.objects.using(alias).filter(pk=phase.pk).update(raw_from=horizon)
            gone += sum(_carried_batches(alias, phase, rows))
    return gone


def _carried_batches(alias: str, phase: Phase, rows: QuerySet[Event]) -> Iterator[int]:
    """Move events into totals, a batch a transaction."""
    columns = ("pk", "arm", "visitor", "kind", "suspicion", "device", "at", "position", "product")
    while True:
        with counting_waits(alias):
            batch = list(rows.order_by("at", "pk").values_list(*columns)[:_BATCH])
            if not batch:
                return
            _add(alias, phase, batch)
            carry_products(alias, phase.pk, [(row[1], row[8], *row[2:5]) for row in batch])
            for start in range(0, len(batch), _KEYS):
                mine = [row[0] for row in batch[start : start + _KEYS]]
                Event.objects.using(alias).filter(pk__in=mine).delete()
        yield len(batch)


def _add(alias: str, phase: Phase, batch: Sequence[tuple[Any, ...]]) -> None:
    visitors = sorted({row[2] for row in batch})
    totals = _carried(alias, phase.pk, visitors)
    flags = _flags(alias, phase, visitors)
    for _pk, arm, visitor, kind, suspicion, device, at, position, _product in batch:
        total = totals.setdefault(
            (arm, visitor),
            CarriedTotals(phase=phase, arm_id=arm, visitor=visitor, first_at=at),
        )
        for name in _counted_in(kind, position):
            setattr(total, name, getattr(total, name) + 1)
        total.suspicious += bool(suspicion)
        total.suspicion |= flags.get(visitor, 0)
        total.device = max(total.device, device)
        total.first_at = min(total.first_at, at)
    old = [total for total in totals.values() if total.pk]
    names = [*_SUMS, "suspicion", "device", "first_at"]
    written = CarriedTotals.objects.using(alias)
    written.bulk_update(old, names, batch_size=_KEYS // 8)
    written.bulk_create([total for total in totals.values() if not total.pk], batch_size=_KEYS)


def _counted_in(kind: str, position: int | None) -> Iterator[str]:
    """The columns that count an event: of its kind, and of its kind inside its band."""
    name = PAGE_COUNTS[kind]
    yield name
    if name in _IN_BANDS and position is not None:
        for band in BANDS:
            if position >= band.first and (band.last is None or position <= band.last):
                yield band.column(name)


def _carried(
    alias: str, phase: int, visitors: Sequence[str]
) -> dict[tuple[int, str], CarriedTotals]:
    found: dict[tuple[int, str], CarriedTotals] = {}
    for start in range(0, len(visitors), _KEYS):
        rows = CarriedTotals.objects.using(alias).filter(
            phase=phase, visitor__in=visitors[start : start + _KEYS]
        )
        found |= {(item.arm_id, item.visitor): item for item in rows}
    return found


def _flags(alias: str, phase: Phase, visitors: Sequence[str]) -> dict[str, int]:
    """What was flagged of these visitors, by their pace as well."""
    found: dict[str, int] = {}
    for start in range(0, len(visitors), _KEYS):
        rows = VisitorTotals.objects.using(alias).filter(
            phase=phase, visitor__in=visitors[start : start + _KEYS]
        )
        for visitor, bits in rows.values_list("visitor", "suspicion"):
            found[visitor] = found.get(visitor, 0) | bits
    return found
