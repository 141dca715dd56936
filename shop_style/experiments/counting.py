"""A visitor's totals, counted from the events; and how totals are written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db import connections, models
from django.db.models import Count, F, Max, Min, Q, Sum
from django.db.models.functions import Coalesce

from shop_style.experiments.carried import add_carried
from shop_style.experiments.pace import hasty
from shop_style.models import Event, Experiment, Kind, Phase, Suspicion, VisitorTotals

KEYS: Final = 400
COUNTS: Final = {
    "rendered": Kind.RENDERED,
    "viewable": Kind.VIEWABLE,
    "clicks": Kind.CLICK,
    "failed": Kind.FAILED,
    "conversions": Kind.CONVERSION,
}

_FLAGS: Final = {
    "crawler_agent": Suspicion.CRAWLER_AGENT.value,
    "many_clicks": Suspicion.MANY_CLICKS.value,
    "at_once": Suspicion.AT_ONCE.value,
}


def count_visitors(alias: str, touched: Mapping[int, set[str]]) -> int:
    """Count the visitors of each phase anew. Returns how many there were."""
    drawn_by_tile = _by_tile(alias, touched)
    for phase, visitors in touched.items():
        by_tile = phase in drawn_by_tile
        for keys in _batches(sorted(visitors)):
            found = (
                Event.objects.using(alias)
                .filter(phase=phase, visitor__in=keys)
                .values("arm", "visitor")
                .annotate(
                    **kinds(),
                    worth=Coalesce(Sum("value"), 0, output_field=models.DecimalField()),
                    flagged=Count("pk", filter=~Q(suspicion=0)),
                    **_bits(),
                    **_tiles(by_tile),
                    events=Count("pk", filter=~Q(kind=Kind.CONVERSION)),
                    pages=Count("page_view", distinct=True),
                    first=Min("at"),
                    last=Max("at"),
                    # A visitor's device does not change; a conversion may not know it.
                    seen_on=Max("device"),
                )
            )
            flags = _flags(alias, phase, found)
            rows = [
                VisitorTotals(
                    phase_id=phase,
                    arm_id=item["arm"],
                    visitor=item["visitor"],
                    device=item["seen_on"],
                    value=item["worth"],
                    suspicious=item["flagged"],
                    suspicion=flags[item["visitor"]],
                    tiles=item.get("tiles", 0),
                    first_at=item["first"],
                    last_at=item["last"],
                    **counted(item),
                )
                for item in found
            ]
            add_carried(alias, phase, rows)
            put(alias, rows, ["phase", "arm", "visitor"])
    return sum(map(len, touched.values()))


def _flags(alias: str, phase: int, found: Iterable[Any]) -> dict[str, int]:
    """Each visitor's bits. Of the visitor in all arms: where tiles are drawn one by one, leaving
    out the arm alone in which something was odd would leave out its clicks."""
    flags: dict[str, int] = defaultdict(int)
    events, pages = Counter[str](), Counter[str]()
    for item in found:
        visitor = item["visitor"]
        flags[visitor] |= sum(bit for name, bit in _FLAGS.items() if item[name])
        events[visitor] += item["events"]
        pages[visitor] += item["pages"]
    for visitor, bits in hasty(alias, phase, events, pages).items():
        flags[visitor] |= bits
    return flags


def _by_tile(alias: str, phases: Iterable[int]) -> set[int]:
    rows = Phase.objects.using(alias).filter(pk__in=phases, experiment__unit=Experiment.Unit.TILE)
    return set(rows.values_list("pk", flat=True))


def _bits() -> dict[str, Max]:
    """Which flags a visitor's events have, each for itself: no database can OR over rows alike."""
    return {name: Max(F("suspicion").bitand(bit)) for name, bit in _FLAGS.items()}


def _tiles(by_tile: bool) -> dict[str, Count]:
    seen = Q(kind=Kind.RENDERED)
    return {"tiles": Count("product", distinct=True, filter=seen)} if by_tile else {}


def kinds() -> dict[str, Count]:
    """Events by kind, as an aggregate takes them."""
    return {f"n_{name}": Count("pk", filter=Q(kind=kind)) for name, kind in COUNTS.items()}


def counted(item: Any) -> dict[str, int]:
    """What `kinds` found, by column."""
    return {name: item[f"n_{name}"] for name in COUNTS}


def put(alias: str, rows: list[Any], keys: list[str]) -> None:
    """Insert the rows, or overwrite those that are there."""
    if not rows:
        return
    model = type(rows[0])
    names = [
        field.name
        for field in model._meta.concrete_fields
        if not field.primary_key and field.name not in keys
    ]
    targeted = connections[alias].features.supports_update_conflicts_with_target
    model._default_manager.using(alias).bulk_create(
        rows,
        batch_size=KEYS,
        update_conflicts=True,
        update_fields=names,
        unique_fields=keys if targeted else None,
    )


def _batches(keys: list[str]) -> Iterable[list[str]]:
    return (keys[start : start + KEYS] for start in range(0, len(keys), KEYS))
