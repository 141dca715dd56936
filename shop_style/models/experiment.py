"""An experiment, its arms, and the phases that freeze who sees which picture."""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from shop_style.models.style import Style
from shop_style.models.variant import StyleVariant

_SHARE = [MinValueValidator(0.0), MaxValueValidator(1.0)]


class Experiment(models.Model):
    """One question: does a style earn more clicks than the originals?"""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        FINISHED = "finished", _("finished")

    LIVE = (State.RUNNING, State.PAUSED)
    """It decides what shoppers see. A paused one does: it shows the originals."""

    class Outcome(models.TextChoices):
        SHIP = "ship", _("shipped")
        REVERT = "revert", _("reverted to the originals")

    class Unit(models.TextChoices):
        VISITOR = "visitor", _("visitor: all pictures of a page follow one arm")
        TILE = "tile", _("tile: each picture of a page is drawn by itself")

    class Because(models.TextChoices):
        """Why it is paused, when no person paused it."""

        END_DUE = "end_due", _("its planned end has come")
        SAMPLE_RATIO = "sample_ratio", _("the arms did not receive their visitors")
        LOAD_FAILURES = "load_failures", _("pictures of an arm do not load")
        CLICKBAIT = "clickbait", _("more clicks, and no more orders")

    class Analysis(models.TextChoices):
        """What decides, declared before the start: the better of two would spend alpha twice."""

        PLAIN = "plain", _("the arms as they are")
        CUPED = "cuped", _("adjusted by what visitors did in the baseline (CUPED)")

    class Metric(models.TextChoices):
        CTR = "ctr", _("clicks over viewable impressions")

    slug = models.SlugField(_("slug"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=100)
    hypothesis = models.TextField(_("hypothesis"), blank=True, default="")
    placement = models.SlugField(
        _("placement"),
        max_length=60,
        blank=True,
        default="",
        help_text=_("The storefront list it runs in, such as “listing”; empty is every one."),
    )
    layer = models.SlugField(
        _("layer"),
        max_length=60,
        blank=True,
        default="",
        help_text=_("Experiments of one layer share out its visitors; empty stands alone."),
    )
    layer_from = models.FloatField(_("layer from"), default=0.0, validators=_SHARE)
    layer_to = models.FloatField(_("layer to"), default=1.0, validators=_SHARE)
    coverage = models.FloatField(
        _("coverage"),
        default=1.0,
        validators=_SHARE,
        help_text=_("Share of visitors who take part, from 0 to 1. It can only be raised."),
    )
    planned_visitors = models.PositiveIntegerField(
        _("planned visitors"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("In all arms together; the result is read when they have come."),
    )
    unit = models.CharField(
        _("unit"),
        max_length=10,
        choices=Unit,
        default=Unit.VISITOR,
        help_text=_(
            "What is drawn. By tile says which picture wins its neighbours' clicks, not what a "
            "launch would earn."
        ),
    )
    ends_at = models.DateTimeField(
        _("planned end"),
        null=True,
        blank=True,
        help_text=_(
            "From then on everybody sees the originals, and the result waits for a decision; "
            "empty ends nothing by itself."
        ),
    )
    baseline_days = models.PositiveSmallIntegerField(
        _("baseline, days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
        help_text=_(
            "Before the test everybody sees the originals for so many days, in every arm. What "
            "visitors do then makes the result sharper where they return; empty is no baseline."
        ),
    )
    analysis = models.CharField(
        _("decided by"),
        max_length=10,
        choices=Analysis,
        default=Analysis.PLAIN,
        help_text=_("With a baseline the report shows both; this one alone is the verdict."),
    )
    primary_metric = models.CharField(
        _("primary metric"), max_length=10, choices=Metric, default=Metric.CTR
    )
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.DRAFT, db_index=True
    )
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=Outcome, blank=True, default="", editable=False
    )
    shipped_arm = models.SlugField(
        _("shipped arm"), max_length=60, blank=True, default="", editable=False
    )
    paused_because = models.CharField(
        _("paused because"), max_length=20, choices=Because, blank=True, default="", editable=False
    )
    # By check: a person resumed in spite of it, and only visitors who came later are evidence.
    acknowledged = models.JSONField(default=dict, blank=True, editable=False)
    # Separate, so that who takes part says nothing about which arm, and hashes of two
    # experiments cannot be joined. Empty before the start and after the purge.
    layer_salt = models.CharField(max_length=32, blank=True, default="", editable=False)
    coverage_salt = models.CharField(max_length=32, blank=True, default="", editable=False)
    arm_salt = models.CharField(max_length=32, blank=True, default="", editable=False)
    visitor_salt = models.CharField(max_length=32, blank=True, default="", editable=False)
    identity_salt = models.CharField(max_length=32, blank=True, default="", editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True, editable=False)
    purged_at = models.DateTimeField(_("purged"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("experiment")
        verbose_name_plural = _("experiments")
        ordering = ["-pk"]
        permissions = [("run_experiment", "Can start, pause and finish experiments")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Does it decide what shoppers see?"""
        return self.state in self.LIVE


class Arm(models.Model):
    """One of the looks compared: a style, or the originals where there is none."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="arms")
    slug = models.SlugField(_("slug"), max_length=60)
    style = models.ForeignKey(
        Style,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("style"),
        help_text=_("Empty is the control: the original pictures."),
    )
    weight = models.FloatField(_("weight"), default=0.5, validators=_SHARE)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("arm")
        verbose_name_plural = _("arms")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "slug"], name="shop_style_one_arm_a_slug")
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def is_control(self) -> bool:
        """Does it show the originals?"""
        return self.style_id is None


class Phase(models.Model):
    """A stretch of an experiment in which nothing changes: weights, products, pictures."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="phases")
    number = models.PositiveSmallIntegerField(_("number"))
    weights = models.JSONField(_("weights"), help_text=_("Of each arm, by its row number."))
    # Every arm shows the originals: what its visitors do is their past, and no effect.
    is_baseline = models.BooleanField(_("baseline"), default=False)
    started_at = models.DateTimeField(_("started"))
    # Page events before this hour are purged; their counts are carried.
    raw_from = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("phase")
        verbose_name_plural = _("phases")
        ordering = ["experiment", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "number"], name="shop_style_one_phase_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.experiment_id}/{self.number}"


class PhaseProduct(models.Model):
    """A host row whose picture takes part in a phase. Left out later, it is so in every arm."""

    phase = models.ForeignKey(Phase, models.CASCADE, related_name="products")
    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    object_id = models.CharField(_("object"), max_length=64)
    field = models.CharField(_("field"), max_length=100)
    left_out_at = models.DateTimeField(_("left out"), null=True, blank=True)
    left_out_because = models.CharField(_("because"), max_length=40, blank=True, default="")

    class Meta:
        verbose_name = _("product in a phase")
        verbose_name_plural = _("products in a phase")
        constraints = [
            models.UniqueConstraint(
                fields=["phase", "content_type", "object_id", "field"],
                name="shop_style_one_product_a_phase",
            )
        ]
        indexes = [
            models.Index(fields=["content_type", "object_id"], name="shop_style_phase_object")
        ]

    def __str__(self) -> str:
        return f"{self.content_type_id}:{self.object_id}"


class PhaseVariant(models.Model):
    """Which variant an arm shows of a product. The control has no such row."""

    product = models.ForeignKey(PhaseProduct, models.CASCADE, related_name="shown")
    arm = models.ForeignKey(Arm, models.CASCADE, related_name="+")
    # Pruned long after it was retired; from then on the product is out of every arm.
    variant = models.ForeignKey(StyleVariant, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("variant in a phase")
        verbose_name_plural = _("variants in a phase")
        constraints = [
            models.UniqueConstraint(fields=["product", "arm"], name="shop_style_one_variant_an_arm")
        ]

    def __str__(self) -> str:
        return f"{self.product_id}/{self.arm_id}"
