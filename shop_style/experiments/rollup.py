"""Events into totals, by high-water mark: what was touched is counted again from the events.

Counting again, and not adding, makes a second run harmless; one row's lock makes two at once take
turns; the mark moves with each block, so that a run that was stopped goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from shop_style.conf import app_settings
from shop_style.experiments.counting import COUNTS, count_visitors, counted, kinds, put
from shop_style.experiments.lost_files import leave_out_lost
from shop_style.experiments.mixed import mark_touched, mixed_in, waiting_marks
from shop_style.experiments.pairs import pair_totals
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


@dataclass
class RollupReport:
    """events: read in this run, late ones again. left_out: products whose files were gone."""

    events: int = 0
    visitors: int = 0
    left_out: int = 0

    def summary(self) -> str:
        """In words."""
        text = f"{self.events} events of {self.visitors} visitors rolled up"
        if self.left_out:
            text += f"; {self.left_out} products left out of every arm, for their files are gone"
        return text


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
                touched = _touched(block)
                report.visitors += count_visitors(alias, touched)
                mark_touched(alias, touched)
                _count_hours(alias, block)
                start = block[-1][0]
            failed = {row[4] for row in block if row[3] == Kind.FAILED}
            mark.unchecked = sorted({*mark.unchecked, *failed})
            marked = waiting_marks(alias)
            phases = {*mark.unsummed, *(row[1] for row in block), *marked.phases}
            is_last = len(block) < _BLOCK
            if is_last:
                summarise(alias, phases)
                marked.settle(alias)
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


def _touched(block: Sequence[tuple[Any, ...]]) -> dict[int, set[str]]:
    touched: dict[int, set[str]] = {}
    for _pk, phase, visitor, *_rest in block:
        touched.setdefault(phase, set()).add(visitor)
    return touched


def _count_hours(alias: str, block: Sequence[tuple[Any, ...]]) -> None:
    count_hours(
        alias, {(row[1], row[5].replace(minute=0, second=0, microsecond=0)) for row in block}
    )


def count_hours(alias: str, touched: Iterable[tuple[int, datetime]]) -> None:
    """Count hours of phases anew. Not those whose page events are purged: their sums are final."""
    complete = dict(Phase.objects.using(alias).values_list("pk", "raw_from"))
    for phase, hour in sorted(touched):
        raw_from = complete.get(phase)
        if raw_from is not None and hour < raw_from:
            continue
        found = (
            Event.objects.using(alias)
            .filter(phase=phase, at__gte=hour, at__lt=hour + timedelta(hours=1))
            .values("arm")
            .annotate(**kinds())
        )
        rows = [
            HourlyTotals(phase_id=phase, arm_id=item["arm"], hour=hour, **counted(item))
            for item in found
        ]
        put(alias, rows, ["phase", "arm", "hour"])


def summarise(alias: str, phases: Iterable[int]) -> None:
    """Each arm's sufficient statistics, of all visitors and by device, up to now.

    Not of purged experiments: their visitors are gone, and their sums are final.
    """
    # By the clock, not by the time zone that a member of staff looks with.
    day = timezone.now().date()
    kept = Phase.objects.using(alias).filter(pk__in=phases, experiment__purged_at=None)
    for phase in kept.order_by("pk"):
        everybody = VisitorTotals.objects.using(alias).filter(phase=phase)
        mixed = mixed_in(alias, phase)
        rows = everybody.exclude(visitor__in=mixed.values("visitor"))
        left_out = dict(
            everybody.filter(visitor__in=mixed.values("visitor"), rendered__gt=0)
            .order_by()
            .values_list("arm")
            .annotate(Count("pk"))
        )
        slices = [
            (SummaryTotals.ALL, rows, ["arm"]),
            (SummaryTotals.UNSUSPICIOUS, rows.filter(suspicion=0), ["arm"]),
            ("device:", rows.exclude(device=""), ["arm", "device"]),
        ]
        summaries = []
        for name, chosen, keys in slices:
            found = (
                chosen.order_by()
                .values(*keys)
                .annotate(
                    **{f"n_{name}": Sum(name) for name in COUNTS},
                    shown_to=Count("pk", filter=Q(rendered__gt=0)),
                    seen_by=Count("pk", filter=Q(viewable__gt=0)),
                    clicked_by=Count("pk", filter=Q(clicks__gt=0)),
                    dd=Sum(F("viewable") * F("viewable")),
                    mm=Sum(F("clicks") * F("clicks")),
                    md=Sum(F("clicks") * F("viewable")),
                    flagged=Sum("suspicious"),
                    flagged_by=Count("pk", filter=Q(rendered__gt=0) & ~Q(suspicion=0)),
                    seen_tiles=Sum("tiles"),
                    worth=Sum("value"),
                )
            )
            summaries += [
                SummaryTotals(
                    phase=phase,
                    arm_id=item["arm"],
                    slice=name + item.get("device", ""),
                    day=day,
                    visitors=item["shown_to"],
                    viewing_visitors=item["seen_by"],
                    clicking_visitors=item["clicked_by"],
                    viewable_squared=item["dd"],
                    clicks_squared=item["mm"],
                    clicks_viewable=item["md"],
                    suspicious=item["flagged"],
                    flagged_visitors=item["flagged_by"],
                    mixed=left_out.get(item["arm"], 0) if name == SummaryTotals.ALL else 0,
                    tiles=item["seen_tiles"],
                    value=item["worth"],
                    **counted(item),
                )
                for item in found
            ]
        summaries += _emptied(alias, phase, summaries, left_out, day)
        put(alias, summaries, ["phase", "arm", "slice", "day"])
        put(alias, pair_totals(alias, phase, rows, day), ["phase", "arm", "slice", "day"])


def _emptied(
    alias: str, phase: Phase, summaries: Sequence[SummaryTotals], mixed: Any, day: date
) -> list[SummaryTotals]:
    """Zeros for an arm and slice that nobody is left in: the last sums must not stay the newest."""
    there = {(item.arm_id, item.slice) for item in summaries}
    rows = SummaryTotals.objects.using(alias).filter(phase=phase).order_by()
    before = {*rows.values_list("arm", "slice").distinct()}
    before |= {(arm, SummaryTotals.ALL) for arm in mixed}
    return [
        SummaryTotals(
            phase=phase,
            arm_id=arm,
            slice=name,
            day=day,
            mixed=mixed.get(arm, 0) if name == SummaryTotals.ALL else 0,
        )
        for arm, name in sorted(before - there)
    ]


def rolled_up_at() -> datetime | None:
    """When the totals were last brought up to date."""
    rows = RollupMark.objects.using(experiment_database()).filter(pk=1)
    return rows.values_list("rolled_at", flat=True).first()
