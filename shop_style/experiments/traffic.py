"""How many visitors a placement has and how they click: by the shop's own totals, or stated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Max, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from shop_style.exceptions import NoTraffic, PlanError
from shop_style.models import Experiment, SummaryTotals
from styleeval.sentence import gettext_noop, said

SEEN_PER_VISITOR: Final = 10.0
LIKENESS: Final = 0.1
"""Correlation of two impressions' clicks of one visitor, where it has to be assumed: a cautious
choice of this project. Who clicks once, clicks again; a shop's own totals say how much."""

_UNEVENNESS: Final = 1.0
"""Squared coefficient of variation of impressions a visitor, where assumed: as of a geometric."""

_LEAST_DAYS: Final = 1.0
_LOOKED_AT: Final = 20

_NO_TRAFFIC: Final = gettext_noop(
    "no experiment by visitor has seen enough visitors yet (100 with 25 clicks on the originals, "
    "over a day); state visitors a day and the click-through rate"
)
_NO_TRAFFIC_THERE: Final = gettext_noop(
    "no experiment by visitor in the placement {placement!r} has seen enough visitors yet (100 "
    "with 25 clicks on the originals, over a day); state visitors a day and the click-through rate"
)


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """daily: new visitors of the placement a day, all of them. ctr: of the originals, 0..1.

    variance: of one visitor, linearised, in CTR². source: where this is from, in words.
    """

    daily: float
    ctr: float
    variance: float
    source: str


def stated_traffic(
    daily: float, ctr: float, *, seen: float = SEEN_PER_VISITOR, likeness: float = LIKENESS
) -> Traffic:
    """What a person states. seen: viewable impressions a visitor; likeness: see LIKENESS.

    Raises PlanError for what cannot be. With p the CTR, d impressions of mean d̄ and a squared
    coefficient of variation c², and ρ the likeness, a visitor's variance is
    p(1 − p)·((1 − ρ) / d̄ + (1 + c²)·ρ), of clicks that are beta-binomial.
    """
    problems = []
    if not 1 <= daily <= 1e9:
        problems.append(said("{daily:g} visitors a day; state 1 or more", daily=daily))
    if not 0 < ctr < 1:
        problems.append(
            said("the click-through rate is {ctr:g} %; it lies between 0 and 100", ctr=100 * ctr)
        )
    if not 1 <= seen <= 10_000:
        problems.append(said("{seen:g} viewable pictures a visitor; state 1 or more", seen=seen))
    if not 0 <= likeness < 1:
        problems.append(
            said(
                "the likeness of clicks is {likeness:g}; it is from 0 to below 1", likeness=likeness
            )
        )
    if problems:
        raise PlanError(said("no plan can be made of this:"), problems)
    spread = (1 - likeness) / seen + (1 + _UNEVENNESS) * likeness
    return Traffic(
        daily=daily,
        ctr=ctr,
        variance=ctr * (1 - ctr) * spread,
        source=_(
            "as stated, with %(seen)g pictures in view a visitor and an assumed likeness of a "
            "visitor’s clicks of %(likeness)g"
        )
        % {"seen": seen, "likeness": likeness},
    )


def own_traffic(experiment: Experiment) -> Traffic:
    """What the control of the shop's latest experiment in this placement saw. Three queries.

    Of experiments in every placement where it has none of its own, none of those by tile. Raises
    NoTraffic where none has enough visitors yet.
    """
    from styleeval.inference import InvalidSummary, RatioDesign, Summary, TooFewVisitors

    for source in _sources(experiment):
        row = _control_sums(source)
        days = _days(source)
        if row is None or days < _LEAST_DAYS:
            continue
        try:
            pilot = Summary(
                n=row["n"],
                sum_m=row["m"],
                sum_d=row["d"],
                sum_mm=row["mm"],
                sum_dd=row["dd"],
                sum_md=row["md"],
            )
            design = RatioDesign.from_pilot(pilot)
        except (InvalidSummary, TooFewVisitors):  # its own report says so of the first
            continue
        part = source.coverage * (source.layer_to - source.layer_from)
        return Traffic(
            daily=row["all"] / days / part,
            ctr=design.ratio,
            variance=design.variance,
            source=_("%(visitors)s visitors that experiment “%(name)s” saw in %(days)s days")
            % {"visitors": f"{row['all']:,}", "name": source.slug, "days": f"{days:.0f}"},
        )
    if experiment.placement:
        raise NoTraffic(said(_NO_TRAFFIC_THERE, placement=experiment.placement))
    raise NoTraffic(said(_NO_TRAFFIC))


def _sources(experiment: Experiment) -> list[Experiment]:
    # Not those by tile: their control saw a part of each page, and their arms share visitors.
    rows = Experiment.objects.using(experiment._state.db).filter(unit=Experiment.Unit.VISITOR)
    rows = rows.exclude(started_at=None)
    if experiment.placement:
        rows = rows.filter(placement__in=(experiment.placement, ""))
    found = list(rows.prefetch_related("arms", "phases").order_by("-started_at")[:_LOOKED_AT])
    # Its own list before all lists together.
    return sorted(found, key=lambda item: item.placement != experiment.placement)


def _days(source: Experiment) -> float:
    """Of its test: a visitor of the baseline who returns is one of the test's as well."""
    until: datetime = source.ended_at or timezone.now()
    begun, phases = source.started_at, list(source.phases.all())
    if any(phase.is_baseline for phase in phases):
        begun = min((one.started_at for one in phases if not one.is_baseline), default=until)
    assert begun is not None
    return (until - begun).total_seconds() / 86_400


def _control_sums(source: Experiment) -> Mapping[str, Any] | None:
    """The control's sums over phases, with the visitors of all arms; None without any."""
    rows = SummaryTotals.objects.using(source._state.db).filter(
        phase__in=[phase for phase in source.phases.all() if not phase.is_baseline],
        slice=SummaryTotals.ALL,
    )
    newest = dict(rows.order_by().values_list("phase").annotate(Max("day")))
    last = Q(pk__in=[])
    for phase, day in newest.items():
        last |= Q(phase=phase, day=day)
    control = Q(arm__style=None)
    found = rows.filter(last).aggregate(
        all=Sum("visitors"),
        n=Sum("visitors", filter=control),
        m=Sum("clicks", filter=control),
        d=Sum("viewable", filter=control),
        mm=Sum("clicks_squared", filter=control),
        dd=Sum("viewable_squared", filter=control),
        md=Sum("clicks_viewable", filter=control),
    )
    return found if found["n"] else None
