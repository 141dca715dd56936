"""POST events/: what counts, what does not, and what never gets in."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from django.db import OperationalError

from shop_style.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def token(post: Any, shop: Any) -> str:
    answer = post("placement", {"objects": shop.names(), "placement": "listing"}).json()
    return str(answer["token"])


def click(position: int = 0) -> dict[str, Any]:
    return {"kind": "click", "position": position}


@pytest.mark.parametrize("kind", ["application/json", "text/plain;charset=UTF-8", "text/plain"])
def test_beacons_and_json_are_taken_alike(post: Any, token: str, kind: str) -> None:
    response = post("events", {"token": token, "events": [click()]}, kind=kind)
    assert response.status_code == 202
    assert response.json() == {"accepted": 1, "duplicates": 0, "rejected": []}
    assert response["Cache-Control"] == "private, no-store"
    assert Event.objects.count() == 3


def test_good_events_are_stored_and_bad_ones_named(post: Any, token: str) -> None:
    events = [click(0), {"kind": "bought", "position": 1}, click(1), click(77), "x", click(0)]
    answer = post("events", {"token": token, "events": events}).json()
    assert (answer["accepted"], answer["duplicates"]) == (2, 1)
    assert [(item["index"], item["code"]) for item in answer["rejected"]] == [
        (1, "unknown_kind"),
        (3, "unknown_position"),
        (4, "bad_event"),
    ]


def test_of_ten_thousand_replays_one_counts(post: Any, token: str, browser: Any) -> None:
    body, client = {"token": token, "events": [click()] * 100}, browser()
    answers = [post("events", body, client=client).json() for _ in range(100)]
    assert sum(answer["accepted"] for answer in answers) == 1
    assert sum(answer["duplicates"] for answer in answers) == 9_999
    assert Event.objects.count() == 3  # the click, and what it implies


def test_of_ten_thousand_forged_events_none_counts(post: Any, token: str, browser: Any) -> None:
    chance = random.Random(5)
    client = browser()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_:."
    for number in range(1000):
        index = chance.randrange(len(token) - 1)
        forged = {
            0: token[:index]
            + chance.choice(letters.replace(token[index], ""))
            + token[index + 1 :],
            1: token[:index],
            2: "".join(chance.choices(letters, k=len(token))),
            3: token.rsplit(":", 1)[0] + ":" + "".join(chance.choices(letters[:-2], k=43)),
        }[number % 4]
        body = {"token": forged or "x", "events": [click(place) for place in range(10)]}
        response = post("events", body, client=client)
        assert response.status_code == 400 and response.json()["code"] == "bad_token"
    assert Event.objects.count() == 0


def test_arm_visitor_product_and_time_of_the_body_are_ignored(post: Any, token: str) -> None:
    event = click() | {"arm": 99, "visitor": "me", "product": 1, "at": "2001-01-01", "value": 1e9}
    assert post("events", {"token": token, "events": [event]}).json()["accepted"] == 1
    row = Event.objects.get(kind="click")
    assert row.visitor != "me" and row.value is None and row.at.year > 2020 and row.arm_id != 99


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed"),
        (b"\xff\xfe", "text/plain", 400, "malformed"),
        (b'{"token": "x", "events": [NaN]}', "text/plain", 400, "malformed"),
        (b"[" * 60_000, "text/plain", 400, "malformed"),
        (b"", "text/plain", 400, "invalid"),
        (b"null", "text/plain", 400, "invalid"),
        (b"[]", "text/plain", 400, "invalid"),
        (b'{"token": "x"}', "text/plain", 400, "invalid"),
        (b'{"token": "x", "events": []}', "text/plain", 400, "invalid"),
        (b'{"token": 7, "events": [1]}', "text/plain", 400, "bad_token"),
        (b'{"token": "x\\u0000", "events": [1]}', "text/plain", 400, "invalid"),
        (b'{"token": "x", "events": [1]}', "text/html", 415, "unsupported_media_type"),
        (b"token=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    ],
)
def test_what_is_no_report_is_refused_with_its_code(
    post: Any, body: bytes, kind: str, status: int, code: str
) -> None:
    response = post("events", body, kind=kind)
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_at_most_a_hundred_events_and_64_kib(post: Any, token: str) -> None:
    many = {"token": token, "events": [click()] * 101}
    assert post("events", many).json()["code"] == "invalid"
    just = {"token": token, "events": [click()] * 100}
    assert post("events", just).json() == {"accepted": 1, "duplicates": 99, "rejected": []}
    body = json.dumps({"token": token, "events": [click(1)]})
    full = body + " " * (65_536 - len(body))
    assert post("events", full, kind="text/plain").status_code == 202
    over = post("events", full + " ", kind="text/plain")
    assert (over.status_code, over.json()["code"]) == (413, "too_large")
    assert Event.objects.filter(kind="click").count() == 2


def test_a_cookie_or_session_is_not_needed(post: Any, token: str, browser: Any) -> None:
    response = post("events", {"token": token, "events": [click()]}, client=browser())
    assert response.status_code == 202 and not response.cookies


def test_what_cannot_be_stored_is_not_acknowledged(
    post: Any, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OperationalError("database is locked")

    monkeypatch.setattr("shop_style.experiments.ingest.store", fail)
    response = post("events", {"token": token, "events": [click()]})
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert response["Retry-After"]
    monkeypatch.undo()
    assert post("events", {"token": token, "events": [click()]}).json()["accepted"] == 1
