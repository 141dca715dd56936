"""GET experiments/: for staff alone, with the report that page and command show."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.rollup import rollup
from shop_style.models import Experiment
from tests.experiments.test_rollup import crowd

pytestmark = pytest.mark.django_db
ADDRESSES = ("experiments/", "experiments/warm-listing/", "experiments/warm-listing/report/")


@pytest.fixture
def analyst() -> Client:
    """A member of staff who may see experiments."""
    user = User.objects.create_user("ana", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_experiment"))
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("address", ADDRESSES)
def test_nobody_else_gets_in(shop: Any, address: str, browser: Any) -> None:
    assert browser().get(f"/shop-style/{address}").status_code in (401, 403)
    for values in ({"is_staff": False}, {"is_staff": True}):
        user = User.objects.create_user(f"u{values['is_staff']}", **values)
        client = Client()
        client.force_login(user)
        response = client.get(f"/shop-style/{address}")
        assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
        assert response["Cache-Control"] == "private, no-store"


def test_an_experiment_with_its_arms_and_phases(shop: Any, analyst: Client) -> None:
    (listed,) = analyst.get("/shop-style/experiments/").json()["results"]
    one = analyst.get("/shop-style/experiments/warm-listing/").json()
    assert listed == one
    assert (one["state"], one["placement"], one["coverage"]) == ("running", "listing", 1.0)
    assert one["arms"] == [
        {"slug": "control", "style": None, "weight": 0.5},
        {"slug": "warm", "style": "warm", "weight": 0.5},
    ]
    assert [phase["number"] for phase in one["phases"]] == [1]
    assert "salt" not in str(one)


def test_filters_and_unknown_slugs(shop: Any, analyst: Client) -> None:
    get = analyst.get
    assert get("/shop-style/experiments/?state=running").json()["count"] == 1
    assert get("/shop-style/experiments/?state=draft").json()["count"] == 0
    assert get("/shop-style/experiments/?placement=home").json()["count"] == 0
    wrong = get("/shop-style/experiments/?state=asleep")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid")
    gone = get("/shop-style/experiments/nothing/")
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown_experiment")
    assert "warm-listing" in gone.json()["detail"]


def test_the_report_is_that_of_the_service(shop: Any, analyst: Client) -> None:
    crowd(shop, 20)
    rollup()
    response = analyst.get("/shop-style/experiments/warm-listing/report/")
    assert response.status_code == 200
    assert response.json() == build_report(shop.experiment).as_dict()
    assert response["Cache-Control"] == "private, no-store"


def test_the_list_takes_the_same_queries_for_one_as_for_ten(shop: Any, analyst: Client) -> None:
    counts = []
    for number in (1, 10):
        for index in range(Experiment.objects.count(), number):
            Experiment.objects.create(slug=f"e{index}", name="E")
        with CaptureQueriesContext(connection) as queries:
            analyst.get("/shop-style/experiments/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
