"""How the queue does: what waits first, what runs, how much was done an hour, what failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Count, Max
from django.db.models.functions import TruncHour
from django.utils import timezone

from shop_style.generation.counts import VariantCounts, count_variants, summed
from shop_style.models import Status, StyleJob, StyleVariant
from shop_style.models.variant import StyleVariantQuerySet

HOURS: Final = 24
RUNNING_SHOWN: Final = 5
LONG: Final = timedelta(minutes=10)
"""A picture that has waited so long has found no worker, or far too few."""


@dataclass(frozen=True, kw_only=True)
class Hour:
    """What workers ended in one hour, which began at `start`."""

    start: datetime
    done: int = 0
    failed: int = 0


@dataclass(frozen=True, kw_only=True)
class Failures:
    """Live variants that failed with one code. example: the newest of them."""

    code: str
    number: int
    example: StyleVariant


@dataclass(frozen=True, kw_only=True)
class QueueHealth:
    """One database's queue at `at`.

    by_style: all live variants. first: what is in line first, waiting since its `updated_at`.
    retrying: those of the waiting that failed and are tried again later. stalled: running on a
    lease that ran out. last_hour: variants done in the last sixty minutes. jobs: style jobs that
    wait or run.
    """

    at: datetime
    by_style: Mapping[int, VariantCounts]
    waiting: int
    running: int
    failed: int
    stalled: int
    retrying: int
    jobs: int
    first: StyleVariant | None
    last_finished: datetime | None
    last_hour: int
    at_work: Sequence[StyleVariant]
    hours: Sequence[Hour]
    failures: Sequence[Failures]

    @property
    def waited(self) -> timedelta | None:
        """How long the first in line has waited; None when nothing waits."""
        return self.at - self.first.updated_at if self.first else None

    @property
    def is_stuck(self) -> bool:
        """Does something wait long while nobody works?"""
        waited = self.waited
        return waited is not None and waited > LONG and self.running <= self.stalled

    @property
    def is_slow(self) -> bool:
        """Does something wait long although somebody works?"""
        waited = self.waited
        return waited is not None and waited > LONG and not self.is_stuck

    @property
    def hours_left(self) -> float | None:
        """Until all that waits is done, at the rate of the last hour; None without a rate."""
        return self.waiting / self.last_hour if self.last_hour else None


def queue_health(using: str) -> QueueHealth:
    """The queue now. The same number of queries, however many rows."""
    now = timezone.now()
    rows = StyleVariant.objects.using(using)
    live = rows.live()
    by_style = count_variants(using)
    counts = summed(by_style)
    # In the order in which workers take them.
    first = _named(live.filter(status=Status.PENDING)).order_by("pk").first()
    at_work = _named(live.filter(status=Status.RUNNING)).order_by("started_at", "pk")
    running, pending = live.filter(status=Status.RUNNING), live.filter(status=Status.PENDING)
    done = rows.filter(status=Status.READY, finished_at__isnull=False)
    newest = done.order_by("-finished_at").values_list("finished_at", flat=True)
    return QueueHealth(
        at=now,
        by_style=by_style,
        waiting=counts.waiting,
        running=counts.running,
        failed=counts.failed,
        stalled=running.filter(lease_expires_at__lt=now).count(),
        retrying=pending.filter(next_attempt_at__gt=now).count(),
        jobs=StyleJob.objects.using(using)
        .filter(status__in=(Status.PENDING, Status.RUNNING))
        .count(),
        first=first,
        last_finished=newest.first(),
        last_hour=done.filter(finished_at__gt=now - timedelta(hours=1)).order_by().count(),
        at_work=list(at_work[:RUNNING_SHOWN]),
        hours=_hours(using, now),
        failures=_failures(using),
    )


def failed_with(using: str, code: str) -> StyleVariantQuerySet:
    """The live variants that failed with a code."""
    return StyleVariant.objects.using(using).live().filter(status=Status.FAILED, error_code=code)


def _named(rows: StyleVariantQuerySet) -> StyleVariantQuerySet:
    """With what a line about a variant says, and no scorecard."""
    return rows.select_related("style").only(
        "source_name",
        "status",
        "stage",
        "progress",
        "error_code",
        "error_detail",
        "started_at",
        "updated_at",
        "lease_expires_at",
        "style__name",
        "style__slug",
    )


def _hours(using: str, now: datetime) -> list[Hour]:
    """The last hours, the oldest first, those without work too."""
    # By UTC: not every database knows the zones, and hours are told apart all the same.
    this = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    starts = [this - timedelta(hours=back) for back in range(HOURS - 1, -1, -1)]
    rows = StyleVariant.objects.using(using).order_by()
    grouped = (
        rows.filter(finished_at__gte=starts[0], status__in=(Status.READY, Status.FAILED))
        .annotate(hour=TruncHour("finished_at", tzinfo=UTC))
        .values_list("hour", "status")
        .annotate(number=Count("pk"))
    )
    found = {(hour, status): number for hour, status, number in grouped}
    return [
        Hour(
            start=start,
            done=found.get((start, Status.READY), 0),
            failed=found.get((start, Status.FAILED), 0),
        )
        for start in starts
    ]


def _failures(using: str) -> list[Failures]:
    failed = StyleVariant.objects.using(using).live().filter(status=Status.FAILED).order_by()
    grouped = list(failed.values_list("error_code").annotate(Count("pk"), Max("pk")))
    examples = {
        row.pk: row
        for row in _named(StyleVariant.objects.using(using)).filter(
            pk__in=[newest for _code, _number, newest in grouped]
        )
    }
    found = [
        Failures(code=code, number=number, example=examples[newest])
        for code, number, newest in grouped
        if newest in examples
    ]
    return sorted(found, key=lambda item: (-item.number, item.code))
