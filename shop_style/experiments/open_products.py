"""Which products of experiments are still there, as a process last saw it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from django.db import connections

from shop_style.experiments.snapshot import experiment_database, snapshot_age_mark
from shop_style.models import PhaseProduct

_MOST: Final = 200_000


@dataclass
class _Seen:
    mark: float = 0.0
    products: set[int] = field(default_factory=set)


_seen = _Seen()


def existing_products(products: Collection[int]) -> set[int]:
    """Those whose rows are there, of experiments that were not purged.

    A token lives for a day, and its experiment may have been deleted or purged meanwhile. What
    was found is known for as long as the snapshot is (SNAPSHOT_SECONDS), so that most reports ask
    nothing; inside a host's transaction the rows are asked always, for there a row that is gone
    would fail the host's commit.
    """
    global _seen
    wanted = set(products)
    mark = snapshot_age_mark()
    held = _seen
    if held.mark != mark or len(held.products) > _MOST:
        _seen = held = _Seen(mark)
    alias = experiment_database()
    unknown = wanted if connections[alias].in_atomic_block else wanted - held.products
    if unknown:
        rows = PhaseProduct.objects.using(alias)
        found = rows.filter(pk__in=unknown, phase__experiment__purged_at=None)
        there = set(found.values_list("pk", flat=True))
        wanted -= unknown - there
        held.products.update(there)
    return wanted


def forget_products() -> None:
    """Ask the rows at the next call."""
    global _seen
    _seen = _Seen()
