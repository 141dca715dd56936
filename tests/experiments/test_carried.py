"""Old page events of an experiment that runs on are purged, and no total moves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from shop_style.experiments import carried
from shop_style.experiments.forget import forget_visitor
from shop_style.experiments.purge import purge_events
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.rollup import rollup
from shop_style.models import CarriedTotals, Event, HourlyTotals, VisitorTotals
from tests.experiments.test_rollup import crowd
from tests.experiments.visits import visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(make_shop: Any) -> Any:
    """A shop with one visitor who comes back, and others, all of a hundred days ago."""
    shop = make_shop(3)
    shop.start()
    shop.seen = visit(shop)
    shop.seen.report(("click", 0), ("failed", 1), agent="Googlebot/2.1")
    crowd(shop, 15)
    Event.objects.update(at=timezone.now() - timedelta(days=100))
    rollup()
    return shop


def totals() -> list[Any]:
    columns = ("rendered", "viewable", "clicks", "failed", "conversions", "value", "suspicious")
    rows = VisitorTotals.objects.order_by("visitor")
    return list(rows.values("visitor", "arm", "device", "suspicion", "first_at", *columns))


def hours() -> list[Any]:
    return list(HourlyTotals.objects.order_by("arm", "hour").values())


def result(shop: Any) -> Any:
    report = build_report(shop.experiment).as_dict()
    return report["arms"], report["effects"], report["hours"]


def test_totals_stay_through_purge_recount_and_return(old: Any) -> None:
    before, by_hour, report = totals(), hours(), result(old)
    conversions = Event.objects.filter(kind="conversion").count()
    number = Event.objects.count() - conversions
    said = purge_events(dry_run=True)
    assert said.carried == number and Event.objects.count() == number + conversions
    assert f"{number} old page events of others" in purge_events().summary()
    assert Event.objects.count() == conversions > 0
    rollup(recount=True)
    assert (totals(), hours(), result(old)) == (before, by_hour, report)
    visit(old, old.seen.visitor).report(("click", 2))
    rollup()
    returned = Event.objects.exclude(kind="conversion").first().visitor
    row = next(item for item in totals() if item["visitor"] == returned)
    was = next(item for item in before if item["visitor"] == returned)
    assert row["clicks"] == was["clicks"] + 1 and row["first_at"] == was["first_at"]
    assert (row["failed"], row["device"]) == (was["failed"], was["device"])
    assert purge_events().carried == 0


def test_a_run_that_was_killed_loses_and_doubles_nothing(
    old: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, by_hour = totals(), hours()
    monkeypatch.setattr(carried, "_BATCH", 10)
    real, calls = carried._add, [0]

    def killed(*arguments: Any) -> None:
        calls[0] += 1
        if calls[0] == 3:
            raise KeyboardInterrupt
        real(*arguments)

    monkeypatch.setattr(carried, "_add", killed)
    with pytest.raises(KeyboardInterrupt):
        purge_events()
    assert CarriedTotals.objects.exists()
    rollup(recount=True)
    assert (totals(), hours()) == (before, by_hour)
    monkeypatch.setattr(carried, "_add", real)
    purge_events()
    rollup(recount=True)
    assert (totals(), hours()) == (before, by_hour)


def test_young_events_and_pages_still_open_are_left(make_shop: Any) -> None:
    shop = make_shop(3)
    shop.start()
    crowd(shop, 4)
    assert purge_events().carried == 0 == purge_events(days=0).carried


def test_who_is_forgotten_leaves_no_carried_total(old: Any) -> None:
    purge_events()
    assert forget_visitor(old.seen.visitor).totals == 2
    visitors = {row["visitor"] for row in totals()}
    assert set(CarriedTotals.objects.values_list("visitor", flat=True)) <= visitors
