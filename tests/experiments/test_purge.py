"""After the end and a while nothing recoverable of a visitor is left, and the report stays."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from shop_style.experiments import lifecycle, purge
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.snapshot import current_snapshot
from shop_style.models import Event, Experiment, ServingSnapshot, SummaryTotals, VisitorTotals
from tests.experiments.test_rollup import crowd
from tests.experiments.visits import visit

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    said = io.StringIO()
    call_command("purge_events", *arguments, stdout=said)
    return said.getvalue()


@pytest.fixture
def ended(make_shop: Any) -> Any:
    shop = make_shop(3)
    shop.start()
    crowd(shop, 30)
    lifecycle.finish(shop.experiment, actor="ada")
    Experiment.objects.update(ended_at=timezone.now() - timedelta(days=91))
    return shop


def test_events_visitors_and_salts_go_and_the_report_stays(
    ended: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "_BATCH", 7)
    number = Event.objects.count()
    salts = Experiment.objects.values_list("coverage_salt", "arm_salt", "visitor_salt").get()
    assert f"{number} events and 0 visitors of 1 experiments would be" in run("--dry-run")
    assert Event.objects.count() == number
    assert f"{number} events and 30 visitors of 1 experiments were removed" in run()
    assert not Event.objects.exists() and not VisitorTotals.objects.exists()
    row = Experiment.objects.get()
    assert (row.coverage_salt, row.arm_salt, row.visitor_salt) == ("", "", "")
    stored = str(list(ServingSnapshot.objects.values())) + str(list(Experiment.objects.values()))
    assert not any(salt in stored for salt in salts)
    report = build_report(row)
    assert report.visitors == 30 and sum(arm.clicks for arm in report.arms) > 0
    assert SummaryTotals.objects.exists()
    assert "0 events and 0 visitors of 0 experiments" in run()


def test_live_and_fresh_experiments_keep_theirs(make_shop: Any) -> None:
    shop = make_shop(3)
    shop.start()
    crowd(shop, 5)
    assert "of 0 experiments" in run("--days", "0")
    lifecycle.finish(shop.experiment, actor="ada")
    assert "of 0 experiments" in run()
    assert Event.objects.exists()
    assert "of 1 experiments were" in run("--days", "0")


def test_a_page_of_before_stores_nothing_after_the_purge(make_shop: Any) -> None:
    shop = make_shop(3)
    shop.start()
    seen = visit(shop)
    ended_at = timezone.now() - timedelta(days=91)
    Experiment.objects.update(state="finished", ended_at=ended_at)
    held = current_snapshot()  # another process, whose picture is seconds old
    run()
    assert held.experiments[0].is_live
    assert seen.report(("click", 0)).accepted == 0
    assert not Event.objects.exists()


def test_what_comes_after_the_purge_changes_no_sum(make_shop: Any) -> None:
    """A process whose picture is seconds old still takes an order for it."""
    from shop_style.experiments.conversions import record_conversion
    from shop_style.experiments.rollup import rollup

    shop = make_shop(3)
    shop.start()
    crowd(shop, 30)
    seen = visit(shop)
    current_snapshot()
    Experiment.objects.update(state="finished", ended_at=timezone.now() - timedelta(days=91))
    run()
    before = build_report(Experiment.objects.get()).as_dict()
    assert record_conversion(seen.visitor, shop.chairs[:1], order="A-1") == 0
    rollup(recount=True)
    after = build_report(Experiment.objects.get()).as_dict()
    assert after["arms"] == before["arms"] and after["visitors"] == 30


def test_a_purge_that_was_killed_is_finished_by_the_next(
    ended: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = purge._remove

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(purge, "_remove", killed)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert Experiment.objects.get().purged_at and Event.objects.exists()
    monkeypatch.setattr(purge, "_remove", real)
    run()
    assert not Event.objects.exists() and not VisitorTotals.objects.exists()


def test_a_recount_beside_a_killed_purge_changes_no_total(
    ended: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shop_style.experiments.rollup import rollup
    from shop_style.models import HourlyTotals

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(purge, "_remove", killed)
    with pytest.raises(KeyboardInterrupt):
        run()
    before = list(HourlyTotals.objects.order_by("pk").values())
    assert before and sum(row["clicks"] for row in before) > 0
    half = Event.objects.order_by("pk").values_list("pk", flat=True)[: Event.objects.count() // 2]
    Event.objects.filter(pk__in=list(half)).delete()
    assert rollup(recount=True).events == 0
    assert list(HourlyTotals.objects.order_by("pk").values()) == before
