"""Where tiles are drawn one by one, an arm shares its visitors with the control: their products."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Sum

from shop_style.experiments.upsert import named
from shop_style.models import Arm, Experiment, PairTotals, Phase, SummaryTotals, VisitorTotals


def pair_totals(
    alias: str, phase: Phase, rows: QuerySet[VisitorTotals], day: date
) -> list[PairTotals]:
    """Each arm's sums of products with the control, over visitors who saw tiles of both.

    rows: the phase's visitors that count. Zeros for an arm with no such visitor, or none any more:
    everybody is to be known, and the last sums must not stay the newest. Empty where the unit is
    the visitor.
    """
    experiment = Experiment.objects.using(alias).get(pk=phase.experiment_id)
    control = Arm.objects.using(alias).filter(experiment=experiment, style=None).first()
    if experiment.unit != Experiment.Unit.TILE or control is None:
        return []
    others = list(experiment.arms.using(alias).exclude(pk=control.pk).values_list("pk", flat=True))
    unflagged = rows.filter(suspicion=0)
    return [
        *_totals(phase, control, others, rows, SummaryTotals.ALL, day),
        *_totals(phase, control, others, unflagged, SummaryTotals.UNSUSPICIOUS, day),
    ]


def _totals(
    phase: Phase,
    control: Arm,
    others: Sequence[int],
    rows: QuerySet[VisitorTotals],
    name: str,
    day: date,
) -> list[PairTotals]:
    of_control = rows.filter(arm=control, visitor=OuterRef("visitor"), rendered__gt=0)
    # Whoever is flagged by what was done in one arm is left out of this slice by it alone; the
    # other arm's row then has nothing to be multiplied with.
    paired = rows.exclude(arm=control).filter(rendered__gt=0)
    paired = paired.annotate(
        their_clicks=Subquery(of_control.values("clicks")[:1]),
        their_viewable=Subquery(of_control.values("viewable")[:1]),
    ).exclude(their_viewable=None)
    found = (
        paired.order_by()
        .values("arm")
        .annotate(
            n_visitors=Count("pk"),
            n_clicks_clicks=Sum(F("clicks") * F("their_clicks")),
            n_clicks_viewable=Sum(F("clicks") * F("their_viewable")),
            n_viewable_clicks=Sum(F("viewable") * F("their_clicks")),
            n_viewable_viewable=Sum(F("viewable") * F("their_viewable")),
        )
    )
    sums = {row["arm"]: named({k: v for k, v in row.items() if k != "arm"}) for row in found}
    seen = rows.filter(rendered__gt=0).order_by()
    everybody = seen.aggregate(number=Count("visitor", distinct=True))["number"]
    return [
        PairTotals(
            phase=phase, arm_id=arm, slice=name, day=day, everybody=everybody, **sums.get(arm, {})
        )
        for arm in others
    ]
