"""Work on a style itself: the preview sheet a merchandiser looks at before asking for more."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Sequence
from typing import Any

from django.db import Error as DatabaseFault
from django.utils import timezone

from shop_style.conf import app_settings
from shop_style.exceptions import LeaseLost, RenderCancelled, SourceError
from shop_style.generation.limits import intake_limits
from shop_style.models import Status, Style, StyleJob
from shop_style.models.storage import variant_storage
from shop_style.sources import SourceImage, parse_source

logger = logging.getLogger(__name__)

PREVIEW_PICTURES = 6
_CELL = 360
_GAP = 16


def request_preview(style: Style, pictures: Sequence[SourceImage], *, actor: str) -> StyleJob:
    """Ask for a sheet of these pictures beside themselves in the style; the first six count.

    Raises SourceError when there is no picture.
    """
    if not pictures:
        raise SourceError("there is no picture to preview on; add one to a product first")
    payload = {
        "pictures": [
            {
                "source": picture.source.label,
                "object_id": str(picture.instance.pk),
                "database": picture.database,
            }
            for picture in pictures[:PREVIEW_PICTURES]
        ]
    }
    job: StyleJob = StyleJob.objects.using(style._state.db).create(
        kind=StyleJob.Kind.PREVIEW, style=style, payload=payload, requested_by=actor
    )
    return job


def run_claimed(
    pk: int, token: str, *, using: str, cancelled: Callable[[], bool] = lambda: False
) -> str:
    """Do a job this process holds the lease of. Returns its status afterwards."""
    from shop_style.generation.lease import Lease
    from shop_style.generation.runner import Failure, end_attempt, failure_of

    rows: Any = StyleJob.objects.using(using)
    job = rows.select_related("style").get(pk=pk)
    current = app_settings()
    if job.attempts > current.MAX_ATTEMPTS:
        failure = Failure("attempts_exhausted", f"{job}: its worker died each time", False)
        return end_attempt(rows, pk, token, job.attempts, failure)
    try:
        with Lease(rows, pk, token, lease_seconds=current.LEASE_SECONDS) as lease:
            lease.enter_stage("render")
            data = _preview_sheet(job, lease.report, lambda: lease.lost or cancelled())
            _keep_result(rows, job, token, data)
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


def _preview_sheet(
    job: StyleJob, report: Callable[[int, int], None], cancelled: Callable[[], bool]
) -> bytes:
    from shop_style.generation.pipeline import Output, render
    from shop_style.generation.recipe import configured_device, recipe_for
    from shop_style.transfer.engine import RenderContext

    recipe = recipe_for(job.style)
    pictures = [_picture(item) for item in job.payload["pictures"]]
    pairs = []
    for index, picture in enumerate(pictures):
        data = picture.read(at_most=app_settings().MAX_BYTES)

        def report_share(done: int, total: int, index: int = index) -> None:
            report(index * total + done, total * len(pictures))

        rendering = render(
            data,
            recipe,
            name=picture.name,
            limits=intake_limits(),
            output=Output(widths=(2 * _CELL,), formats=("webp",)),
            context=RenderContext(
                device=configured_device(), report=report_share, cancelled=cancelled
            ),
        )
        pairs.append((rendering.photo.flattened(), rendering.renditions[-1].data))
        report(index + 1, len(pictures))
    return _sheet(pairs)


def _picture(item: dict[str, str]) -> SourceImage:
    source = parse_source(item["source"])
    rows = source.model._base_manager.using(item["database"])
    instance = rows.filter(pk=item["object_id"]).first()
    if instance is None:
        raise SourceError(f"{item['source']} {item['object_id']} is gone; ask for a new preview")
    return SourceImage(source, instance)


def _sheet(pairs: list[tuple[Any, bytes]]) -> bytes:
    """Original and variant side by side, a pair a row, as PNG."""
    import numpy as np
    from PIL import Image

    step = _CELL + _GAP
    sheet = Image.new("RGB", (2 * step + _GAP, len(pairs) * step + _GAP), "#f4f2ee")
    for row, (original, variant) in enumerate(pairs):
        cells = (
            Image.fromarray(np.rint(original * 255).astype(np.uint8)),
            Image.open(io.BytesIO(variant)),
        )
        for column, cell in enumerate(cells):
            cell.thumbnail((_CELL, _CELL), Image.Resampling.LANCZOS)
            solid = Image.new("RGB", cell.size, "white")
            solid.paste(cell, mask=cell.getchannel("A") if "A" in cell.getbands() else None)
            left = _GAP + column * step + (_CELL - cell.width) // 2
            sheet.paste(solid, (left, _GAP + row * step + (_CELL - cell.height) // 2))
    stream = io.BytesIO()
    sheet.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _keep_result(rows: Any, job: StyleJob, token: str, data: bytes) -> None:
    from shop_style.generation import files
    from shop_style.models.storage import job_result_name

    name = files.save_whole(variant_storage(), job_result_name(job, "sheet.png"), data)
    now = timezone.now()
    kept = rows.holding(job.pk, token).update(
        status=Status.READY,
        result=name,
        lease_token="",
        lease_expires_at=None,
        stage="",
        progress=1.0,
        error_code="",
        error_detail="",
        finished_at=now,
        updated_at=now,
    )
    if not kept:
        files.remove([name])
        raise LeaseLost(f"job {job.pk}: its lease ran out before its result was saved")
