"""Rollups of events, which reports read, and the counters of what leaves no event."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from shop_style.models.experiment import Arm, Phase


class Counts(models.Model):
    """Events by kind."""

    rendered = models.PositiveIntegerField(_("rendered"), default=0)
    viewable = models.PositiveIntegerField(_("viewable"), default=0)
    clicks = models.PositiveIntegerField(_("clicks"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    conversions = models.PositiveIntegerField(_("conversions"), default=0)

    class Meta:
        abstract = True


@dataclass(frozen=True)
class Band:
    """A stretch of a page's positions. first, last: from 0, as events count them; None is the end.

    name: as people count, from 1.
    """

    name: str
    first: int
    last: int | None

    def column(self, kind: str) -> str:
        """The column of VisitorTotals that counts its events of a kind: `clicks_5_12`."""
        return f"{kind}_{self.name.replace('-', '_').replace('+', '_up')}"


BANDS: Final = (
    Band("1-4", 0, 3),
    Band("5-12", 4, 11),
    Band("13-24", 12, 23),
    Band("25+", 24, None),
)
"""A first row, a first screen, the rest of a page, what is beyond. Other bands are other columns:
a migration, and `rollup_events --recount`."""


class BandCounts(models.Model):
    """Events with a position, by its band. In the visitor's row, for a band's statistics need
    each visitor's sums, and a row of their own for each band would be four times as many."""

    rendered_1_4 = models.PositiveIntegerField(default=0)
    viewable_1_4 = models.PositiveIntegerField(default=0)
    clicks_1_4 = models.PositiveIntegerField(default=0)
    rendered_5_12 = models.PositiveIntegerField(default=0)
    viewable_5_12 = models.PositiveIntegerField(default=0)
    clicks_5_12 = models.PositiveIntegerField(default=0)
    rendered_13_24 = models.PositiveIntegerField(default=0)
    viewable_13_24 = models.PositiveIntegerField(default=0)
    clicks_13_24 = models.PositiveIntegerField(default=0)
    rendered_25_up = models.PositiveIntegerField(default=0)
    viewable_25_up = models.PositiveIntegerField(default=0)
    clicks_25_up = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True


class VisitorTotals(Counts, BandCounts):
    """What one visitor did in one arm of one phase.

    suspicious: flagged events. suspicion: bits of `Suspicion`, of the events and of the pace.
    tiles: different products seen, counted where the unit is the tile.
    """

    phase = models.ForeignKey(Phase, models.CASCADE, related_name="+", db_index=False)
    arm = models.ForeignKey(Arm, models.CASCADE, related_name="+", db_index=False)
    visitor = models.CharField(max_length=24)
    device = models.CharField(max_length=8, blank=True, default="")
    value = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    suspicious = models.PositiveIntegerField(default=0)
    suspicion = models.PositiveSmallIntegerField(default=0)
    tiles = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phase", "arm", "visitor"], name="shop_style_one_total_a_visitor"
            )
        ]

    def __str__(self) -> str:
        return f"{self.phase_id}/{self.arm_id}/{self.visitor}"


class SummaryTotals(Counts):
    """Sufficient statistics over an arm's visitors, cumulative up to a day's last rollup.

    visitors: those with a rendered picture. viewable_squared, clicks_squared, clicks_viewable,
    conversions_squared, clicks_conversions: sums over visitors of the squares and of the products.
    failing_visitors: those whom a picture did not load for. mixed: visitors who saw two arms, in
    none of these sums. flagged_visitors: among `visitors`. tiles: a product and visitor each.

    slice: `all`; `unsuspicious`, without those of whom anything was flagged; `device:mobile`;
    `position:5-12` (counts rendered, viewable and clicks alone); or `product:` and the number of a
    PhaseProduct. Inside a band or a product the visitors are those who saw it, and their sums those
    inside it. Products keep their newest day only, and are counted every SLICE_SECONDS, from the
    events that are kept.
    """

    ALL = "all"
    UNSUSPICIOUS = "unsuspicious"
    DEVICE = "device:"
    POSITION = "position:"
    PRODUCT = "product:"

    phase = models.ForeignKey(Phase, models.CASCADE, related_name="summaries", db_index=False)
    arm = models.ForeignKey(Arm, models.CASCADE, related_name="+", db_index=False)
    slice = models.CharField(max_length=40, default=ALL)
    day = models.DateField()
    visitors = models.PositiveIntegerField(default=0)
    viewing_visitors = models.PositiveIntegerField(default=0)
    clicking_visitors = models.PositiveIntegerField(default=0)
    viewable_squared = models.BigIntegerField(default=0)
    clicks_squared = models.BigIntegerField(default=0)
    clicks_viewable = models.BigIntegerField(default=0)
    failing_visitors = models.PositiveIntegerField(default=0)
    conversions_squared = models.BigIntegerField(default=0)
    clicks_conversions = models.BigIntegerField(default=0)
    suspicious = models.PositiveIntegerField(default=0)
    flagged_visitors = models.PositiveIntegerField(default=0)
    mixed = models.PositiveIntegerField(default=0)
    tiles = models.PositiveBigIntegerField(default=0)
    value = models.DecimalField(max_digits=14, decimal_places=2, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phase", "arm", "slice", "day"], name="shop_style_one_summary_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.phase_id}/{self.arm_id}/{self.slice} {self.day}"


class PairTotals(models.Model):
    """Sums over visitors who saw tiles of both arms, cumulative as SummaryTotals are.

    Kept where the unit is the tile: an arm and the control share their visitors then, and the
    variance of their difference needs the covariance. clicks_clicks is Σ of an arm's clicks times
    the control's, the arm's named first in each. everybody: visitors of the phase in any arm.
    """

    phase = models.ForeignKey(Phase, models.CASCADE, related_name="+", db_index=False)
    arm = models.ForeignKey(Arm, models.CASCADE, related_name="+", db_index=False)
    slice = models.CharField(max_length=40, default=SummaryTotals.ALL)
    day = models.DateField()
    visitors = models.PositiveIntegerField(default=0)
    everybody = models.PositiveIntegerField(default=0)
    clicks_clicks = models.BigIntegerField(default=0)
    clicks_viewable = models.BigIntegerField(default=0)
    viewable_clicks = models.BigIntegerField(default=0)
    viewable_viewable = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phase", "arm", "slice", "day"], name="shop_style_one_pair_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.phase_id}/{self.arm_id}/{self.slice} {self.day}"


class BaselineTotals(models.Model):
    """What an arm's visitors did in the baseline before, cumulative as SummaryTotals are.

    Of visitors whom the row of SummaryTotals with the same keys sums up, those unseen in the
    baseline with zeros. returning: those who were seen. before_…: sums over them of what they did
    in the baseline, until it ended; clicks_before_viewable is Σ of clicks in this phase times
    viewable impressions in the baseline. Slices `all` and `unsuspicious` alone.
    """

    phase = models.ForeignKey(Phase, models.CASCADE, related_name="+", db_index=False)
    arm = models.ForeignKey(Arm, models.CASCADE, related_name="+", db_index=False)
    slice = models.CharField(max_length=40, default=SummaryTotals.ALL)
    day = models.DateField()
    returning = models.PositiveIntegerField(default=0)
    before_clicks = models.BigIntegerField(default=0)
    before_viewable = models.BigIntegerField(default=0)
    before_clicks_squared = models.BigIntegerField(default=0)
    before_viewable_squared = models.BigIntegerField(default=0)
    before_clicks_viewable = models.BigIntegerField(default=0)
    clicks_before_clicks = models.BigIntegerField(default=0)
    clicks_before_viewable = models.BigIntegerField(default=0)
    viewable_before_clicks = models.BigIntegerField(default=0)
    viewable_before_viewable = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phase", "arm", "slice", "day"], name="shop_style_one_baseline_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.phase_id}/{self.arm_id}/{self.slice} {self.day}"


class HourlyTotals(Counts):
    """An arm's events of one hour, for charts."""

    phase = models.ForeignKey(Phase, models.CASCADE, related_name="hours", db_index=False)
    arm = models.ForeignKey(Arm, models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phase", "arm", "hour"], name="shop_style_one_total_an_hour"
            )
        ]

    def __str__(self) -> str:
        return f"{self.phase_id}/{self.arm_id} {self.hour}"


class DailyTally(models.Model):
    """How often a day something happened that stores nothing of a visitor.

    kind: `token`, `visitor` and `repeated` by arm (pages signed; visitors newly enrolled; reports
    of what was counted already), and without an arm the pages shown as originals: `crawler`, `gpc`,
    `dnt`, `no_consent`, `holdout`.
    """

    phase = models.ForeignKey(Phase, models.CASCADE, related_name="tallies", db_index=False)
    day = models.DateField()
    kind = models.CharField(max_length=12)
    arm = models.SlugField(max_length=60, blank=True, default="", db_index=False)
    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phase", "day", "kind", "arm"], name="shop_style_one_tally_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.phase_id} {self.day} {self.kind} {self.arm}"


class RollupMark(models.Model):
    """How far the rollup has come: the one row that two rollups take turns on."""

    last_event = models.PositiveBigIntegerField(default=0)
    # Counted by visitor, but not summed up yet: a run that was stopped left them so.
    unsummed = models.JSONField(default=list)
    # Hours that blocks of events touched, counted when the last block was read: [phase, ISO time].
    uncounted_hours = models.JSONField(default=list)
    # Phases whose products' sums are older than their events, and when such sums were last made.
    unsliced = models.JSONField(default=list)
    sliced_at = models.DateTimeField(null=True)
    # Products of which a browser reported a picture that did not load, to be looked after.
    unchecked = models.JSONField(default=list)
    rolled_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.last_event)


def new_salt() -> str:
    """128 random bits, hexadecimal."""
    return secrets.token_hex(16)


class ServingSnapshot(models.Model):
    """What every web process serves by: live experiments, compiled. One row."""

    version = models.PositiveBigIntegerField(default=0)
    compiled = models.JSONField(default=list)
    # Drawn once, so that another share of held-out visitors moves as few as possible.
    holdout_salt = models.CharField(max_length=32, default=new_salt, editable=False)

    def __str__(self) -> str:
        return f"version {self.version}"
