"""Who did what to which row, when and why. Rows are added, never changed."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditManager(models.Manager["AuditEntry"]):
    def record(
        self,
        verb: str,
        target: models.Model,
        *,
        actor: str,
        reason: str = "",
        detail: dict[str, Any] | None = None,
    ) -> AuditEntry:
        """Add one entry about a saved row, in that row's database."""
        return self.using(target._state.db).create(
            verb=verb,
            target_model=target._meta.label_lower,
            target_id=str(target.pk),
            target_name=str(target)[:200],
            actor=actor,
            reason=reason,
            detail=detail or {},
        )


class AuditEntry(models.Model):
    """One line of the trail."""

    at = models.DateTimeField(_("when"), auto_now_add=True, db_index=True)
    # A name and not a foreign key: the trail outlives the account.
    actor = models.CharField(_("who"), max_length=150)
    verb = models.CharField(_("what"), max_length=40)
    target_model = models.CharField(max_length=100)
    target_id = models.CharField(max_length=64)
    target_name = models.CharField(_("on"), max_length=200)
    reason = models.TextField(_("why"), blank=True, default="")
    detail = models.JSONField(_("detail"), default=dict, blank=True)

    objects = AuditManager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["target_model", "target_id"])]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.target_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the entry. Raises TypeError for an entry that is already there."""
        if self.pk is not None:
            raise TypeError("audit entries are never changed; add another one")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refused: raises TypeError."""
        raise TypeError("audit entries are never deleted")
