"""Events of a block, counted again by the visitors and the hours that they touch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import add
from typing import Any, Final

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Max, Min, Q, Sum, Value
from django.db.models.functions import Coalesce, TruncHour

from shop_style.experiments.carried import add_carried
from shop_style.experiments.flags import flag_in_all_arms, flag_pace
from shop_style.experiments.upsert import N, named, put, put_selected
from shop_style.models import (
    Event,
    Experiment,
    HourlyTotals,
    Kind,
    Phase,
    Suspicion,
    VisitorTotals,
)
from shop_style.models.totals import BANDS

COUNTS: Final = {
    "rendered": Kind.RENDERED,
    "viewable": Kind.VIEWABLE,
    "clicks": Kind.CLICK,
    "failed": Kind.FAILED,
    "conversions": Kind.CONVERSION,
}
"""Columns of totals by the kind that they count."""

_KEYS: Final = 400
_HOUR: Final = timedelta(hours=1)
_FLAGS: Final = (Suspicion.CRAWLER_AGENT, Suspicion.MANY_CLICKS, Suspicion.AT_ONCE)
"""Bits that events bear; those of a visitor's pace are found here."""

IN_BANDS: Final = ("rendered", "viewable", "clicks")
"""Of those, what a band of positions counts."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """Events in order of their numbers. first: the number before them; settled: the last of those
    that were written before a given time, 0 for none. number: how many events they are."""

    alias: str
    first: int
    last: int
    settled: int
    number: int

    @property
    def events(self) -> models.QuerySet[Event]:
        """Them."""
        return open_events(self.alias).filter(pk__gt=self.first, pk__lte=self.last)

    def phases(self) -> list[int]:
        """Phases with events among them."""
        return sorted(self.events.order_by().values_list("phase", flat=True).distinct())

    def hours(self) -> list[tuple[int, str]]:
        """Phases and hours (UTC, as ISO text) with events among them."""
        found = self.events.order_by().values_list("phase", _hour())
        return sorted((phase, hour.isoformat()) for phase, hour in found.distinct())

    def failed(self) -> list[int]:
        """Products of which a browser reported a picture that did not load."""
        failed = self.events.filter(kind=Kind.FAILED).order_by()
        return sorted(failed.values_list("product", flat=True).distinct())

    def visitors(self) -> int:
        """How many visitors they are of."""
        return self.events.order_by().values("phase", "visitor").distinct().count()


def open_events(alias: str) -> models.QuerySet[Event]:
    """Events whose totals may change: a purged experiment's sums are final, whatever of its
    events is still there."""
    purged = Phase.objects.using(alias).exclude(experiment__purged_at=None)
    rows = Event.objects.using(alias)
    return rows.exclude(phase__in=list(purged.values_list("pk", flat=True)))


def block_after(alias: str, first: int, *, most: int, settled: datetime) -> Block:
    """The next events, at most so many. settled: what is younger may have elder companions that
    no transaction has committed yet."""
    rows = open_events(alias).filter(pk__gt=first).order_by("pk")[:most]
    found = rows.aggregate(
        number=Count("pk"), last=Max("pk"), old=Max("pk", filter=Q(at__lte=settled))
    )
    return Block(
        alias=alias,
        first=first,
        last=found["last"] or first,
        settled=found["old"] or 0,
        number=found["number"],
    )


def count_visitors(block: Block, phases: Sequence[int]) -> None:
    """Each visitor of a block, from all events of that visitor."""
    alias = block.alias
    rows = Phase.objects.using(alias).filter(pk__in=phases)
    by_tile = set(rows.filter(experiment__unit=Experiment.Unit.TILE).values_list("pk", flat=True))
    seen = Count("product", distinct=True, filter=Q(kind=Kind.RENDERED))
    for phase in phases:
        # By phase: what is counted anew in one must get its flags and what was carried in that one.
        visitors = block.events.filter(phase=phase).order_by().values("visitor")
        _count(alias, phase, visitors, tiles=seen if phase in by_tile else Value(0))
        flag_pace(alias, phase, visitors)
        if phase in by_tile:
            flag_in_all_arms(alias, phase, visitors)
        add_carried(alias, phase, visitors)


def events_of(alias: str, phase: int) -> models.QuerySet[Event]:
    """A phase's events that count. Of a baseline those before its end alone: what a page of it
    reports later may come of somebody who has seen a style since, and is no past."""
    rows = Event.objects.using(alias).filter(phase=phase)
    ended = Phase.objects.using(alias).filter(pk=phase, is_baseline=True).exclude(ended_at=None)
    until = ended.values_list("ended_at", flat=True).first()
    return rows if until is None else rows.filter(at__lt=until)


def _count(alias: str, phase: int, visitors: models.QuerySet[Any, Any], *, tiles: Any) -> None:
    found = (
        events_of(alias, phase)
        .filter(visitor__in=visitors)
        .order_by()
        .values("phase_id", "arm_id", "visitor")
        .annotate(
            **kinds(),
            **_kinds_by_band(),
            **worth(),
            n_suspicion=_bits(),
            n_tiles=tiles,
            n_first_at=Min("at"),
            n_last_at=Max("at"),
            # A visitor's device does not change; a conversion may not know it.
            n_device=Max("device"),
        )
    )
    put_selected(alias, VisitorTotals, ["phase", "arm", "visitor"], found)


def _bits() -> Any:
    """The flags of a visitor's events, each for itself: no database can OR over rows alike."""
    return reduce(add, (Max(F("suspicion").bitand(bit.value)) for bit in _FLAGS))


def count_hours(alias: str, hours: Iterable[tuple[int, str]]) -> None:
    """Each hour of a phase, from all its events. One query for hours that follow each other.

    An arm that has no event left in one loses its row. Not hours whose page events are purged:
    their sums are final.
    """
    phases = Phase.objects.using(alias).filter(experiment__purged_at=None)
    raw_from = dict(phases.values_list("pk", "raw_from"))

    def is_kept(phase: int, hour: str) -> bool:
        since = raw_from.get(phase)
        return phase in raw_from and (since is None or datetime.fromisoformat(hour) >= since)

    kept = (item for item in hours if is_kept(*item))
    for phase, first, end in _stretches(kept):
        found = (
            open_events(alias)
            .filter(phase=phase, at__gte=first, at__lt=end)
            .order_by()
            .values("arm_id", hour=_hour())
            .annotate(**kinds())
        )
        rows = [HourlyTotals(phase_id=phase, **named(item)) for item in found]
        put(alias, rows, ["phase", "arm", "hour"])
        there = {(row.arm_id, row.hour) for row in rows}
        before = HourlyTotals.objects.using(alias).filter(
            phase=phase, hour__gte=first, hour__lt=end
        )
        emptied = [row.pk for row in before if (row.arm_id, row.hour) not in there]
        for start in range(0, len(emptied), _KEYS):
            before.filter(pk__in=emptied[start : start + _KEYS]).delete()


def _stretches(hours: Iterable[tuple[int, str]]) -> list[tuple[int, datetime, datetime]]:
    """Phases with the beginning and the end of hours that follow each other."""
    found: list[tuple[int, datetime, datetime]] = []
    for phase, text in sorted(hours):
        hour = datetime.fromisoformat(text)
        if found and found[-1][0] == phase and found[-1][2] == hour:
            found[-1] = (phase, found[-1][1], hour + _HOUR)
        else:
            found.append((phase, hour, hour + _HOUR))
    return found


def _hour() -> TruncHour:
    # A site without time zones keeps its own; nothing may depend on who asks.
    return TruncHour("at", tzinfo=UTC if settings.USE_TZ else None)


def kinds() -> dict[str, Count]:
    """A count of each kind, named by its column."""
    return {f"{N}{name}": Count("pk", filter=Q(kind=kind)) for name, kind in COUNTS.items()}


def worth() -> dict[str, Any]:
    """What events earned, and how many of them are suspicious."""
    return {
        f"{N}value": Coalesce(Sum("value"), 0, output_field=models.DecimalField()),
        f"{N}suspicious": Count("pk", filter=~Q(suspicion=0)),
    }


def _kinds_by_band() -> dict[str, Count]:
    counted: dict[str, Count] = {}
    for band in BANDS:
        inside: dict[str, Any] = {"position__gte": band.first}
        if band.last is not None:
            inside["position__lte"] = band.last
        for name in IN_BANDS:
            counted[f"{N}{band.column(name)}"] = Count("pk", filter=Q(kind=COUNTS[name], **inside))
    return counted
