"""Sums by position, product and device, and without visitors of two arms, beside a recount."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from shop_style.experiments import rollup as module
from shop_style.experiments.rollup import rollup
from shop_style.models import (
    SummaryTotals,
)
from tests.experiments.recounting import check_everything
from tests.experiments.test_rollup import crowd, write_events

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(make_shop: Any) -> Any:
    shop = make_shop(3)
    shop.start()
    return shop


@pytest.mark.parametrize("unit", ["visitor", "tile"])
def test_who_is_in_two_arms_equals_a_recount_too(make_shop: Any, unit: str) -> None:
    shop = make_shop(3, unit=unit)
    shop.start()
    write_events(shop, 600, strays=23)
    rollup()
    check_everything()
    rows = SummaryTotals.objects.filter(slice="all")
    found = rows.aggregate(**{name: Sum(name) for name in ("mixed", "tiles", "flagged_visitors")})
    assert bool(found["mixed"]) is (unit == "visitor") and bool(found["tiles"]) is (unit == "tile")
    assert found["flagged_visitors"] > 0


def test_every_slice_equals_a_recount_in_plain_python(shop: Any) -> None:
    write_events(shop, 1_500)
    rollup()
    check_everything()
    slices = set(SummaryTotals.objects.values_list("slice", flat=True))
    assert {"all", "device:tablet", "position:1-4", "position:13-24", "position:25+"} <= slices
    assert sum(name.startswith("product:") for name in slices) == 6  # three of each phase
    write_events(shop, 700, seed=2)
    rollup()
    check_everything()


def test_products_are_summed_up_now_and_then_and_keep_their_newest_day(
    shop: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_products = SummaryTotals.objects.filter(slice__startswith="product:")
    write_events(shop, 200)
    rollup()
    before = list(of_products.order_by("pk").values())
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "SLICE_SECONDS": 900.0}
    write_events(shop, 200, seed=2)
    rollup()
    assert list(of_products.order_by("pk").values()) == before
    rollup(products=True)
    check_everything()
    now = timezone.now()
    monkeypatch.setattr(module.timezone, "now", lambda: now + timedelta(days=1))
    write_events(shop, 200, seed=3)
    rollup()  # the time has come
    assert {row.day for row in of_products} == {date.fromordinal(now.date().toordinal() + 1)}
    assert SummaryTotals.objects.filter(slice="position:1-4").values("day").distinct().count() == 2
    check_everything()


def test_devices_are_slices_of_the_whole(shop: Any) -> None:
    crowd(shop, 20)
    rollup()
    for arm in SummaryTotals.objects.filter(slice="all"):
        parts = SummaryTotals.objects.filter(arm=arm.arm_id, slice__startswith="device:")
        assert {part.slice for part in parts} <= {"device:desktop", "device:mobile"}
        for name in ("visitors", "clicks", "viewable", "viewable_squared", "clicks_viewable"):
            assert sum(getattr(part, name) for part in parts) == getattr(arm, name)
