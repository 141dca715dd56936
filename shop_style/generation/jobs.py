"""Work on a style itself: preview sheets, first looks and fits, by whoever holds the lease."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import Error as DatabaseFault
from django.db import transaction
from django.utils import timezone

from shop_style.conf import app_settings
from shop_style.exceptions import LeaseLost, RenderCancelled, SourceError
from shop_style.generation.job_result import JobResult, keep_result
from shop_style.generation.lease import Lease
from shop_style.generation.photographs import (
    UNSHOWABLE,
    Photograph,
    named_photograph,
    named_pictures,
)
from shop_style.models import AuditEntry, Status, Style, StyleJob
from shop_style.sources import SourceImage
from styleeval.sentence import said


def request_preview(style: Style, pictures: Sequence[SourceImage], *, actor: str) -> StyleJob:
    """Ask for a sheet of these pictures beside themselves in the style; the first six count.

    Raises SourceError when there is no picture.
    """
    if not pictures:
        raise SourceError(said("there is no picture to preview on; add one to a product first"))
    job: StyleJob = StyleJob.objects.using(style._state.db).create(
        kind=StyleJob.Kind.PREVIEW,
        style=style,
        payload={"pictures": named_pictures(pictures)},
        requested_by=actor,
    )
    return job


def run_claimed(
    pk: int, token: str, *, using: str, cancelled: Callable[[], bool] = lambda: False
) -> str:
    """Do a job this process holds the lease of. Returns its status afterwards."""
    from shop_style.generation.runner import Failure, end_attempt, failure_of

    rows: Any = StyleJob.objects.using(using)
    job = rows.select_related("style").get(pk=pk)
    current = app_settings()
    if job.attempts > current.MAX_ATTEMPTS:
        failure = Failure(
            "attempts_exhausted",
            said("{job}: its worker died each time", job=job),
            False,
        )
        return end_attempt(rows, pk, token, job.attempts, failure)
    try:
        with Lease(rows, pk, token, lease_seconds=current.LEASE_SECONDS) as lease:
            made = _made(job, lease, lambda: lease.lost or cancelled())
            keep_result(rows, job, token, made)
            return Status.READY
    except LeaseLost:
        return Status.RUNNING
    except RenderCancelled:
        return Status.PENDING if rows.release(pk, token) else Status.RUNNING
    except DatabaseFault:
        raise
    except Exception as error:  # the boundary: whatever an engine raises
        failure = failure_of(error, what=str(job))
    return end_attempt(rows, pk, token, job.attempts, failure)


def cancel(job: StyleJob, *, actor: str) -> bool:
    """Take a job that waits or runs out of the queue. False: it had ended already.

    A worker that is at it loses its lease with this: it stops at its next beat, and whatever it
    made till then is refused by the fence and removed.
    """
    using = job._state.db
    now = timezone.now()
    with transaction.atomic(using=using):
        taken = (
            StyleJob.objects.using(using)
            .filter(pk=job.pk, status__in=(Status.PENDING, Status.RUNNING))
            .update(
                status=Status.FAILED,
                lease_token="",
                lease_expires_at=None,
                next_attempt_at=None,
                stage="",
                error_code=RenderCancelled.code,
                error_detail=said("{actor} stopped it; ask again whenever you like", actor=actor),
                finished_at=now,
                updated_at=now,
            )
        )
        if taken:
            AuditEntry.objects.record(
                "stopped", job.style, actor=actor, detail={"job": job.pk, "kind": job.kind}
            )
    return bool(taken)


def _made(job: StyleJob, lease: Lease, cancelled: Callable[[], bool]) -> JobResult:
    if job.kind in (StyleJob.Kind.FIT, StyleJob.Kind.FIRST_LOOK):
        from shop_style.generation.fitting import fit_job

        return fit_job(job, report=lease.report, on_stage=lease.enter_stage, cancelled=cancelled)
    lease.enter_stage("render")
    photographs = [named_photograph(item) for item in job.payload["pictures"]]
    if job.kind == StyleJob.Kind.STRENGTHS:
        from shop_style.generation.strengths import strengths_sheet

        return strengths_sheet(photographs[0], job.style, report=lease.report, cancelled=cancelled)
    return _preview(job, photographs, lease, cancelled)


def _preview(
    job: StyleJob, photographs: Sequence[Photograph], lease: Lease, cancelled: Callable[[], bool]
) -> JobResult:
    from shop_style.generation.preview_sheet import preview_sheet
    from shop_style.generation.recipe import recipe_for

    shown: list[dict[str, Any]] = []
    missing: list[str] = []
    sheet = preview_sheet(
        photographs,
        recipe_for(job.style),
        report=lease.report,
        cancelled=cancelled,
        leave_out=UNSHOWABLE,
        on_left_out=lambda error: missing.append(str(error)),
        on_shown=shown.append,
    )
    return JobResult(sheet=sheet, report={"shown": shown, "left_out": missing})
