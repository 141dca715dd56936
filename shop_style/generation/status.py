"""The queue at a glance: counts, the oldest that waits, failures by code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Min
from django.utils import timezone

from shop_style.generation.databases import variant_databases
from shop_style.models import Status, StyleJob, StyleVariant


@dataclass(frozen=True)
class QueueStatus:
    """One database's queue. oldest_pending: how long the first in line has waited."""

    database: str
    variants: dict[str, int]
    jobs: dict[str, int]
    published: int
    retired: int
    oldest_pending: timedelta | None
    stalled: int
    failures: dict[str, int]


def queue_status() -> list[QueueStatus]:
    """The state of every database that holds variants."""
    return [_status_of(alias) for alias in variant_databases()]


def _status_of(alias: str) -> QueueStatus:
    now = timezone.now()
    live = StyleVariant.objects.using(alias).live()
    oldest = live.filter(status=Status.PENDING).aggregate(first=Min("created_at"))["first"]
    failures = (
        live.filter(status=Status.FAILED)
        .order_by()
        .values_list("error_code")
        .annotate(number=Count("pk"))
    )
    return QueueStatus(
        database=alias,
        variants=_counts(live),
        jobs=_counts(StyleJob.objects.using(alias)),
        published=StyleVariant.objects.using(alias).published().count(),
        retired=StyleVariant.objects.using(alias).exclude(retired_at=None).count(),
        oldest_pending=now - oldest if oldest else None,
        stalled=live.filter(status=Status.RUNNING, lease_expires_at__lt=now).count(),
        failures=dict(failures),
    )


def _counts(rows: object) -> dict[str, int]:
    found = dict(
        rows.order_by().values_list("status").annotate(number=Count("pk"))  # type: ignore[attr-defined]
    )
    return {status: found.get(status, 0) for status in Status.values}
