"""Where tiles are drawn one by one, an arm shares its visitors with the control: their products."""

from __future__ import annotations

from datetime import date

from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Sum

from shop_style.models import Arm, Experiment, PairTotals, Phase, SummaryTotals, VisitorTotals


def pair_totals(
    alias: str, phase: Phase, rows: QuerySet[VisitorTotals], day: date
) -> list[PairTotals]:
    """Each arm's sums of products with the control, over visitors who saw tiles of both.

    rows: the phase's visitors that count. Empty where the unit is the visitor.
    """
    experiment = Experiment.objects.using(alias).get(pk=phase.experiment_id)
    control = Arm.objects.using(alias).filter(experiment=experiment, style=None).first()
    if experiment.unit != Experiment.Unit.TILE or control is None:
        return []
    return [
        *_totals(phase, control, rows, SummaryTotals.ALL, day),
        *_totals(phase, control, rows.filter(suspicion=0), SummaryTotals.UNSUSPICIOUS, day),
    ]


def _totals(
    phase: Phase, control: Arm, rows: QuerySet[VisitorTotals], name: str, day: date
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
            both=Count("pk"),
            cc=Sum(F("clicks") * F("their_clicks")),
            cv=Sum(F("clicks") * F("their_viewable")),
            vc=Sum(F("viewable") * F("their_clicks")),
            vv=Sum(F("viewable") * F("their_viewable")),
        )
    )
    seen = rows.filter(rendered__gt=0).order_by()
    everybody = seen.aggregate(number=Count("visitor", distinct=True))["number"]
    return [
        PairTotals(
            phase=phase,
            everybody=everybody,
            arm_id=item["arm"],
            slice=name,
            day=day,
            visitors=item["both"],
            clicks_clicks=item["cc"],
            clicks_viewable=item["cv"],
            viewable_clicks=item["vc"],
            viewable_viewable=item["vv"],
        )
        for item in found
    ]
