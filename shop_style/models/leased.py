"""A row that is work: one worker at a time owns it, by a lease that runs out."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, Final, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop_style.words import in_words


class Status(models.TextChoices):
    PENDING = "pending", _("pending")
    RUNNING = "running", _("running")
    READY = "ready", _("ready")
    FAILED = "failed", _("failed")


STAGES: Final = {
    "claim": _("claiming"),
    "intake": _("reading the picture"),
    "mask": _("finding the product"),
    "fit": _("learning the look"),
    "render": _("rendering"),
    "stylise": _("styling"),
    "composite": _("composing"),
    "score": _("scoring"),
    "gate": _("judging"),
    "encode": _("encoding"),
    "publish": _("saving"),
}
"""What a stage is called; rows keep the key. One that is not here is shown as it is."""


class LeasedQuerySet(models.QuerySet[Any]):
    """Conditional updates only, so that no lock is held and two workers never both win."""

    def claimable(self) -> Self:
        """Pending rows whose time has come, and running rows whose lease ran out."""
        now = timezone.now()
        return self.filter(
            Q(status=Status.PENDING) & (Q(next_attempt_at=None) | Q(next_attempt_at__lte=now))
            | Q(status=Status.RUNNING, lease_expires_at__lt=now)
        )

    def claim(self, pk: int, *, lease_seconds: float) -> str | None:
        """Take the row. Returns the lease token, or None when somebody else has it."""
        now = timezone.now()
        token = uuid.uuid4().hex
        taken = (
            self.filter(pk=pk)
            .claimable()
            .update(
                status=Status.RUNNING,
                lease_token=token,
                lease_expires_at=now + timedelta(seconds=lease_seconds),
                attempts=F("attempts") + 1,
                started_at=now,
                finished_at=None,
                progress=0.0,
                updated_at=now,
            )
        )
        return token if taken else None

    def claim_next(self, *, lease_seconds: float) -> tuple[int, str] | None:
        """Take the oldest claimable row. Returns (pk, lease token), or None when idle."""
        while True:
            # A handful of candidates, so that workers that race for the first move on cheaply.
            candidates = list(self.claimable().order_by("pk").values_list("pk", flat=True)[:8])
            if not candidates:
                return None
            for pk in candidates:
                token = self.claim(pk, lease_seconds=lease_seconds)
                if token:
                    return pk, token

    def holding(self, pk: int, token: str) -> Self:
        """The row while this lease still owns it: the fence of every later write."""
        return self.filter(pk=pk, lease_token=token, status=Status.RUNNING)

    def renew(self, pk: int, token: str, *, lease_seconds: float, **values: Any) -> bool:
        """Push the lease's end out. False: the lease is lost."""
        now = timezone.now()
        return bool(
            self.holding(pk, token).update(
                lease_expires_at=now + timedelta(seconds=lease_seconds), updated_at=now, **values
            )
        )

    def release(self, pk: int, token: str) -> bool:
        """Give the row back untried, for a worker that goes down in order."""
        return bool(
            self.holding(pk, token).update(
                status=Status.PENDING,
                lease_token="",
                lease_expires_at=None,
                attempts=F("attempts") - 1,
                updated_at=timezone.now(),
            )
        )

    def retry_later(self, pk: int, token: str, *, code: str, detail: str, seconds: float) -> bool:
        """Back to pending after a failure that may pass."""
        now = timezone.now()
        return bool(
            self.holding(pk, token).update(
                status=Status.PENDING,
                lease_token="",
                lease_expires_at=None,
                next_attempt_at=now + timedelta(seconds=seconds),
                error_code=code,
                error_detail=detail,
                updated_at=now,
            )
        )

    def fail(self, pk: int, token: str, *, code: str, detail: str) -> bool:
        """Final: no worker takes it again unless a person asks."""
        now = timezone.now()
        return bool(
            self.holding(pk, token).update(
                status=Status.FAILED,
                lease_token="",
                lease_expires_at=None,
                error_code=code,
                error_detail=detail,
                finished_at=now,
                updated_at=now,
            )
        )

    def waiting_at_most(self, seconds: float) -> bool:
        """Does a pending row become claimable within so many seconds?"""
        soon = timezone.now() + timedelta(seconds=seconds)
        return self.filter(status=Status.PENDING, next_attempt_at__lte=soon).exists()

    def requeue(self) -> int:
        """Failed rows back to pending with their tries given back."""
        return self.filter(status=Status.FAILED).update(
            status=Status.PENDING,
            attempts=0,
            next_attempt_at=None,
            error_code="",
            error_detail="",
            updated_at=timezone.now(),
        )


def done_columns() -> dict[str, Any]:
    """The columns of work that is through, as a row that holds its result has them."""
    now = timezone.now()
    return {
        "status": Status.READY,
        "lease_token": "",
        "lease_expires_at": None,
        "stage": "",
        "progress": 1.0,
        "error_code": "",
        "error_detail": "",
        "finished_at": now,
        "updated_at": now,
    }


class Leased(models.Model):
    """Status, lease and failure of a piece of work."""

    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.PENDING, db_index=True
    )
    lease_token = models.CharField(max_length=32, blank=True, default="", editable=False)
    lease_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    next_attempt_at = models.DateTimeField(null=True, blank=True, editable=False)
    stage = models.CharField(_("stage"), max_length=20, blank=True, default="", editable=False)
    progress = models.FloatField(_("progress"), default=0.0, editable=False)
    error_code = models.CharField(
        _("error code"), max_length=40, blank=True, default="", editable=False
    )
    error_detail = models.TextField(_("error"), blank=True, default="", editable=False)
    created_at = models.DateTimeField(_("requested"), auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def stage_in_words(self) -> str:
        """Where the work is, in the reader's language."""
        return str(STAGES.get(self.stage, self.stage))

    @property
    def error_in_words(self) -> str:
        """`error_detail` in the reader's language."""
        return in_words(self.error_detail)
