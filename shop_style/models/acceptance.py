"""What a shop's own approvals taught: a small model of which variants its people accept."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AcceptanceModel(models.Model):
    """One fit on a shop's approvals and rejections; the newest is asked.

    parameters: plain numbers, as styleeval.acceptance writes them. report: how well it did on
    decisions it was not fitted on.
    """

    parameters = models.JSONField(_("parameters"))
    report = models.JSONField(_("report"))
    approved = models.PositiveIntegerField(_("approved variants"))
    rejected = models.PositiveIntegerField(_("rejected variants"))
    fitted_by = models.CharField(_("fitted by"), max_length=150, blank=True, default="")
    fitted_at = models.DateTimeField(_("fitted"), auto_now_add=True)

    class Meta:
        verbose_name = _("acceptance model")
        verbose_name_plural = _("acceptance models")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.fitted_at:%Y-%m-%d}: {self.approved} + {self.rejected}"
