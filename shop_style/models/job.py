"""Work about a style itself, such as a preview sheet or a fit; the same worker serves it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from shop_style.models.leased import Leased, LeasedQuerySet
from shop_style.models.storage import artefact_name, job_result_name, variant_storage
from shop_style.models.style import Style


class StyleJobQuerySet(LeasedQuerySet):
    """Jobs as leased work."""


class StyleJob(Leased):
    """One piece of work on a style."""

    class Kind(models.TextChoices):
        PREVIEW = "preview", _("preview sheet")
        FIRST_LOOK = "first_look", _("first look")
        FIT = "fit", _("fit")
        STRENGTHS = "strengths", _("strengths and regions")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    style = models.ForeignKey(Style, models.CASCADE, related_name="jobs")
    payload = models.JSONField(_("details"), default=dict, blank=True)
    requested_by = models.CharField(_("requested by"), max_length=150, blank=True, default="")
    result = models.FileField(
        _("result"), upload_to=job_result_name, storage=variant_storage, blank=True, max_length=300
    )
    # Kept here too, so that an earlier fit's file stays when a later one takes its place.
    artefact = models.FileField(
        _("fitted parameters"), upload_to=artefact_name, storage=variant_storage, blank=True
    )
    report = models.JSONField(_("report"), default=dict, blank=True)

    objects = StyleJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("style job")
        verbose_name_plural = _("style jobs")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["status", "next_attempt_at"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.style_id}"
