"""What marks a visitor as a machine beyond single events: pace, and flags in another arm."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncMinute

from shop_style.conf import app_settings
from shop_style.models import Event, Kind, Suspicion, VisitorTotals

_KEYS = 400


def flag_pace(alias: str, phase: int, visitors: QuerySet[Any, Any]) -> None:
    """Flag those who made more events, or opened more pages, in a minute than a person can.

    visitors: a query of the visitors just counted. The minutes of few are looked at: of those with
    more in all than a minute may hold.
    """
    most_events = app_settings().BOTS["events_per_minute"]
    most_pages = app_settings().BOTS["pages_per_minute"]
    in_all, in_a_minute = Q(), Q()
    if most_events:
        in_all |= Q(events__gt=most_events)
        in_a_minute |= Q(made__gt=most_events)
    if most_pages:
        # Each page has a picture rendered, so no visitor has more pages than that.
        in_all |= Q(pictures__gt=most_pages)
        in_a_minute |= Q(opened__gt=most_pages)
    if not in_all:
        return
    suspects = (
        VisitorTotals.objects.using(alias)
        .filter(phase=phase, visitor__in=visitors)
        .order_by()
        .values("visitor")
        .annotate(
            events=Sum(F("rendered") + F("viewable") + F("clicks") + F("failed")),
            pictures=Sum("rendered"),
        )
        .filter(in_all)
        .values("visitor")
    )
    minutes = (
        Event.objects.using(alias)
        .filter(phase=phase, visitor__in=suspects)
        .exclude(kind=Kind.CONVERSION)
        .annotate(minute=TruncMinute("at", tzinfo=UTC))
        .values("visitor", "minute")
        .annotate(made=Count("pk"), opened=Count("page_view", distinct=True))
        .filter(in_a_minute)
        .order_by()
    )
    found: dict[str, int] = defaultdict(int)
    for row in minutes:
        if most_events and row["made"] > most_events:
            found[row["visitor"]] |= Suspicion.MANY_EVENTS
        if most_pages and row["opened"] > most_pages:
            found[row["visitor"]] |= Suspicion.MANY_PAGES
    _flag(alias, phase, found)


def flag_in_all_arms(alias: str, phase: int, visitors: QuerySet[Any, Any]) -> None:
    """Where tiles are drawn one by one, flag a visitor in every arm for what was done in one:
    leaving out that arm's sums alone would leave out its clicks."""
    rows = VisitorTotals.objects.using(alias).filter(phase=phase, visitor__in=visitors)
    found: dict[str, int] = defaultdict(int)
    for visitor, bits in rows.exclude(suspicion=0).values_list("visitor", "suspicion"):
        found[visitor] |= bits
    _flag(alias, phase, found)


def _flag(alias: str, phase: int, found: dict[str, int]) -> None:
    by_bits: dict[int, list[str]] = defaultdict(list)
    for visitor, bits in found.items():
        by_bits[bits].append(visitor)
    for bits, visitors in by_bits.items():
        for start in range(0, len(visitors), _KEYS):
            VisitorTotals.objects.using(alias).filter(
                phase=phase, visitor__in=visitors[start : start + _KEYS]
            ).update(suspicion=F("suspicion").bitor(bits))
