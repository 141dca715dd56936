"""What ties visitors of one experiment together: who logged in, and who saw two arms."""

from __future__ import annotations

from django.db import models

from shop_style.models.experiment import Arm, Experiment, Phase, PhaseProduct
from shop_style.models.totals import BandCounts, Counts


class VisitorIdentity(models.Model):
    """The first arm of somebody who logged in. identity: a hash of the user's key under the
    experiment's own salt, so that no two experiments can be joined by it."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="+", db_index=False)
    identity = models.CharField(max_length=24)
    phase = models.ForeignKey(Phase, models.CASCADE, related_name="+", db_index=False)
    arm = models.ForeignKey(Arm, models.CASCADE, related_name="+", db_index=False)
    visitor = models.CharField(max_length=24)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "identity"], name="shop_style_one_first_arm"
            )
        ]

    def __str__(self) -> str:
        return f"{self.experiment_id}/{self.identity}"


class MixedVisitor(models.Model):
    """A visitor who saw more than one arm, and is in no result. is_summed: known to the sums?"""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="+", db_index=False)
    visitor = models.CharField(max_length=24)
    is_summed = models.BooleanField(default=False, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "visitor"], name="shop_style_one_mixed_visitor"
            )
        ]

    def __str__(self) -> str:
        return f"{self.experiment_id}/{self.visitor}"


class CarriedTotals(Counts, BandCounts):
    """What one visitor's page events came to before they were purged in a running experiment."""

    phase = models.ForeignKey(Phase, models.CASCADE, related_name="+", db_index=False)
    arm = models.ForeignKey(Arm, models.CASCADE, related_name="+", db_index=False)
    visitor = models.CharField(max_length=24)
    suspicious = models.PositiveIntegerField(default=0)
    suspicion = models.PositiveSmallIntegerField(default=0)
    device = models.CharField(max_length=8, blank=True, default="")
    first_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phase", "arm", "visitor"], name="shop_style_one_carried_total"
            )
        ]

    def __str__(self) -> str:
        return f"{self.phase_id}/{self.arm_id}/{self.visitor}"


class CarriedProduct(models.Model):
    """The same inside one product, for sums by product. Orders are kept one by one and not here."""

    phase = models.ForeignKey(Phase, models.CASCADE, related_name="+", db_index=False)
    arm = models.ForeignKey(Arm, models.CASCADE, related_name="+", db_index=False)
    product = models.ForeignKey(PhaseProduct, models.CASCADE, related_name="+", db_index=False)
    visitor = models.CharField(max_length=24)
    rendered = models.PositiveIntegerField(default=0)
    viewable = models.PositiveIntegerField(default=0)
    clicks = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    suspicious = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            # The visitor early: that is how rows are looked for.
            models.UniqueConstraint(
                fields=["phase", "visitor", "arm", "product"],
                name="shop_style_one_carried_product",
            )
        ]

    def __str__(self) -> str:
        return f"{self.phase_id}/{self.arm_id}/{self.product_id}/{self.visitor}"
