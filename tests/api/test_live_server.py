"""A real gunicorn with several workers, and parallel clients over loopback."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from shop_style.experiments import lifecycle
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.rollup import rollup
from shop_style.models import DailyTally, Event
from tests.api.server import Server, running_server
from tests.conftest import BROWSER

pytestmark = pytest.mark.django_db(transaction=True)
HEADERS = {"User-Agent": BROWSER, "Content-Type": "application/json"}


@pytest.fixture
def server(settings: Any, media: Path, tmp_path: Path) -> Iterator[Server]:
    """gunicorn on the test's own database and media."""
    log = tmp_path / "gunicorn.log"
    with running_server(folder=settings.TEST_FOLDER, media=media, log=log) as found:
        yield found


class Shopper:
    """One keep-alive connection and what a headless storefront keeps of a visitor."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.visitor = ""

    def call(self, address: str, body: Any) -> tuple[int, Any]:
        self._connection.request("POST", f"/shop-style/{address}/", json.dumps(body), HEADERS)
        response = self._connection.getresponse()
        return response.status, json.loads(response.read())

    def visit(self, names: list[str]) -> tuple[str, list[int]]:
        """A page and its click. Returns the arm and the statuses."""
        body = {"objects": names, "placement": "listing", "visitor": self.visitor}
        status, page = self.call("placement", body)
        self.visitor = page["visitor"]
        arm = page["pictures"][0]["picture"]["style"] or "control"
        events = [{"kind": "viewable", "position": n} for n in range(len(names))]
        events.append({"kind": "click", "position": 0})
        report = {"token": page["token"], "events": events}
        answers = [self.call("events", report) for _ in range(2)]  # a retry
        assert answers[0][1]["accepted"] == len(events)
        assert answers[1][1] == {"accepted": 0, "duplicates": len(events), "rejected": []}
        return arm, [status, *(answer[0] for answer in answers)]


@pytest.mark.slow
def test_parallel_shoppers_keep_their_arms_and_every_event_is_stored_once(
    make_shop: Any, server: Server
) -> None:
    shop = make_shop(4)
    lifecycle.start(shop.experiment, actor="ada")
    names = shop.names()

    def shopper(_: int) -> str:
        one = Shopper(server.port)
        visits = [one.visit(names) for _ in range(3)]
        assert {code for _arm, statuses in visits for code in statuses} == {200, 202}
        (arm,) = {arm for arm, _statuses in visits}
        return arm

    with ThreadPoolExecutor(max_workers=8) as pool:
        arms = list(pool.map(shopper, range(48)))
    assert set(arms) == {"control", "warm"}
    pages = 48 * 3
    assert Event.objects.filter(kind="click").count() == pages
    assert Event.objects.filter(kind="viewable").count() == pages * 4
    assert Event.objects.filter(kind="rendered").count() == pages * 4
    assert Event.objects.values("visitor").distinct().count() == 48
    rollup()
    report = build_report(shop.experiment)
    assert {arm.slug: arm.visitors for arm in report.arms} == {
        arm: arms.count(arm) for arm in ("control", "warm")
    }
    assert {arm.slug: arm.clicks for arm in report.arms} == {
        arm: 3 * arms.count(arm) for arm in ("control", "warm")
    }


@pytest.mark.slow
def test_counters_reach_the_database_when_the_server_goes_down(
    make_shop: Any, server: Server
) -> None:
    shop = make_shop(2)
    lifecycle.start(shop.experiment, actor="ada")
    shopper = Shopper(server.port)
    for _ in range(3):
        shopper.visit(shop.names())
    assert not DailyTally.objects.exists()  # the interval of the test settings is an hour
    server.process.terminate()
    server.process.wait(timeout=15)
    found = dict(DailyTally.objects.values_list("kind", "number"))
    # Each page says its three events twice.
    assert found == {"token": 3, "visitor": 1, "repeated": 9}
