"""Events into totals, by high-water mark: what was touched is counted again from the events.

Counting again, and not adding, makes a second run harmless; one row's lock makes two at once take
turns; the mark moves with each block, so that a run that was stopped goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connections, models, transaction
from django.db.models import Count, F, Max, Min, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from shop_style.conf import app_settings
from shop_style.experiments.guardrails import watch
from shop_style.experiments.lost_files import leave_out_lost
from shop_style.experiments.snapshot import experiment_database
from shop_style.experiments.tally import tally
from shop_style.models import (
    Event,
    HourlyTotals,
    Kind,
    Phase,
    RollupMark,
    SummaryTotals,
    VisitorTotals,
)

_BLOCK: Final = 20_000
_KEYS: Final = 400
_COUNTS: Final = {
    "rendered": Kind.RENDERED,
    "viewable": Kind.VIEWABLE,
    "clicks": Kind.CLICK,
    "failed": Kind.FAILED,
    "conversions": Kind.CONVERSION,
}


@dataclass
class RollupReport:
    """events: read in this run, late ones again. left_out: products whose files were gone.

    paused: experiments that a guardrail stopped, each with the reason.
    """

    events: int = 0
    visitors: int = 0
    left_out: int = 0
    paused: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """In words."""
        text = f"{self.events} events of {self.visitors} visitors rolled up"
        if self.left_out:
            text += f"; {self.left_out} products left out of every arm, for their files are gone"
        return "; ".join([text, *self.paused])


def rollup(*, recount: bool = False) -> RollupReport:
    """Bring every total up to date.

    recount: begin with the first event that is kept, for events that came later than any mark
    waits.
    """
    tally.write()
    report = RollupReport()
    alias = experiment_database()
    RollupMark.objects.using(alias).get_or_create(pk=1)
    start: int | None = 0 if recount else None
    while True:
        with transaction.atomic(using=alias):
            mark = RollupMark.objects.using(alias).select_for_update().get(pk=1)
            start = mark.last_event if start is None else start
            block = _block(alias, start)
            if block:
                report.events += len(block)
                report.visitors += _count_visitors(alias, block)
                _count_hours(alias, block)
                start = block[-1][0]
            failed = {row[4] for row in block if row[3] == Kind.FAILED}
            mark.unchecked = sorted({*mark.unchecked, *failed})
            phases = {*mark.unsummed, *(row[1] for row in block)}
            is_last = len(block) < _BLOCK
            if is_last:
                _summarise(alias, phases)
            mark.unsummed = [] if is_last else sorted(phases)
            # The mark stays behind what is young: a writer that took its number earlier may
            # commit later.
            settled = timezone.now() - timedelta(seconds=app_settings().LATE_SECONDS)
            old = [row[0] for row in block if row[5] <= settled]
            mark.last_event = max([mark.last_event, *old[-1:]])
            mark.rolled_at = timezone.now()
            mark.save(using=alias)
        if is_last:
            # After the lock is gone: a storage may take its time.
            report.left_out = leave_out_lost(alias, mark.unchecked)
            report.paused = watch()
            return report


def rollup_if_due() -> RollupReport | None:
    """Roll up unless somebody did within the last ROLLUP_SECONDS, or the setting is 0."""
    seconds = app_settings().ROLLUP_SECONDS
    if not seconds:
        return None
    marks = RollupMark.objects.using(experiment_database()).filter(pk=1)
    last = marks.values_list("rolled_at", flat=True).first()
    if last is not None and timezone.now() - last < timedelta(seconds=seconds):
        return None
    return rollup()


def waiting_events() -> int:
    """Events that no rollup has read yet, at most: late ones are read twice."""
    alias = experiment_database()
    mark = RollupMark.objects.using(alias).filter(pk=1).first()
    return Event.objects.using(alias).filter(pk__gt=mark.last_event if mark else 0).count()


def _block(alias: str, after: int) -> list[tuple[Any, ...]]:
    # A purged experiment's sums are final, whatever of its events is still there.
    purged = Phase.objects.using(alias).exclude(experiment__purged_at=None)
    rows = Event.objects.using(alias).filter(pk__gt=after).order_by("pk")
    rows = rows.exclude(phase__in=list(purged.values_list("pk", flat=True)))
    return list(rows.values_list("pk", "phase", "visitor", "kind", "product", "at")[:_BLOCK])


def _count_visitors(alias: str, block: Sequence[tuple[Any, ...]]) -> int:
    touched: dict[int, set[str]] = {}
    for _pk, phase, visitor, *_rest in block:
        touched.setdefault(phase, set()).add(visitor)
    for phase, visitors in touched.items():
        for keys in _batches(sorted(visitors)):
            found = (
                Event.objects.using(alias)
                .filter(phase=phase, visitor__in=keys)
                .values("arm", "visitor")
                .annotate(
                    **_kinds(),
                    worth=Coalesce(Sum("value"), 0, output_field=models.DecimalField()),
                    flagged=Count("pk", filter=~Q(suspicion=0)),
                    first=Min("at"),
                    last=Max("at"),
                    # A visitor's device does not change; a conversion may not know it.
                    seen_on=Max("device"),
                )
            )
            rows = [
                VisitorTotals(
                    phase_id=phase,
                    arm_id=item["arm"],
                    visitor=item["visitor"],
                    device=item["seen_on"],
                    value=item["worth"],
                    suspicious=item["flagged"],
                    first_at=item["first"],
                    last_at=item["last"],
                    **_counted(item),
                )
                for item in found
            ]
            _put(alias, rows, ["phase", "arm", "visitor"])
    return sum(map(len, touched.values()))


def _count_hours(alias: str, block: Sequence[tuple[Any, ...]]) -> None:
    touched = {(row[1], row[5].replace(minute=0, second=0, microsecond=0)) for row in block}
    for phase, hour in sorted(touched):
        found = (
            Event.objects.using(alias)
            .filter(phase=phase, at__gte=hour, at__lt=hour + timedelta(hours=1))
            .values("arm")
            .annotate(**_kinds())
        )
        rows = [
            HourlyTotals(phase_id=phase, arm_id=item["arm"], hour=hour, **_counted(item))
            for item in found
        ]
        _put(alias, rows, ["phase", "arm", "hour"])


def _summarise(alias: str, phases: Iterable[int]) -> None:
    """Each arm's sufficient statistics, of all visitors and by device, up to now.

    Not of purged experiments: their visitors are gone, and their sums are final.
    """
    # By the clock, not by the time zone that a member of staff looks with.
    day = timezone.now().date()
    kept = Phase.objects.using(alias).filter(pk__in=phases, experiment__purged_at=None)
    for phase in kept.order_by("pk").values_list("pk", flat=True):
        rows = VisitorTotals.objects.using(alias).filter(phase=phase)
        for by_device in (False, True):
            keys = ["arm", "device"] if by_device else ["arm"]
            found = (
                rows.order_by()
                .values(*keys)
                .annotate(
                    **{f"n_{name}": Sum(name) for name in _COUNTS},
                    shown_to=Count("pk", filter=Q(rendered__gt=0)),
                    seen_by=Count("pk", filter=Q(viewable__gt=0)),
                    clicked_by=Count("pk", filter=Q(clicks__gt=0)),
                    dd=Sum(F("viewable") * F("viewable")),
                    mm=Sum(F("clicks") * F("clicks")),
                    md=Sum(F("clicks") * F("viewable")),
                    failing=Count("pk", filter=Q(failed__gt=0)),
                    oo=Sum(F("conversions") * F("conversions")),
                    mo=Sum(F("clicks") * F("conversions")),
                    flagged=Sum("suspicious"),
                    worth=Sum("value"),
                )
            )
            summaries = [
                SummaryTotals(
                    phase_id=phase,
                    arm_id=item["arm"],
                    slice=f"device:{item['device']}" if by_device else SummaryTotals.ALL,
                    day=day,
                    visitors=item["shown_to"],
                    viewing_visitors=item["seen_by"],
                    clicking_visitors=item["clicked_by"],
                    viewable_squared=item["dd"],
                    clicks_squared=item["mm"],
                    clicks_viewable=item["md"],
                    failing_visitors=item["failing"],
                    conversions_squared=item["oo"],
                    clicks_conversions=item["mo"],
                    suspicious=item["flagged"],
                    value=item["worth"],
                    **{name: item[f"n_{name}"] for name in _COUNTS},
                )
                for item in found
                if not by_device or item["device"]
            ]
            _put(alias, summaries, ["phase", "arm", "slice", "day"])


def _kinds() -> dict[str, Count]:
    return {f"n_{name}": Count("pk", filter=Q(kind=kind)) for name, kind in _COUNTS.items()}


def _counted(item: Any) -> dict[str, int]:
    return {name: item[f"n_{name}"] for name in _COUNTS}


def _put(alias: str, rows: list[Any], keys: list[str]) -> None:
    """Insert the rows, or overwrite those that are there."""
    if not rows:
        return
    model = type(rows[0])
    names = [
        field.name
        for field in model._meta.concrete_fields
        if not field.primary_key and field.name not in keys
    ]
    targeted = connections[alias].features.supports_update_conflicts_with_target
    model._default_manager.using(alias).bulk_create(
        rows,
        batch_size=_KEYS,
        update_conflicts=True,
        update_fields=names,
        unique_fields=keys if targeted else None,
    )


def _batches(keys: list[str]) -> Iterable[list[str]]:
    return (keys[start : start + _KEYS] for start in range(0, len(keys), _KEYS))


def rolled_up_at() -> datetime | None:
    """When the totals were last brought up to date."""
    rows = RollupMark.objects.using(experiment_database()).filter(pk=1)
    return rows.values_list("rolled_at", flat=True).first()
