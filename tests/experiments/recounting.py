"""Every total, counted from the raw events in plain Python: what rollups are compared with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from shop_style.models import Event, Experiment, HourlyTotals, SummaryTotals, VisitorTotals

COLUMNS = {
    "rendered": "rendered",
    "viewable": "viewable",
    "click": "clicks",
    "failed": "failed",
    "conversion": "conversions",
}
BANDS = {"1-4": range(4), "5-12": range(4, 12), "13-24": range(12, 24), "25+": range(24, 10**6)}
SUMS = (
    *("visitors", "viewing_visitors", "clicking_visitors", *COLUMNS.values()),
    *("viewable_squared", "clicks_squared", "clicks_viewable", "suspicious", "value"),
    *("conversions_squared", "clicks_conversions", "failing_visitors", "flagged_visitors"),
    *("mixed", "tiles"),
)


@dataclass
class Tally:
    """What one visitor did."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COLUMNS.values(), 0))
    value: Decimal = Decimal(0)
    suspicious: int = 0
    device: str = ""
    times: list[datetime] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    flagged: bool = False

    def add(self, event: Event, *, positions_only: bool = False) -> None:
        column = COLUMNS[event.kind]
        if positions_only and column not in ("rendered", "viewable", "clicks"):
            return
        self.counts[column] += 1
        if event.kind == "rendered":
            self.seen.add(event.product_id)
        self.device = max(self.device, event.device)
        self.times.append(event.at)
        if not positions_only:
            self.value += event.value or 0
            self.suspicious += event.suspicion != 0


def by_visitor(events: Iterable[Event], **options: bool) -> dict[tuple[int, int, str], Tally]:
    """By phase, arm and visitor."""
    found: dict[tuple[int, int, str], Tally] = defaultdict(Tally)
    for event in events:
        found[event.phase_id, event.arm_id, event.visitor].add(event, **options)
    return dict(found)


def summed(visitors: Iterable[Tally]) -> dict[str, Any]:
    """Sufficient statistics over visitors."""
    found = list(visitors)
    counts = [item.counts for item in found]

    def products(one: str, other: str) -> int:
        return sum(item[one] * item[other] for item in counts)

    return {
        **{name: sum(item[name] for item in counts) for name in COLUMNS.values()},
        "visitors": sum(item["rendered"] > 0 for item in counts),
        "viewing_visitors": sum(item["viewable"] > 0 for item in counts),
        "clicking_visitors": sum(item["clicks"] > 0 for item in counts),
        "failing_visitors": sum(item["failed"] > 0 for item in counts),
        "viewable_squared": products("viewable", "viewable"),
        "clicks_squared": products("clicks", "clicks"),
        "clicks_viewable": products("clicks", "viewable"),
        "conversions_squared": products("conversions", "conversions"),
        "clicks_conversions": products("clicks", "conversions"),
        "suspicious": sum(item.suspicious for item in found),
        "value": sum((item.value for item in found), Decimal(0)),
        **dict.fromkeys(("flagged_visitors", "mixed", "tiles"), 0),
    }


def of_whole_visitors(visitors: Iterable[Tally], *, by_tile: bool) -> dict[str, Any]:
    """The same with what only whole visitors have: flags, and tiles where those are drawn."""
    found = list(visitors)
    return {
        **summed(found),
        "flagged_visitors": sum(item.counts["rendered"] > 0 and item.flagged for item in found),
        "tiles": sum(len(item.seen) for item in found) if by_tile else 0,
    }


def mixed_visitors(events: list[Event], by_tile: set[int]) -> set[tuple[int, str]]:
    """Experiment and visitor of those in two arms, where the unit is the visitor."""
    arms: dict[tuple[int, str], set[int]] = defaultdict(set)
    for event in events:
        if event.experiment_id not in by_tile:
            arms[event.experiment_id, event.visitor].add(event.arm_id)
    return {key for key, mine in arms.items() if len(mine) > 1}


def summaries(events: list[Event]) -> dict[tuple[int, int, str], dict[str, Any]]:
    """By phase, arm and slice; a slice that nobody is in has none."""
    tiled = Experiment.objects.filter(unit=Experiment.Unit.TILE)
    by_tile = set(tiled.values_list("pk", flat=True))
    tile_phases = {event.phase_id for event in events if event.experiment_id in by_tile}
    two = mixed_visitors(events, by_tile)
    left_out = [event for event in events if (event.experiment_id, event.visitor) in two]
    events = [event for event in events if (event.experiment_id, event.visitor) not in two]
    visitors = by_visitor(events)
    flagged = {(phase, visitor) for (phase, _arm, visitor), v in visitors.items() if v.suspicious}
    for (phase, _arm, visitor), item in visitors.items():
        # Where tiles are drawn, what was done in one arm flags a visitor in all.
        in_any = phase in tile_phases and (phase, visitor) in flagged
        item.flagged = bool(item.suspicious) or in_any
    found: dict[tuple[int, int, str], dict[str, Any]] = {}

    def group(name: str, inside: dict[tuple[int, int, str], Tally], *, whole: bool = False) -> None:
        for phase, arm in {key[:2] for key in inside}:
            mine = [item for key, item in inside.items() if key[:2] == (phase, arm)]
            found[phase, arm, name] = (
                of_whole_visitors(mine, by_tile=phase in tile_phases) if whole else summed(mine)
            )

    group("all", visitors, whole=True)
    group("unsuspicious", {k: v for k, v in visitors.items() if not v.flagged}, whole=True)
    for device in {item.device for item in visitors.values()} - {""}:
        mine = {k: v for k, v in visitors.items() if v.device == device}
        group(f"device:{device}", mine, whole=True)
    for name, band in BANDS.items():
        inside = [event for event in events if event.position is not None]
        counted = {"rendered", "viewable", "click"}
        inside = [item for item in inside if item.position in band and item.kind in counted]
        group(f"position:{name}", by_visitor(inside, positions_only=True))
    for product in {event.product_id for event in events}:
        own = [event for event in events if event.product_id == product]
        group(f"product:{product}", by_visitor(own))
    for (phase, arm, _visitor), item in by_visitor(left_out).items():
        if item.counts["rendered"]:
            found.setdefault((phase, arm, "all"), summed([]))["mixed"] += 1
    return found


def check_everything(*, of: Callable[[], list[Event]] = lambda: list(Event.objects.all())) -> None:
    """Every total beside a recount."""
    events = of()
    visitors = by_visitor(events)
    rows = {(row.phase_id, row.arm_id, row.visitor): row for row in VisitorTotals.objects.all()}
    assert rows.keys() == visitors.keys()
    for key, tally in visitors.items():
        row = rows[key]
        assert {name: getattr(row, name) for name in COLUMNS.values()} == tally.counts
        assert (row.value, row.suspicious, row.device) == (
            tally.value,
            tally.suspicious,
            tally.device,
        )
        assert (row.first_at, row.last_at) == (min(tally.times), max(tally.times))
    newest = {
        (row.phase_id, row.arm_id, row.slice): {name: getattr(row, name) for name in SUMS}
        for row in SummaryTotals.objects.order_by("day")
    }
    # One whom everybody has left stays, as zeros.
    newest = {key: sums for key, sums in newest.items() if any(sums.values())}
    assert newest == summaries(events)
    check_hours(events)


def check_hours(events: list[Event]) -> None:
    hours: dict[tuple[int, int, datetime], dict[str, int]] = {}
    for event in events:
        hour = event.at.replace(minute=0, second=0, microsecond=0)
        counts = hours.setdefault(
            (event.phase_id, event.arm_id, hour), dict.fromkeys(COLUMNS.values(), 0)
        )
        counts[COLUMNS[event.kind]] += 1
    assert hours == {
        (row.phase_id, row.arm_id, row.hour): {
            name: getattr(row, name) for name in COLUMNS.values()
        }
        for row in HourlyTotals.objects.all()
    }
