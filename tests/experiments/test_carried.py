"""Old page events of an experiment that runs on are purged, and no total moves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from shop_style.experiments import carried, lifecycle
from shop_style.experiments.forget import forget_visitor
from shop_style.experiments.purge import purge_events
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.rollup import rollup
from shop_style.experiments.snapshot import forget_snapshot
from shop_style.models import (
    CarriedProduct,
    CarriedTotals,
    Event,
    HourlyTotals,
    SummaryTotals,
    VisitorTotals,
)
from tests.experiments.recounting import SUMS
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


def by_product() -> dict[tuple[int, str], Any]:
    rows = SummaryTotals.objects.filter(slice__startswith="product:").order_by("arm", "slice")
    return {
        (row.pop("arm_id"), row.pop("slice")): row for row in rows.values("arm_id", "slice", *SUMS)
    }


def result(shop: Any) -> Any:
    report = build_report(shop.experiment).as_dict()
    names = ("arms", "effects", "hours", "by_product", "segments")
    return [report[name] for name in names]


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
    # Of the visitor, carried, and carried by each of two products.
    assert forget_visitor(old.seen.visitor).totals == 4
    visitors = {row["visitor"] for row in totals()}
    for model in (CarriedTotals, CarriedProduct):
        assert set(model.objects.values_list("visitor", flat=True)) == visitors


def test_products_keep_their_sums_when_somebody_returns(old: Any) -> None:
    rollup(products=True)
    before = by_product()
    purge_events()
    rollup(recount=True)
    assert by_product() == before
    visit(old, old.seen.visitor).report(("viewable", 0))
    rollup(products=True)
    changed = {key for key, row in by_product().items() if row != before[key]}
    first = old.experiment.phases.get().products.order_by("pk")[0].pk
    ((arm, name),) = changed
    assert name == f"product:{first}"
    row, was = by_product()[arm, name], before[arm, name]
    assert (row["visitors"], row["rendered"]) == (was["visitors"], was["rendered"] + 1)
    assert row["clicks_viewable"] == was["clicks_viewable"] + 1


def test_a_finished_experiment_leaves_no_carried_count(old: Any) -> None:
    purge_events()
    assert CarriedProduct.objects.exists()
    lifecycle.finish(old.experiment, actor="ada")
    purge_events(days=0)
    assert not CarriedProduct.objects.exists() and not CarriedTotals.objects.exists()


def test_a_visitor_of_two_phases_loses_nothing_in_the_other(old: Any) -> None:
    """Whose old phase is touched by somebody else while the visitor comes in the new one."""
    other = visit(old)
    lifecycle.change_weights(old.experiment, {"control": 0.5, "warm": 0.5}, actor="ada")
    purge_events()
    forget_snapshot()
    first, second = old.experiment.phases.order_by("number")
    hashed = VisitorTotals.objects.filter(clicks__gt=0, conversions__gt=0).first()
    assert hashed is not None
    before = VisitorTotals.objects.filter(phase=first, visitor=hashed.visitor).values().get()
    Event.objects.create(
        event_id="new",
        experiment=old.experiment,
        phase=second,
        arm_id=hashed.arm_id,
        product=second.products.first(),
        visitor=hashed.visitor,
        kind="rendered",
        at=timezone.now(),
    )
    other.report(("rendered", 0))
    rollup()
    rows = VisitorTotals.objects.filter(phase=first, visitor=hashed.visitor)
    assert rows.values().get() == before
