"""Events into totals, by high-water mark: what was touched is counted again from the events.

Counting again, and not adding, makes a second run harmless; one row's lock makes two at once take
turns; the mark moves with each block, so that a run that was stopped goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from shop_style.conf import app_settings
from shop_style.experiments.guard import locked_mark
from shop_style.experiments.guardrails import watch
from shop_style.experiments.lost_files import leave_out_lost
from shop_style.experiments.mixed import mark_touched, waiting_marks
from shop_style.experiments.recount import block_after, count_hours, count_visitors
from shop_style.experiments.snapshot import experiment_database
from shop_style.experiments.summaries import summarise, summarise_products
from shop_style.experiments.tally import tally
from shop_style.models import Event, RollupMark
from shop_style.words import in_words

_BLOCK: Final = 50_000


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
        parts = [
            gettext("%(events)d events of %(visitors)d visitors rolled up")
            % {"events": self.events, "visitors": self.visitors}
        ]
        if self.left_out:
            parts.append(
                ngettext(
                    "%d product left out of every arm, for its files are gone",
                    "%d products left out of every arm, for their files are gone",
                    self.left_out,
                )
                % self.left_out
            )
        return gettext("; ").join([*parts, *map(in_words, self.paused)])


def rollup(*, recount: bool = False, products: bool = False) -> RollupReport:
    """Bring every total up to date; those by product at most every SLICE_SECONDS.

    recount: begin with the first event that is kept, for events that came later than any mark
    waits. products: those by product in any case.
    """
    tally.write()
    report = RollupReport()
    alias = experiment_database()
    after: int | None = 0 if recount else None
    while True:
        with transaction.atomic(using=alias):
            mark = locked_mark(alias)
            after = _roll(mark, alias, mark.last_event if after is None else after, report)
            mark.save(using=alias)
        if after is None:
            break
    _sum_up_products(alias, now=recount or products)
    # After the lock is gone: a storage may take its time.
    report.left_out = leave_out_lost(alias, mark.unchecked)
    report.paused = watch()
    return report


def _roll(mark: RollupMark, alias: str, after: int, report: RollupReport) -> int | None:
    """Count one block and move the mark. Returns where the next begins, None after the last."""
    settled = timezone.now() - timedelta(seconds=app_settings().LATE_SECONDS)
    block = block_after(alias, after, most=_BLOCK, settled=settled)
    hours = {(phase, hour) for phase, hour in mark.uncounted_hours}
    phases = set(mark.unsummed)
    if block.number:
        touched = block.phases()
        phases.update(touched)
        hours.update(block.hours())
        count_visitors(block, touched)
        mark_touched(block, touched)
        report.events += block.number
        report.visitors += block.visitors()
        mark.unchecked = sorted({*mark.unchecked, *block.failed()})
    marked = waiting_marks(alias)
    phases.update(marked.phases)
    is_last = block.number < _BLOCK
    if is_last:
        # Once in a run: a busy hour has events in every block.
        count_hours(alias, sorted(hours))
        summarise(alias, phases)
        marked.settle(alias)
        mark.unsliced = sorted({*mark.unsliced, *phases})
    mark.uncounted_hours = [] if is_last else sorted(hours)
    mark.unsummed = [] if is_last else sorted(phases)
    # The mark stays behind what is young: a writer that took its number earlier may commit later.
    mark.last_event = max(mark.last_event, block.settled)
    mark.rolled_at = timezone.now()
    return None if is_last else block.last


def _sum_up_products(alias: str, *, now: bool) -> None:
    """By product, where events came since that was last done and the time for it has come."""
    since = timezone.now() - timedelta(seconds=app_settings().SLICE_SECONDS)
    with transaction.atomic(using=alias):
        # Under the lock, or a purge would take events away while they are counted.
        mark = locked_mark(alias)
        is_due = now or mark.sliced_at is None or mark.sliced_at <= since
        if not (mark.unsliced and is_due):
            return
        summarise_products(alias, mark.unsliced)
        mark.unsliced, mark.sliced_at = [], timezone.now()
        mark.save(using=alias)


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


def rolled_up_at() -> datetime | None:
    """When the totals were last brought up to date."""
    rows = RollupMark.objects.using(experiment_database()).filter(pk=1)
    return rows.values_list("rolled_at", flat=True).first()
