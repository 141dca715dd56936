"""Who did what to which row, when and why. Rows are added, never changed."""

from __future__ import annotations

from typing import Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from shop_style.words import in_words

VERBS: Final = {
    "added": _("added"),
    "approved": _("approved"),
    "brought back": _("brought back"),
    "changed": _("changed"),
    "coverage raised": _("coverage raised"),
    "deleted": _("deleted"),
    "duplicated": _("duplicated"),
    "finished": _("finished"),
    "fitted": _("fitted"),
    "forgot a visitor": _("forgot a visitor"),
    "paused": _("paused"),
    "planned": _("planned"),
    "published": _("published"),
    "purged": _("purged"),
    "queued again": _("queued again"),
    "rejected": _("rejected"),
    "resumed": _("resumed"),
    "retired": _("retired"),
    "reverted": _("reverted to the originals"),
    "shipped": _("shipped"),
    "started": _("started"),
    "stopped": _("stopped"),
    "superseded": _("superseded"),
    "test begun": _("test begun"),
    "undone": _("undone"),
    "weights changed": _("weights changed"),
    "withdrawn": _("withdrawn"),
}
"""What a verb is called; the trail keeps the key. One that is not here is shown as it is."""


def verb_in_words(verb: str) -> str:
    """What was done, in the reader's language."""
    return str(VERBS.get(verb, verb))


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

    @property
    def verb_in_words(self) -> str:
        """What was done, in the reader's language."""
        return verb_in_words(self.verb)

    @property
    def reason_in_words(self) -> str:
        """Why: a person's own words as they are, the plugin's in the reader's language."""
        return in_words(self.reason)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the entry. Raises TypeError for an entry that is already there."""
        if self.pk is not None:
            raise TypeError("audit entries are never changed; add another one")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refused: raises TypeError."""
        raise TypeError("audit entries are never deleted")
