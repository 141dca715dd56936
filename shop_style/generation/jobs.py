"""Work on a style itself: preview sheets, first looks and fits, by whoever holds the lease."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import Error as DatabaseFault

from shop_style.conf import app_settings
from shop_style.exceptions import LeaseLost, RenderCancelled, SourceError
from shop_style.generation.job_result import JobResult, keep_result
from shop_style.generation.lease import Lease
from shop_style.generation.photographs import named_photograph, named_pictures
from shop_style.models import Status, Style, StyleJob
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
        rows.release(pk, token)
        return Status.PENDING
    except DatabaseFault:
        raise
    except Exception as error:  # the boundary: whatever an engine raises
        failure = failure_of(error, what=str(job))
    return end_attempt(rows, pk, token, job.attempts, failure)


def _made(job: StyleJob, lease: Lease, cancelled: Callable[[], bool]) -> JobResult:
    if job.kind != StyleJob.Kind.PREVIEW:
        from shop_style.generation.fitting import fit_job

        return fit_job(job, report=lease.report, on_stage=lease.enter_stage, cancelled=cancelled)
    from shop_style.generation.preview_sheet import preview_sheet
    from shop_style.generation.recipe import recipe_for

    lease.enter_stage("render")
    photographs = [named_photograph(item) for item in job.payload["pictures"]]
    sheet = preview_sheet(
        photographs, recipe_for(job.style), report=lease.report, cancelled=cancelled
    )
    return JobResult(sheet=sheet)
