"""Events of many visitors, written at once: what a page would have sent, without the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from shop_style.models import Event, Kind, Phase


@dataclass(frozen=True, kw_only=True)
class Habits:
    """Of so many visitors of an arm the first few click, buy, or miss a picture.

    clicks: of each who clicks. Each sees `seen` pictures in view.
    """

    visitors: int
    clicking: int = 0
    clicks: int = 1
    buying: int = 0
    failing: int = 0
    seen: int = 4
    device: str = "desktop"


def come(
    shop: Any, arm: str, habits: Habits, *, name: str = "", at: datetime | None = None
) -> None:
    """Write what visitors of these habits did in the experiment's present phase."""
    phase = shop.experiment.phases.latest("number")
    events = list(_events(phase, arm, habits, name, at or timezone.now()))
    Event.objects.bulk_create(events, batch_size=2000)


def _events(phase: Phase, slug: str, habits: Habits, name: str, at: datetime) -> Iterator[Event]:
    arm = phase.experiment.arms.get(slug=slug)
    products = list(phase.products.order_by("pk").values_list("pk", flat=True))
    for number in range(habits.visitors):
        visitor = f"{slug[:4]}{name}{number:06}"
        kinds = [(Kind.RENDERED, place) for place in range(habits.seen)]
        kinds += [(Kind.VIEWABLE, place) for place in range(habits.seen)]
        kinds += [(Kind.CLICK, p) for p in range(habits.clicks if number < habits.clicking else 0)]
        kinds += [(Kind.CONVERSION, 0)] * (number < habits.buying)
        kinds += [(Kind.FAILED, 1)] * (number < habits.failing)
        for kind, place in kinds:
            yield Event(
                event_id=f"{phase.pk}{visitor}{kind[:2]}{place}",
                experiment_id=phase.experiment_id,
                phase=phase,
                arm=arm,
                product_id=products[(number + place) % len(products)],
                visitor=visitor,
                kind=kind,
                position=place,
                device=habits.device,
                at=at,
            )
