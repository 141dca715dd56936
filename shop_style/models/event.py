"""What happened to a picture in a shopper's page. Rows are added, never changed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from shop_style.models.experiment import Arm, Experiment, Phase, PhaseProduct


class Kind(models.TextChoices):
    RENDERED = "rendered", _("rendered")
    VIEWABLE = "viewable", _("viewable")
    CLICK = "click", _("click")
    FAILED = "failed", _("picture did not load")
    CONVERSION = "conversion", _("conversion")


class Suspicion(models.IntegerChoices):
    """Bits of `Event.suspicion`. A flagged event is kept and counted by arm."""

    CRAWLER_AGENT = 1, _("sent under a crawler's user agent")
    MANY_CLICKS = 2, _("one of very many clicks of a page view")
    AT_ONCE = 4, _("a click sooner than a person can see and press")
    # Told by the rollup, of a visitor and not of an event.
    MANY_EVENTS = 8, _("more events a minute than a person makes")
    MANY_PAGES = 16, _("more pages a minute than a person opens")


class Event(models.Model):
    """One event of one visitor, product and page view."""

    # Made of what the event is, so that a retry or a replay is the same row.
    # Unique by a constraint: `unique=True` makes a second index on PostgreSQL, for LIKE.
    event_id = models.CharField(max_length=32)
    # The database checks arm and product, which name experiment and phase: two checks fewer a row
    # are a third more rows a second.
    experiment = models.ForeignKey(
        Experiment, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    phase = models.ForeignKey(
        Phase, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    arm = models.ForeignKey(Arm, models.CASCADE, related_name="+", db_index=False)
    product = models.ForeignKey(PhaseProduct, models.CASCADE, related_name="+", db_index=False)
    visitor = models.CharField(max_length=24)
    kind = models.CharField(max_length=10, choices=Kind)
    position = models.PositiveSmallIntegerField(null=True, blank=True)
    value = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    page_view = models.CharField(max_length=22, blank=True, default="")
    device = models.CharField(max_length=8, blank=True, default="")
    suspicion = models.PositiveSmallIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [models.UniqueConstraint(fields=["event_id"], name="shop_style_one_event")]
        indexes = [
            models.Index(fields=["phase", "visitor"], name="shop_style_event_visitor"),
            models.Index(fields=["phase", "at"], name="shop_style_event_time"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"
