"""Visitors with a taste of their own, some of whom come back to the test after a baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.utils import timezone

from shop_style.models import Event, Kind, Phase


@dataclass(frozen=True, kw_only=True)
class Regulars:
    """names: of visitors. rates: chance of each that a picture in view is clicked."""

    names: Sequence[str]
    rates: Any

    @classmethod
    def of(cls, number: int, name: str, rng: np.random.Generator) -> Regulars:
        """So many, whose rates are Beta(0.5, 2)."""
        names = [f"{name}{index:05}" for index in range(number)]
        return cls(names=names, rates=rng.beta(0.5, 2.0, number))

    def __getitem__(self, part: slice) -> Regulars:
        return Regulars(names=self.names[part], rates=self.rates[part])


def come_by(
    phase: Phase,
    arm: str,
    people: Regulars,
    rng: np.random.Generator,
    *,
    lift: float = 0.0,
    at: datetime | None = None,
) -> tuple[Any, Any]:
    """Write a page with four pictures of each in this phase. Returns clicks and viewable, (n,)."""
    chances = np.minimum(people.rates * (1 + lift), 1.0)
    seen = rng.integers(1, 5, len(people.names))
    clicks = rng.binomial(seen, chances)
    rows = list(_events(phase, arm, people.names, clicks, seen, at or timezone.now()))
    Event.objects.bulk_create(rows, batch_size=2000)
    return clicks, seen


def _events(
    phase: Phase, slug: str, names: Sequence[str], clicks: Any, seen: Any, at: datetime
) -> Iterator[Event]:
    arm = phase.experiment.arms.get(slug=slug)
    products = list(phase.products.order_by("pk").values_list("pk", flat=True))
    for name, clicked, viewed in zip(names, clicks, seen, strict=True):
        for kind, number in ((Kind.RENDERED, 4), (Kind.VIEWABLE, viewed), (Kind.CLICK, clicked)):
            for place in range(number):
                yield Event(
                    event_id=f"{phase.pk}{name}{kind[:2]}{place}",
                    experiment_id=phase.experiment_id,
                    phase=phase,
                    arm=arm,
                    product_id=products[place % len(products)],
                    visitor=name,
                    kind=kind,
                    position=place,
                    device="desktop",
                    at=at,
                )
