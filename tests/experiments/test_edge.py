"""Pages out of a shared cache: both arms served, nobody flips, events count for their person."""

from __future__ import annotations

import json
import re
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory

from shop_style.exceptions import ExperimentError
from shop_style.experiments import lifecycle
from shop_style.experiments.conversions import record_conversion
from shop_style.experiments.edge import bucket_arm, edge_of, holds_bucket
from shop_style.experiments.forget import forget_visitor
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.rollup import rollup
from shop_style.experiments.snapshot import Holdout, current_snapshot
from shop_style.experiments.visitor import edge_person
from shop_style.models import Event
from tests.conftest import BROWSER
from tests.experiments import edges
from tests.experiments.edges import BUCKETS, SECRET
from tests.experiments.test_assignment import experiment, phase
from tests.experiments.test_storefront import is_styled, token_of

pytestmark = pytest.mark.urls("tests.experiments.storefront")
PERSON = "ab" * 16
HEADERS = {"X-Shop-Style-Edge": SECRET, "X-Shop-Style-Bucket": "3", "X-Shop-Style-Visitor": PERSON}


@pytest.fixture(autouse=True)
def behind_an_edge(settings: Any) -> None:
    settings.SHOP_STYLE = {
        **settings.SHOP_STYLE,
        "EDGE_BUCKETS": BUCKETS,
        "EDGE_SECRET": SECRET,
    }


def request(**headers: str) -> Any:
    return RequestFactory().get("/", headers={"user-agent": BROWSER, **headers})


def arms(number: int, weights: tuple[float, ...] = (0.5, 0.5), **values: Any) -> list[Any]:
    """The arm of each bucket."""
    entry = experiment(phases={1: phase(weights=weights)}, **values)
    current = entry.phases[entry.current]
    return [getattr(bucket_arm(entry, current, bucket), "slug", None) for bucket in range(number)]


class TestBuckets:
    """Which arm a bucket is."""

    @pytest.mark.parametrize(
        ("weights", "counts"),
        [((0.5, 0.5), [5, 5]), ((0.3, 0.7), [3, 7]), ((0.2, 0.3, 0.5), [2, 3, 5])],
    )
    def test_arms_get_whole_shares(self, weights: Any, counts: list[int]) -> None:
        found = arms(BUCKETS, weights)
        assert [found.count(f"arm-{index}") for index in range(len(weights))] == counts

    def test_which_ones_depends_on_the_experiment(self) -> None:
        drawn = {tuple(arms(BUCKETS, coverage_salt=f"{salt:032x}")) for salt in range(30)}
        assert len(drawn) > 20  # of 252 ways, thirty draws

    def test_more_coverage_moves_nobody(self) -> None:
        before = arms(BUCKETS, coverage=0.4)
        assert [before.count(f"arm-{index}") for index in range(2)] == [2, 2]
        after = arms(BUCKETS, coverage=0.8)
        assert all(new == old for old, new in zip(before, after, strict=True) if old)
        assert sum(arm is not None for arm in after) == 8

    def test_layers_do_not_meet_and_the_holdout_takes_no_part(self) -> None:
        salt = {"layer": "looks", "layer_salt": "l" * 32}
        first = arms(BUCKETS, layer_from=0.0, layer_to=0.4, **salt)
        second = arms(BUCKETS, layer_from=0.4, layer_to=1.0, **salt)
        assert sum(arm is not None for arm in first) == 4
        assert all(
            (one is None) != (other is None) for one, other in zip(first, second, strict=True)
        )
        held = Holdout(salt="h" * 32, share=0.2)
        out = [bucket for bucket in range(BUCKETS) if holds_bucket(held, bucket)]
        found = arms(BUCKETS, holdout=held)
        assert len(out) == 2 and [found[bucket] for bucket in out] == [None, None]
        assert found.count("arm-0") == found.count("arm-1") == 4

    def test_headers_without_the_secret_are_anybodys(self, settings: Any) -> None:
        found = edge_of(request(**HEADERS))
        assert found is not None and (found.bucket, found.visitor) == (3, PERSON)
        for changed in ({"X-Shop-Style-Edge": "guessed"}, {"X-Shop-Style-Edge": ""}):
            assert edge_of(request(**{**HEADERS, **changed})) is None
        for bucket in ("none", "10", "-1", "3.0", "٣"):
            odd = edge_of(request(**{**HEADERS, "X-Shop-Style-Bucket": bucket}))
            assert odd is not None and odd.bucket is None
        settings.SHOP_STYLE = {**settings.SHOP_STYLE, "EDGE_BUCKETS": 0}
        assert edge_of(request(**HEADERS)) is None

    @pytest.mark.parametrize(
        "headers",
        [
            {"sec-gpc": "1"},
            {"dnt": "1"},
            {"user-agent": "Googlebot/2.1"},
            {"X-Shop-Style-Bucket": "none"},
        ],
    )
    def test_who_takes_no_part_is_nobody(self, headers: dict[str, str]) -> None:
        assert edge_person(request(**HEADERS)) is not None
        assert edge_person(request(**{**HEADERS, **headers})) is None


@pytest.mark.django_db
class TestPages:
    """What a page says to a cache."""

    def test_a_bucket_has_one_copy_without_cookie_or_person(
        self, browser: Any, make_shop: Any
    ) -> None:
        make_shop().start()
        client = browser(**HEADERS)
        client.cookies["shop_style_visitor"] = "of an earlier time"
        first = client.get("/")
        assert "Cache-Control" not in first and not first.cookies
        # The demo speaks two languages; a cookie is none of what its pages depend on.
        assert first["Vary"] == "X-Shop-Style-Bucket, Accept-Language"
        other = browser(
            **{**HEADERS, "X-Shop-Style-Visitor": "cd" * 16}, **{"user-agent": "curl/8"}
        )
        assert is_styled(other.get("/").content.decode()) == is_styled(first.content.decode())
        assert PERSON not in first.content.decode()

    def test_what_fails_and_what_is_a_preview_stays_private(
        self, browser: Any, make_shop: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from shop_style.experiments import placement

        make_shop().start()
        client = browser(**HEADERS)
        assert "no-store" in client.get("/?shop_style_arm=old")["Cache-Control"]

        def fail(*_: Any) -> Any:
            raise RuntimeError("planted")

        monkeypatch.setattr(placement, "_entries", fail)
        assert client.get("/")["Cache-Control"] == "private"

    def test_without_the_secret_a_page_is_private_as_ever(
        self, browser: Any, make_shop: Any
    ) -> None:
        make_shop().start()
        response = browser(**{**HEADERS, "X-Shop-Style-Edge": "guessed"}).get("/")
        assert response["Cache-Control"] == "private" and response.cookies

    def test_what_cannot_be_dealt_out_does_not_start(self, make_shop: Any) -> None:
        shop = make_shop()
        with pytest.raises(ExperimentError, match="whole buckets"):
            shop.start(coverage=0.15)
        with pytest.raises(ExperimentError, match="unit visitor"):
            shop.start(coverage=1.0, unit="tile")
        shop.start(unit="visitor", coverage=0.2)
        with pytest.raises(ExperimentError, match="whole buckets"):
            lifecycle.raise_coverage(shop.experiment, 0.25, actor="ada")
        lifecycle.raise_coverage(shop.experiment, 0.4, actor="ada")
        with pytest.raises(ExperimentError, match="EDGE_BUCKETS"):
            lifecycle.change_weights(shop.experiment, {"control": 0.2, "warm": 0.8}, actor="ada")


class Person:
    """Somebody with a browser of their own, over real HTTP."""

    def __init__(self, address: str, **headers: str) -> None:
        self.address, self.jar = address, CookieJar()
        self.headers = {"User-Agent": BROWSER, **headers}
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path: str = "/") -> Any:
        asked = urllib.request.Request(self.address + path, headers=self.headers)
        with self.opener.open(asked, timeout=20) as answer:
            answer.html = answer.read().decode()
            return answer

    def report(self, token: str, view: str, *kinds: str) -> dict[str, Any]:
        events = [{"kind": kind, "position": 0} for kind in kinds]
        body = json.dumps({"token": token, "view": view, "events": events}).encode()
        headers = {**self.headers, "Content-Type": "text/plain"}
        address = f"{self.address}/shop-style/events/"
        asked = urllib.request.Request(address, data=body, headers=headers)
        with self.opener.open(asked, timeout=20) as answer:
            found: dict[str, Any] = json.load(answer)
            return found


@pytest.fixture(params=["small_cache", "nginx"])
def cached(request: Any, live_server: Any, tmp_path: Path) -> Iterator[str]:
    """A cache before the live server."""
    if request.param == "nginx" and edges.nginx_binary() is None:
        pytest.skip("no nginx on this machine: install Debian's `nginx-light` to try the recipe")
    with getattr(edges, request.param)(live_server.url, tmp_path) as address:
        yield address


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_both_arms_out_of_a_cache_and_each_event_to_its_person(cached: str, make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    people = [Person(cached) for _ in range(40)]
    states, seen = defaultdict(int), {}
    for person in people:
        answer = person.get()
        states[answer.headers["X-Cache"]] += 1
        assert "private" not in answer.headers.get("Cache-Control", "")
        assert [cookie.name for cookie in person.jar] == ["shop_edge"]
        seen[person] = is_styled(answer.html), token_of(answer.html)
    # One copy a bucket, and of forty people most came second.
    assert states["MISS"] <= BUCKETS and states["HIT"] >= 40 - BUCKETS
    assert {styled for styled, _token in seen.values()} == {True, False}
    assert len({token for _styled, token in seen.values()}) <= BUCKETS
    for person in people[:8]:  # nobody flips
        again = person.get()
        assert (is_styled(again.html), again.headers["X-Cache"]) == (seen[person][0], "HIT")
    for index, person in enumerate(people):
        token = seen[person][1]
        assert person.report(token, f"{index:022x}", "rendered", "viewable")["accepted"] == 2
        assert person.report(token, f"{index:022x}", "viewable")["duplicates"] == 1
    # The same copy again: another look, and the same visitor.
    first = people[0]
    assert first.report(seen[first][1], "f" * 22, "click")["accepted"] == 1
    assert Event.objects.values("visitor").distinct().count() == 40
    by_arm = {True: "warm", False: "control"}
    for styled, name in by_arm.items():
        expected = sum(item[0] == styled for item in seen.values())
        found = Event.objects.filter(arm__slug=name).values("visitor").distinct()
        assert found.count() == expected
    rollup()
    report = build_report(shop.experiment)
    assert sum(arm.visitors for arm in report.arms) == 40
    assert sum(arm.mixed for arm in report.arms) == 0
    assert not [item for item in report.checks if item.light == "red"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_who_takes_no_part_forgers_and_pages_of_another_bucket(cached: str, make_shop: Any) -> None:
    make_shop().start()
    quiet = Person(cached, **{"Sec-GPC": "1"})
    page = quiet.get()
    assert not is_styled(page.html) and token_of(page.html) == "" and not list(quiet.jar)
    assert quiet.get().headers["X-Cache"] == "HIT"  # those who take no part share a copy
    people: dict[bool, Person] = {}
    tokens: dict[bool, str] = {}
    while len(people) < 2:
        person = Person(cached, **{"X-Shop-Style-Bucket": "none", "X-Shop-Style-Visitor": PERSON})
        answer = person.get()
        people[is_styled(answer.html)], tokens[is_styled(answer.html)] = (
            person,
            token_of(answer.html),
        )
    assert quiet.report(tokens[True], "0" * 22, "click")["rejected"][0]["code"] == "no_part"
    assert Person(cached).report(tokens[True], "0" * 22, "click")["accepted"] == 0  # no cookie
    stray = people[True].report(tokens[False], "0" * 22, "click")
    assert stray["rejected"][0]["code"] == "unknown_position"
    assert not Event.objects.exists()
    assert people[True].report(tokens[True], "0" * 22, "click")["accepted"] == 1
    (visitor,) = set(Event.objects.values_list("visitor", flat=True))
    assert re.fullmatch("[0-9a-f]{24}", visitor)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_where_no_edge_is_set_up_no_cache_keeps_a_page(
    cached: str, make_shop: Any, settings: Any
) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "EDGE_BUCKETS": 0}
    make_shop().start()
    arms: dict[bool, Person] = {}
    while len(arms) < 2:
        person = Person(cached)
        arms[is_styled(person.get().html)] = person
    for _ in range(2):
        for styled, person in arms.items():
            answer = person.get()
            assert is_styled(answer.html) == styled
            assert answer.headers["X-Cache"] != "HIT"
            assert answer.headers["Cache-Control"] == "private"


@pytest.mark.django_db
def test_orders_count_for_who_was_seen_and_people_can_be_forgotten(
    browser: Any, make_shop: Any
) -> None:
    shop = make_shop()
    shop.start()
    bought = [shop.chairs[0]]
    assert record_conversion(request(**HEADERS), bought, order="1") == 0  # never on a list
    client = browser(**HEADERS)
    body = {"token": token_of(client.get("/").content.decode()), "view": "0" * 22}
    events = [{"kind": "viewable", "position": 0}]
    client.post("/shop-style/events/", {**body, "events": events}, "application/json")
    assert record_conversion(request(**HEADERS), bought, order="1", values=[12]) == 1
    assert record_conversion(request(**{**HEADERS, "sec-gpc": "1"}), bought, order="2") == 0
    assert {event.arm_id for event in Event.objects.all()} == {
        bucket_arm(
            current_snapshot().live[0], next(iter(current_snapshot().live[0].phases.values())), 3
        ).id  # type: ignore[union-attr]
    }
    person = edge_person(request(**HEADERS))
    assert person is not None and forget_visitor(person.signed()).events == 3
    assert not Event.objects.exists()
