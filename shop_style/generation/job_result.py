"""What a job on a style made: files first, then one fenced write that names them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from shop_style.exceptions import LeaseLost, ShopStyleError
from shop_style.generation import files
from shop_style.generation.artefact import give_artefact
from shop_style.models import StyleJob
from shop_style.models.leased import done_columns
from shop_style.models.storage import artefact_name, job_result_name, variant_storage


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """sheet: PNG. artefact: safetensors. report: what is kept beside them, as JSON."""

    sheet: bytes | None = None
    artefact: bytes | None = None
    report: dict[str, Any] = field(default_factory=dict)

    def save_files(self, job: StyleJob) -> dict[str, str]:
        """Store them under names of their own. Returns the job's columns that name them."""
        storage = variant_storage()
        wanted = {
            "artefact": (artefact_name(job, ""), self.artefact),
            "result": (job_result_name(job, "sheet.png"), self.sheet),
        }
        saved: dict[str, str] = {}
        try:
            for column, (name, data) in wanted.items():
                if data is not None:
                    saved[column] = files.save_whole(storage, name, data)
        except OSError:
            files.remove(saved.values())
            raise
        return saved


def keep_result(rows: Any, job: StyleJob, token: str, made: JobResult) -> None:
    """Save what a worker made, if it still holds the job; the style takes the artefact with it.

    rows: the job's queryset. Raises LeaseLost or RequestOutdated, having removed its own files.
    """
    saved = made.save_files(job)
    try:
        with transaction.atomic(using=rows.db):
            kept = rows.holding(job.pk, token).update(report=made.report, **saved, **done_columns())
            if not kept:
                raise LeaseLost(f"job {job.pk}: its lease ran out before its result was saved")
            if "artefact" in saved:
                give_artefact(job, saved["artefact"])
    except ShopStyleError:
        # Not on a database's error: where its answer was lost, the row may name these files.
        files.remove(saved.values())
        raise
