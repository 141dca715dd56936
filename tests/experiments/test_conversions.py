"""Orders count for the arms of who placed them, once, and never break a checkout."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError
from django.test import RequestFactory

from shop_style.experiments import lifecycle
from shop_style.experiments.conversions import record_conversion
from shop_style.experiments.hashing import event_id, order_id
from shop_style.experiments.snapshot import forget_snapshot
from shop_style.models import Event, Experiment
from tests.conftest import BROWSER
from tests.experiments.visits import visit, visit_arm

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(make_shop: Any) -> Any:
    shop = make_shop()
    shop.start()
    return shop


@pytest.mark.parametrize("styled", [False, True])
def test_an_order_counts_for_the_visitors_arm(shop: Any, styled: bool) -> None:
    seen = visit_arm(shop, styled=styled)
    new = record_conversion(
        seen.visitor, shop.chairs[:2], order="A-1", values=[Decimal("19.90"), None]
    )
    assert new == 2
    events = list(Event.objects.order_by("product"))
    assert {event.arm.slug for event in events} == {"warm" if styled else "control"}
    assert [event.value for event in events] == [Decimal("19.90"), None]
    assert {event.kind for event in events} == {"conversion"}


def test_the_same_order_counts_once_and_another_again(shop: Any) -> None:
    seen = visit(shop)
    assert record_conversion(seen.visitor, shop.chairs[:1], order="A-1") == 1
    assert record_conversion(seen.visitor, shop.chairs[:1], order="A-1") == 0
    assert record_conversion(seen.visitor, shop.chairs[:1], order="A-2") == 1


def test_an_orders_number_cannot_be_found_without_the_salt(shop: Any) -> None:
    seen = visit(shop)
    record_conversion(seen.visitor, shop.chairs[:1], order="A-1")
    event = Event.objects.get()
    bought = f"shop.chair:{shop.chairs[0].pk}"
    named = ("order", event.phase_id, event.visitor, "A-1", bought)
    assert event.event_id != event_id(*named)
    assert event.event_id == order_id(Experiment.objects.get().visitor_salt, *named)
    assert event.event_id != order_id("", *named)


def test_it_is_the_same_visitor_hash_as_on_the_page(shop: Any) -> None:
    seen = visit(shop)
    seen.report(("click", 0))
    record_conversion(seen.visitor, shop.chairs[:1], order="A-1")
    assert Event.objects.values("visitor").distinct().count() == 1


def test_the_request_brings_the_visitor_in_its_cookie(shop: Any) -> None:
    request = RequestFactory().post("/checkout", headers={"user-agent": BROWSER})
    request.COOKIES["shop_style_visitor"] = visit(shop).visitor
    assert record_conversion(request, shop.chairs[:1], order="A-1") == 1
    assert Event.objects.get().device == "desktop"
    request = RequestFactory().post("/", headers={"user-agent": BROWSER, "sec-gpc": "1"})
    request.COOKIES["shop_style_visitor"] = visit(shop).visitor
    assert record_conversion(request, shop.chairs[:1], order="A-2") == 0


def test_who_never_saw_the_experiment_is_not_enrolled_by_buying(shop: Any) -> None:
    request = RequestFactory().post("/checkout", headers={"user-agent": BROWSER})
    assert record_conversion(request, shop.chairs[:1], order="A-1") == 0
    assert record_conversion("forged", shop.chairs[:1], order="A-1") == 0
    other = visit(shop, placement="elsewhere")
    assert record_conversion(other.visitor, shop.chairs[:1], order="A-1") == 0


def test_products_outside_the_experiment_do_not_count(shop: Any, make_chair: Any) -> None:
    seen = visit(shop)
    assert record_conversion(seen.visitor, [make_chair()], order="A-1") == 0
    assert record_conversion(seen.visitor, [], order="A-1") == 0


def test_an_order_after_the_end_still_counts_for_a_week(shop: Any) -> None:
    seen = visit(shop)
    lifecycle.finish(shop.experiment, actor="ada")
    forget_snapshot()
    assert record_conversion(seen.visitor, shop.chairs[:1], order="A-1") == 1


def test_a_failure_of_ours_never_reaches_the_checkout(
    shop: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    seen = visit(shop)

    def fail(*_: Any, **__: Any) -> Any:
        raise OperationalError("gone away")

    monkeypatch.setattr("shop_style.experiments.conversions.store", fail)
    assert record_conversion(seen.visitor, shop.chairs[:1], order="A-1") == 0
    assert "A-1" in caplog.text
    monkeypatch.undo()
    assert record_conversion(seen.visitor, shop.chairs[:1], order="A-1") == 1


def test_a_product_with_pictures_in_child_rows_counts_once(
    make_style: Any, publish_variant: Any, picture: Any
) -> None:
    from django.core.files.base import ContentFile

    from shop_style.models import Arm, Experiment
    from tests.conftest import Shop
    from tests.shop.models import Lamp, Shot

    style, lamp = make_style(), Lamp.objects.create()
    shots = [
        Shot.objects.create(lamp=lamp, picture=ContentFile(picture(), name="s.jpg"))
        for _ in range(2)
    ]
    for shot in shots:
        publish_variant(shot, style)
    experiment = Experiment.objects.create(slug="l", name="L", planned_visitors=10)
    Arm.objects.create(experiment=experiment, slug="control", weight=0.5)
    Arm.objects.create(experiment=experiment, slug="warm", style=style, weight=0.5)
    shop = Shop(shots, style, experiment)
    shop.start()
    assert record_conversion(visit(shop).visitor, [lamp], order="A-1") == 1


def test_in_a_process_that_lives_on_the_week_ends_as_well(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shop_style.experiments import conversions
    from shop_style.experiments.snapshot import current_snapshot

    seen = visit(shop)
    lifecycle.finish(shop.experiment, actor="ada")
    forget_snapshot()
    held = current_snapshot()
    assert record_conversion(seen.visitor, shop.chairs[:1], order="A-1") == 1
    now = conversions.time.time()
    monkeypatch.setattr(conversions.time, "time", lambda: now + 8 * 86_400)
    assert record_conversion(seen.visitor, shop.chairs[:1], order="A-2") == 0
    assert current_snapshot() is held


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e12, "much", object()])
def test_a_value_that_is_no_amount_does_not_lose_the_order(shop: Any, value: Any) -> None:
    seen = visit(shop)
    assert record_conversion(seen.visitor, shop.chairs[:1], order="A-1", values=[value]) == 1
    assert Event.objects.get().value is None


@pytest.mark.django_db(databases=["default", "tenant"])
def test_a_row_of_another_database_is_another_product(shop: Any, make_chair: Any) -> None:
    twin = make_chair(using="tenant", id=shop.chairs[0].pk)
    assert record_conversion(visit(shop).visitor, [twin], order="A-1") == 0
