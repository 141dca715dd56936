"""One visitor, gone on request: as if never there, in every total and for good."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from shop_style.experiments import lifecycle
from shop_style.experiments.forget import forget_visitor
from shop_style.experiments.login import merge_visitor
from shop_style.experiments.purge import purge_events
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.rollup import rollup
from shop_style.models import (
    AuditEntry,
    Event,
    Experiment,
    RollupMark,
    VisitorIdentity,
    VisitorTotals,
)
from tests.experiments.test_rollup import check_everything, crowd
from tests.experiments.visits import visit, visit_arm

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(make_shop: Any) -> Any:
    shop = make_shop(3)
    shop.start()
    return shop


def run(*arguments: str) -> str:
    said = io.StringIO()
    call_command("forget_visitor", *arguments, stdout=said)
    return said.getvalue()


def test_every_total_is_as_if_the_visitor_had_never_come(shop: Any) -> None:
    crowd(shop, 12)
    rollup()
    before = build_report(shop.experiment).as_dict()
    seen = visit_arm(shop, styled=True)
    seen.report(("click", 0), ("viewable", 1))
    rollup()
    assert "5 events and 1 totals in 1 experiments would be removed" in run(
        seen.visitor, "--dry-run"
    )
    assert "5 events and 1 totals in 1 experiments were removed" in run(seen.visitor)
    check_everything()
    after = build_report(shop.experiment).as_dict()
    for key in ("arms", "effects", "hours", "segments"):
        assert after[key] == before[key], key
    assert "0 events and 0 totals in 0 experiments" in run(seen.visitor)
    assert AuditEntry.objects.filter(verb="forgot a visitor").count() == 1
    rollup(recount=True)
    check_everything()


def test_it_sums_nothing_up_but_leaves_that_to_the_next_rollup(
    shop: Any, django_assert_max_num_queries: Any
) -> None:
    crowd(shop, 12)
    seen = visit_arm(shop, styled=True)
    seen.report(("click", 0))
    rollup()
    with django_assert_max_num_queries(30) as queries:
        forget_visitor(seen.visitor)
    asked = " ".join(query["sql"] for query in queries)
    assert "summarytotals" not in asked and "hourlytotals" not in asked
    # Every row that is counted or deleted is the visitor's own.
    own = [item["sql"] for item in queries if 'FROM "shop_style_event"' in item["sql"]]
    assert own and all('"visitor" IN' in sql for sql in own)
    assert RollupMark.objects.get().unsummed == [shop.experiment.phases.get().pk]
    rollup()
    check_everything()


def test_the_last_visitor_of_an_arm_leaves_zeros(shop: Any) -> None:
    alone = visit_arm(shop, styled=True)
    alone.report(("click", 0))
    rollup()
    run(alone.visitor)
    report = build_report(shop.experiment)
    assert all((arm.visitors, arm.clicks) == (0, 0) for arm in report.arms)
    assert not report.hours


def test_events_that_no_rollup_has_read_go_too(shop: Any) -> None:
    crowd(shop, 3)
    seen = visit(shop)
    seen.report(("click", 0))
    assert forget_visitor(seen.visitor).events == 3
    rollup()
    assert VisitorTotals.objects.count() == 3
    check_everything()


def test_a_purged_experiment_holds_nothing_to_remove(shop: Any) -> None:
    seen = visit(shop)
    seen.report(("click", 0))
    lifecycle.finish(shop.experiment, actor="ada")
    Experiment.objects.update(ended_at=timezone.now() - timedelta(days=91))
    purge_events()
    assert forget_visitor(seen.visitor).experiments == 0


def test_by_a_user_whose_logins_were_merged(shop: Any) -> None:
    eve = User.objects.create_user("eve")
    first, second = visit_arm(shop, styled=True), visit_arm(shop, styled=False)
    first.report(("click", 0))
    second.report(("click", 0))
    merge_visitor(first.visitor, eve)
    merged = merge_visitor(second.visitor, eve)
    assert "3 events" in run("--user", "eve", "--dry-run")
    # The second device's own value knows both names.
    assert "6 events" in run(merged)
    assert not Event.objects.exists() and not VisitorIdentity.objects.exists()


def test_what_is_no_visitor_is_said(shop: Any, settings: Any) -> None:
    for arguments in (["forged"], [], ["--user", "nobody"]):
        with pytest.raises(CommandError):
            run(*arguments)
    seen = visit(shop)
    seen.report(("click", 0))
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "COOKIE_DAYS": 0}
    assert forget_visitor(seen.visitor).events == 3  # its time is over; its events are there


def test_shoppers_forget_themselves(browser: Any, shop: Any) -> None:
    client = browser()
    address = "/shop-style/visitor/forget/"
    placed = client.post(
        "/shop-style/placement/",
        {"objects": shop.names(), "placement": "listing"},
        content_type="application/json",
    ).json()
    body = {"token": placed["token"], "events": [{"kind": "click", "position": 0}]}
    client.post("/shop-style/events/", body, content_type="application/json")
    rollup()
    answer = client.post(address, {}, content_type="application/json")
    assert answer.json() == {"experiments": 1, "events": 3, "totals": 1}
    assert client.cookies["shop_style_visitor"].value == ""
    for wrong in ({}, {"visitor": "forged"}):
        answer = browser().post(address, wrong, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_visitor")
    again = browser().post(address, {"visitor": placed["visitor"]}, content_type="application/json")
    assert again.json() == {"experiments": 0, "events": 0, "totals": 0}
