"""What no person does: visitors who make more events or open more pages a minute."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC

from django.db.models import Count
from django.db.models.functions import TruncMinute

from shop_style.conf import app_settings
from shop_style.models import Event, Kind, Suspicion


def hasty(
    alias: str, phase: int, events: Mapping[str, int], pages: Mapping[str, int]
) -> dict[str, int]:
    """Bits of `Suspicion` of visitors who were too fast in a minute of the clock.

    events, pages: of each visitor, all together. Only of those with more in all than a minute may
    hold are the minutes counted.
    """
    bots = app_settings().BOTS
    most_events, most_pages = bots["events_per_minute"], bots["pages_per_minute"]
    suspects = [
        visitor
        for visitor, number in events.items()
        if _above(number, most_events) or _above(pages[visitor], most_pages)
    ]
    found: dict[str, int] = defaultdict(int)
    if not suspects:
        return found
    rows = Event.objects.using(alias).filter(phase=phase, visitor__in=suspects)
    minutes = (
        rows.exclude(kind=Kind.CONVERSION)
        .annotate(minute=TruncMinute("at", tzinfo=UTC))
        .values_list("visitor", "minute")
        .annotate(made=Count("pk"), opened=Count("page_view", distinct=True))
        .order_by()
    )
    for visitor, _minute, made, opened in minutes:
        if _above(made, most_events):
            found[visitor] |= Suspicion.MANY_EVENTS
        if _above(opened, most_pages):
            found[visitor] |= Suspicion.MANY_PAGES
    return found


def _above(number: int, most: int) -> bool:
    return bool(most) and number > most
