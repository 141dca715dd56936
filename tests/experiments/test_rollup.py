"""Totals equal a recount of the raw events, however often and in whatever pieces they are made."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from shop_style.experiments import lifecycle, recount
from shop_style.experiments import rollup as module
from shop_style.experiments.conversions import record_conversion
from shop_style.experiments.rollup import rollup, rollup_if_due, waiting_events
from shop_style.experiments.upsert import put_found
from shop_style.models import (
    Event,
    HourlyTotals,
    Kind,
    PhaseProduct,
    RollupMark,
    SummaryTotals,
    VisitorTotals,
)
from tests.conftest import BROWSER
from tests.experiments.recounting import check_everything
from tests.experiments.test_visitor import IPHONE
from tests.experiments.visits import visit

pytestmark = pytest.mark.django_db


def crowd(shop: Any, number: int, seed: int = 1) -> None:
    """So many visitors who do this and that."""
    chance = random.Random(seed)
    for index in range(number):
        seen = visit(shop)
        agent = IPHONE if index % 3 == 0 else BROWSER
        for position in range(len(shop.chairs)):
            kind = chance.choice(["rendered", "rendered", "viewable", "viewable", "click"])
            seen.report((kind, position), agent=agent)
        if index % 7 == 0:
            seen.report(("failed", 0), ("rendered", 1), agent="Googlebot/2.1")
        if index % 5 == 0:
            record_conversion(seen.visitor, shop.chairs[:1], order=str(index), values=[9.5])


def write_events(shop: Any, number: int, seed: int = 1, *, strays: int = 0) -> None:
    """So many events of two phases at random places of long pages, as if they had come by HTTP.

    strays: each so-manieth is of the visitor's other arm; 0 is none.
    """
    chance = random.Random(seed)
    if shop.experiment.phases.count() == 1:
        lifecycle.change_weights(shop.experiment, {"control": 0.3, "warm": 0.7}, actor="ada")
    products = list(PhaseProduct.objects.filter(phase__experiment=shop.experiment))
    arms = list(shop.experiment.arms.all())
    now = timezone.now().replace(microsecond=0)
    rows = []
    for index in range(number):
        visitor = chance.randrange(1 + number // 12)
        product = chance.choice([item for item in products if (item.pk + visitor) % 2])
        kind = chance.choice([*Kind, Kind.RENDERED, Kind.VIEWABLE, Kind.VIEWABLE])
        is_order = kind == Kind.CONVERSION
        rows.append(
            Event(
                event_id=f"{seed:08x}{index:024x}",
                experiment=shop.experiment,
                phase_id=product.phase_id,
                arm=arms[(visitor + bool(strays and index % strays == 0)) % len(arms)],
                product=product,
                visitor=f"{visitor:024x}",
                kind=kind,
                position=None if is_order else chance.randrange(48),
                value=chance.choice([None, Decimal("12.30")]) if is_order else None,
                device="" if is_order else ("desktop", "mobile", "tablet")[visitor % 3],
                suspicion=chance.choice([0, 0, 0, 1, 3]),
                at=now - timedelta(minutes=chance.randrange(600)),
            )
        )
    Event.objects.bulk_create(rows)


@pytest.fixture
def shop(make_shop: Any) -> Any:
    shop = make_shop(3)
    shop.start()
    return shop


def everything() -> list[Any]:
    return [
        list(model.objects.order_by("phase", "arm").values())
        for model in (VisitorTotals, SummaryTotals, HourlyTotals)
    ]


def test_totals_equal_a_recount_and_a_second_run_changes_nothing(shop: Any) -> None:
    crowd(shop, 40)
    report = rollup()
    assert report.events == Event.objects.count() and report.visitors == 40
    check_everything()
    before = everything()
    assert rollup().events == 0
    assert everything() == before


def test_databases_without_upserts_of_a_query_count_the_same(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recount, "put_selected", put_found)  # as on MySQL
    write_events(shop, 300)
    rollup()
    write_events(shop, 300, seed=2)
    rollup()
    check_everything()


def test_totals_grow_with_visitors_who_come_back(shop: Any) -> None:
    first = visit(shop)
    first.report(("click", 0))
    rollup()
    visit(shop, first.visitor).report(("click", 0), ("click", 1))
    rollup()
    check_everything()
    assert VisitorTotals.objects.get().clicks == 3


def test_small_blocks_give_the_same_as_large_ones(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(shop, 25)
    monkeypatch.setattr(module, "_BLOCK", 7)
    rollup()
    check_everything()


def test_a_run_that_was_stopped_goes_on(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd(shop, 25)
    monkeypatch.setattr(module, "_BLOCK", 20)
    real, calls = module.count_visitors, []

    def stop_at_third(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(*arguments)

    monkeypatch.setattr(module, "count_visitors", stop_at_third)
    with pytest.raises(KeyboardInterrupt):
        rollup()
    assert 0 < RollupMark.objects.get().last_event < Event.objects.latest("pk").pk
    monkeypatch.setattr(module, "count_visitors", real)
    rollup()
    check_everything()


def test_a_run_that_was_killed_before_its_sums_is_made_good(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(shop, 12)
    number = Event.objects.count()
    monkeypatch.setattr(module, "_BLOCK", number)  # the block is full, so another is looked for
    real = module.summarise

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "summarise", killed)
    with pytest.raises(KeyboardInterrupt):
        rollup()
    assert VisitorTotals.objects.count() == 12 and not SummaryTotals.objects.exists()
    monkeypatch.setattr(module, "summarise", real)
    assert rollup().events == 0  # nothing is new
    check_everything()


def test_the_time_zone_of_whoever_looks_moves_no_sums(shop: Any) -> None:
    crowd(shop, 4)
    with timezone.override("Pacific/Kiritimati"):
        rollup()
    crowd(shop, 4, seed=2)
    with timezone.override("Pacific/Pago_Pago"):
        rollup()
    assert SummaryTotals.objects.values("day").distinct().count() == 1
    check_everything()


def test_a_site_without_time_zones_is_rolled_up(shop: Any, settings: Any) -> None:
    settings.USE_TZ = False
    crowd(shop, 4)
    rollup()
    check_everything()


def test_a_recount_reads_every_event_again(shop: Any) -> None:
    crowd(shop, 6)
    rollup()
    late = Event.objects.filter(kind="rendered").order_by("pk")[3]
    Event.objects.filter(pk=late.pk).update(kind="viewable")  # as if it had come long after
    assert rollup().events == 0
    assert rollup(recount=True).events == Event.objects.count()
    check_everything()


def test_events_that_were_written_late_are_counted(shop: Any, settings: Any) -> None:
    """A writer took its row number early and commits after a rollup has passed it by."""
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "LATE_SECONDS": 60.0}
    crowd(shop, 5)
    late = Event.objects.order_by("pk")[2]
    values = {field.attname: getattr(late, field.attname) for field in Event._meta.fields}
    late.delete()
    rollup()
    Event.objects.create(**values)
    rollup()
    check_everything()
    # Once everything is older than that, the mark moves on and nothing is read again.
    Event.objects.update(at=timezone.now() - timedelta(seconds=61))
    rollup()
    assert rollup().events == 0


def test_each_day_keeps_what_was_known_at_its_end(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(shop, 5)
    rollup()
    tomorrow = timezone.now() + timedelta(days=1)
    monkeypatch.setattr(module.timezone, "now", lambda: tomorrow)
    crowd(shop, 5, seed=2)
    rollup()
    kept = SummaryTotals.objects.exclude(slice__startswith="product:")
    rows = kept.order_by("arm", "slice", "day")
    by_arm: dict[tuple[int, str], list[int]] = {}
    for row in rows:
        by_arm.setdefault((row.arm_id, row.slice), []).append(row.viewable)
    assert all(len(values) <= 2 and values == sorted(values) for values in by_arm.values())
    assert len({row.day for row in rows}) == 2


def test_idle_workers_roll_up_now_and_then(shop: Any, settings: Any) -> None:
    crowd(shop, 2)
    assert waiting_events() == Event.objects.count()
    assert rollup_if_due() is not None
    assert waiting_events() == 0
    assert rollup_if_due() is None
    RollupMark.objects.update(rolled_at=timezone.now() - timedelta(seconds=61))
    assert rollup_if_due() is not None
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "ROLLUP_SECONDS": 0}
    RollupMark.objects.update(rolled_at=None)
    assert rollup_if_due() is None


@pytest.mark.django_db(transaction=True)
def test_two_at_once_take_turns_while_events_come_in(
    make_shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_shop(3)
    shop.start()
    monkeypatch.setattr(module, "_BLOCK", 15)
    failures: list[BaseException] = []

    def run(call: Any) -> None:
        try:
            call()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    def roll() -> None:
        for _ in range(4):
            rollup()

    jobs = [lambda: crowd(shop, 20, seed=3), lambda: crowd(shop, 20, seed=4), roll, roll]
    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    rollup()
    check_everything()
