"""Who logs in on a second device keeps the first one's arm; who saw both is in no result."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.utils import timezone

from shop_style.experiments import lifecycle
from shop_style.experiments.login import merge_visitor
from shop_style.experiments.purge import purge_events
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.rollup import rollup
from shop_style.experiments.tokens import read_token
from shop_style.experiments.visitor import known_visitor
from shop_style.models import Event, Experiment, MixedVisitor, SummaryTotals, VisitorIdentity
from tests.experiments.test_storefront import is_styled, page, token_of, two_arms
from tests.experiments.visits import visit, visit_arm

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.experiments.storefront")]


@pytest.fixture
def shop(make_shop: Any, settings: Any) -> Any:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "MERGE_LOGINS": True}
    shop = make_shop()
    shop.start()
    User.objects.create_user("eve")
    return shop


def enter(client: Any, name: str = "eve") -> None:
    assert client.post("/enter/", {"name": name}).status_code == 200


def exposure_of(client: Any) -> Any:
    return read_token(token_of(page(client)), hours=1).exposures[0]


def test_a_fresh_device_goes_on_in_the_first_ones_arm_as_the_same_visitor(
    browser: Any, shop: Any
) -> None:
    for styled, first in two_arms(browser).items():
        name = f"user-{styled}"
        User.objects.create_user(name)
        enter(first, name)
        for _ in range(5):
            other = browser()
            enter(other, name)
            assert is_styled(page(other)) == styled
            there, here = exposure_of(first), exposure_of(other)
            assert (here.arm, here.phase, here.visitor) == (there.arm, there.phase, there.visitor)
            other.post("/enter/", {"name": name})
            assert is_styled(page(other)) == styled
    assert not MixedVisitor.objects.exists()


def test_who_logs_in_before_the_first_page_is_recognised_on_it(browser: Any, shop: Any) -> None:
    first = browser()
    enter(first)
    styled = is_styled(page(first))
    assert VisitorIdentity.objects.count() == 1
    for _ in range(5):
        other = browser()
        enter(other)
        assert is_styled(page(other)) == styled
    assert VisitorIdentity.objects.count() == 1 and not MixedVisitor.objects.exists()


def test_who_saw_both_arms_is_left_out_and_counted_by_arm(browser: Any, shop: Any) -> None:
    for _ in range(6):
        visit(shop).report(("click", 0))
    arms = two_arms(browser)
    for client in arms.values():
        report(client, shop)
    rollup()
    before = {arm.slug: arm for arm in build_report(shop.experiment).arms}
    enter(arms[False])
    enter(arms[True])
    assert not is_styled(page(arms[True]))  # the first arm wins from now on
    rollup()
    after = {arm.slug: arm for arm in build_report(shop.experiment).arms}
    for slug in ("control", "warm"):
        assert after[slug].visitors == before[slug].visitors - 1
        assert after[slug].clicks == before[slug].clicks - 1
        assert after[slug].mixed == 1
    counts = {split.stage: split.counts for split in build_report(shop.experiment).splits}
    assert counts["rendered"] == {slug: arm.visitors for slug, arm in before.items()}
    report(arms[True], shop)
    rollup(recount=True)
    again = {arm.slug: arm for arm in build_report(shop.experiment).arms}
    assert {slug: arm.clicks for slug, arm in again.items()} == {
        slug: arm.clicks for slug, arm in after.items()
    }


def report(client: Any, shop: Any) -> None:
    body = {"token": token_of(page(client)), "events": [{"kind": "click", "position": 0}]}
    assert client.post("/shop-style/events/", body, content_type="application/json").json()[
        "accepted"
    ]


def test_rows_in_two_arms_are_found_by_the_rollup_itself(shop: Any) -> None:
    """As when a cookie lost its phases and the weights have changed."""
    seen = visit(shop)
    seen.report(("click", 0))
    visit(shop).report(("click", 0))
    rollup()
    arms = {arm.pk for arm in shop.experiment.arms.all()}
    first = Event.objects.earliest("pk").visitor
    event = Event.objects.filter(visitor=first, kind="rendered").first()
    assert event is not None
    event.pk, event.event_id = None, "f" * 32
    (event.arm_id,) = arms - {event.arm_id}
    event.save()
    rollup()
    sums = SummaryTotals.objects.filter(slice="all")
    assert sum(row.visitors for row in sums) == 1
    assert Counter({row.arm_id: row.mixed for row in sums}) == Counter(arms)


def test_nothing_is_joined_unless_the_shop_says_so(browser: Any, shop: Any, settings: Any) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "MERGE_LOGINS": False}
    client = browser()
    enter(client)
    page(client)
    enter(client)
    assert not VisitorIdentity.objects.exists()


def test_who_asks_not_to_be_tracked_is_not_recognised(browser: Any, shop: Any) -> None:
    merge_visitor(visit_arm(shop, styled=True).visitor, User.objects.get())
    client = browser(sec_gpc="1")
    enter(client)
    assert not is_styled(page(client)) and "shop_style_visitor" not in client.cookies
    assert merge_visitor(client.get("/").wsgi_request, User.objects.get()) == ""


def test_a_login_goes_through_whatever_of_ours_fails(browser: Any, shop: Any) -> None:
    def fail(execute: Any, sql: str, *arguments: Any) -> Any:
        if "shop_style_visitoridentity" in sql:
            raise OperationalError("no such table")
        return execute(sql, *arguments)

    client = browser()
    with connection.execute_wrapper(fail):
        page(client)
        enter(client)
        other = browser()
        enter(other)
        assert not is_styled(page(other))
    assert not VisitorIdentity.objects.exists()


def test_an_identity_means_nothing_in_another_experiment_and_goes_with_the_purge(
    shop: Any, make_chair: Any
) -> None:
    from shop_style.experiments.identity import identity_of

    eve = User.objects.get()
    salts = [str(number) * 32 for number in range(2)]
    assert len({identity_of(salt, eve) for salt in salts}) == 2
    merge_visitor(visit(shop).visitor, eve)
    row = VisitorIdentity.objects.get()
    assert row.identity == identity_of(Experiment.objects.get().identity_salt, eve)
    lifecycle.finish(shop.experiment, actor="ada")
    Experiment.objects.update(ended_at=timezone.now() - timedelta(days=91))
    purge_events()
    assert not VisitorIdentity.objects.exists()
    assert Experiment.objects.get().identity_salt == ""


def test_headless_callers_merge_what_they_keep(browser: Any, shop: Any) -> None:
    eve = User.objects.get()
    first, second = visit_arm(shop, styled=True), visit_arm(shop, styled=False)
    assert merge_visitor(first.visitor, eve) == first.visitor
    merged = merge_visitor(second.visitor, eve)
    assert visit(shop, merged).is_styled and MixedVisitor.objects.count() == 2
    client = browser()
    client.force_login(eve)
    address = "/shop-style/visitor/merge/"
    answer = client.post(address, {"visitor": ""}, content_type="application/json")
    fresh = answer.json()["visitor"]
    assert visit(shop, fresh).is_styled
    assert client.cookies["shop_style_visitor"].value == fresh
    answer = client.post(address, {"visitor": first.visitor}, content_type="application/json")
    assert answer.json() == {"visitor": first.visitor}
    assert browser().post(address, {}, content_type="application/json").status_code in (401, 403)
    assert merge_visitor("not ours", eve) and not merge_visitor("not ours", User(pk=9))


def test_a_merged_visitor_reads_back(shop: Any) -> None:
    seen = visit(shop)
    known = known_visitor(seen.visitor)
    assert known is not None
    merged = known.adopting(shop.experiment.pk, 1, 2, "a" * 24)
    assert known_visitor(merged.signed()) == merged
