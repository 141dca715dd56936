"""Whatever of ours fails, a storefront answers 200 with the original pictures.

Each fault is put in by itself, on the list by template tags, on single tags and on the API.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import caches
from django.core.files.storage import storages
from django.db import DatabaseError, OperationalError, connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from shop_style.experiments import page as page_module
from shop_style.experiments import placement, rendering, tokens
from shop_style.experiments.snapshot import forget_snapshot
from shop_style.experiments.tally import tally
from shop_style.models import DailyTally, PhaseProduct, StyleVariant
from shop_style.models.variant import StyleVariantQuerySet

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "tenant"]),
    pytest.mark.urls("tests.experiments.storefront"),
]

Fault = Callable[[Any, pytest.MonkeyPatch, Any], None]
FAULTS: dict[str, Fault] = {}
CASES: list[tuple[str, bool]] = []
"""Each fault's name, with and without an experiment that runs."""

RUNNING = {"everywhere": (False, True), "inside": (True,), "outside": (False,)}


def fault(name: str, *, where: str = "everywhere") -> Callable[[Fault], Fault]:
    """Register a fault. where: everywhere, or only `inside` or `outside` of experiments."""

    def add(put_in: Fault) -> Fault:
        FAULTS[name] = put_in
        CASES.extend((name, running) for running in RUNNING[where])
        return put_in

    return add


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


@fault("the database fails for the published variants", where="outside")
def _(shop: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(StyleVariantQuerySet, "published", raising(DatabaseError("gone")))


@fault("our tables are missing")
def _(shop: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    for model in (StyleVariant, PhaseProduct):
        monkeypatch.setattr(model._meta, "db_table", "not_migrated")


@fault("the database fails for every query of ours")
def _(shop: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    forget_snapshot()
    real = QuerySet._fetch_all

    def fail(self: Any) -> Any:
        if self.model._meta.app_label == "shop_style":
            raise OperationalError("server closed the connection unexpectedly")
        return real(self)

    monkeypatch.setattr(QuerySet, "_fetch_all", fail)
    monkeypatch.setattr(QuerySet, "first", raising(OperationalError("gone")))


@fault("a storage that gives variants no address")
def _(shop: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    url = storages["default"].url

    def only_originals(name: str) -> str:
        if "variants" in name:
            raise RuntimeError("the bucket is away")
        return str(url(name))

    monkeypatch.setattr(storages["default"], "url", only_originals)


@fault("variants whose rows lost their files")
def _(shop: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    StyleVariant.objects.update(image="", renditions=[])


@fault("variants whose files are gone from the disk")
def _(shop: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    for variant in StyleVariant.objects.all():
        for name in variant.file_names():
            storages["default"].delete(name)


@fault("renditions that are not what they should be")
def _(shop: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    StyleVariant.objects.update(renditions=[{"nonsense": 1}])


@fault("settings of a wrong type")
def _(shop: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "RETRY_SECONDS": "soon"}


@fault("settings that are no dict")
def _(shop: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.SHOP_STYLE = ["shop.Chair.photo"]


@fault("a rendering that raises")
def _(shop: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(rendering, "variant_rendering", raising(KeyError("styled")))
    monkeypatch.setattr(placement, "variant_rendering", raising(KeyError("styled")))


@fault("visitors cannot be identified", where="inside")
def _(shop: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(page_module, "identify", raising(RuntimeError("no entropy")))


@fault("assignment raises", where="inside")
def _(shop: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(page_module, "assign", raising(ZeroDivisionError()))


@fault("a consent callable that cannot be imported", where="inside")
def _(shop: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "CONSENT": "shop.nothing.here"}


def addresses() -> dict[str, Callable[[Any, Any], tuple[int, str]]]:
    def by_page(address: str) -> Callable[[Any, Any], tuple[int, str]]:
        def call(browser: Any, shop: Any) -> tuple[int, str]:
            response = browser().get(address)
            return response.status_code, response.content.decode()

        return call

    def by_api(browser: Any, shop: Any) -> tuple[int, str]:
        response = browser().post(
            "/shop-style/placement/",
            json.dumps({"objects": shop.names(), "placement": "listing"}),
            content_type="application/json",
        )
        return response.status_code, response.content.decode()

    return {"list": by_page("/"), "singles": by_page("/singles/"), "api": by_api}


BROKEN_SETTINGS = ("settings of a wrong type", "settings that are no dict")


@pytest.mark.parametrize("way", ["list", "singles", "api"])
@pytest.mark.parametrize(("name", "running"), CASES)
def test_the_originals_are_shown(
    name: str,
    running: bool,
    way: str,
    make_shop: Any,
    browser: Any,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    shop = make_shop(3)
    originals = [chair.photo.url for chair in shop.chairs]
    call = addresses()[way]
    # Everybody sees variants before, so that it is the fault that hides them.
    assert "shop_style/variants" in call(browser, shop)[1]
    if running:
        shop.start()
        assert any("shop_style/variants" in call(browser, shop)[1] for _ in range(40))
    FAULTS[name](shop, monkeypatch, settings)
    for _ in range(12 if running else 1):
        status, text = call(browser, shop)
        assert status == 200
        assert "shop_style/variants" not in text
        # With broken settings the API cannot even tell which field holds a picture.
        blind = way == "api" and name in BROKEN_SETTINGS
        assert all(url in text for url in originals) != blind


@pytest.mark.parametrize("way", ["list", "singles", "api"])
def test_a_source_that_leads_nowhere_breaks_no_page(
    way: str, make_shop: Any, browser: Any, settings: Any
) -> None:
    shop = make_shop(3)
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "SOURCES": ["shop.Chair.foto"]}
    status, text = addresses()[way](browser, shop)
    assert status == 200 and (way == "api" or shop.chairs[0].photo.url in text)


def test_a_stopped_cache_changes_nothing(
    make_shop: Any, browser: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "THROTTLES": {"placement": "9/min"}}
    shop = make_shop(3)
    for name in ("get", "set", "add", "get_many", "set_many", "incr"):
        monkeypatch.setattr(caches["default"], name, raising(ConnectionError("stopped")))
    for call in addresses().values():
        status, text = call(browser, shop)
        assert status == 200 and "shop_style/variants" in text


def test_an_engine_that_raises_leaves_the_original(
    make_chair: Any, make_style: Any, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shop_style.generation.request import request_variants
    from shop_style.generation.worker import Worker
    from shop_style.sources import source_image
    from shop_style.transfer.grade import GradeEngine

    monkeypatch.setattr(GradeEngine, "stylise", raising(RuntimeError("NaN in layer 3")))
    chair = make_chair()
    request_variants([source_image(chair)], [make_style()], actor="ada")
    Worker(once=True).run()
    assert StyleVariant.objects.get().status == "failed"
    html = browser().get("/").content.decode()
    assert chair.photo.url in html and "shop_style/variants" not in html


def test_the_visitor_stays_in_the_arm_when_its_picture_has_no_address(
    make_shop: Any, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaving out whose picture failed would leave out of one arm alone."""
    shop = make_shop(3)
    shop.start()
    FAULTS["a storage that gives variants no address"](shop, monkeypatch, None)
    html = browser().get("/").content.decode()
    assert html.count('data-shop-style="') == 3 and "data-token" in html


def test_counters_wait_for_the_database_and_are_not_lost(
    make_shop: Any, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_shop(3)
    shop.start()
    assert browser().get("/").status_code == 200
    monkeypatch.setattr(QuerySet, "get_or_create", raising(OperationalError("locked")))
    tally.write()
    assert not DailyTally.objects.exists()
    monkeypatch.undo()
    tally.write()
    assert sorted(DailyTally.objects.values_list("kind", "number")) == [
        ("token", 1),
        ("visitor", 1),
    ]


def test_a_failure_inside_the_hosts_transaction_leaves_it_usable(
    make_shop: Any, rf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import transaction

    from tests.experiments.visits import visit
    from tests.shop.models import Chair

    shop = make_shop(2)
    monkeypatch.setattr(StyleVariant._meta, "db_table", "not_migrated")
    with transaction.atomic():
        with CaptureQueriesContext(connection) as queries:
            placed = visit(shop).placed
        assert [item.rendering.src for item in placed] == [c.photo.url for c in shop.chairs]
        # PostgreSQL refuses all that follows a failure, unless it was rolled back to here.
        assert any("ROLLBACK TO SAVEPOINT" in item["sql"] for item in queries)
        Chair.objects.update(price=11)
    assert set(Chair.objects.values_list("price", flat=True)) == {11}
    assert connection.in_atomic_block is False


@pytest.mark.parametrize("way", ["list", "singles", "api"])
def test_a_token_that_cannot_be_signed_tracks_nothing(
    make_shop: Any, browser: Any, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    shop = make_shop(2)
    shop.start()
    monkeypatch.setattr(tokens.signing, "dumps", raising(RuntimeError("no key")))
    for _ in range(8):
        status, text = addresses()[way](browser, shop)
        assert status == 200 and "data-token" not in text
        assert way != "api" or (shop.chairs[0].photo.url in text and '"token":""' in text)


def test_an_answer_that_only_a_failure_gave_is_kept_by_no_cache(
    make_shop: Any, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_shop(2)
    FAULTS["the database fails for the published variants"](shop, monkeypatch, None)
    response = browser().get("/cached/")
    assert "private" in response["Cache-Control"]
    monkeypatch.undo()
    assert "shop_style/variants" in browser().get("/cached/").content.decode()


@pytest.mark.parametrize("broken", ["signing", "settings"])
def test_a_caller_keeps_its_visitor_when_nothing_else_works(
    make_shop: Any, browser: Any, monkeypatch: pytest.MonkeyPatch, settings: Any, broken: str
) -> None:
    shop = make_shop(2)
    shop.start()
    body = {"objects": shop.names(), "placement": "listing"}
    kind = "application/json"
    kept = browser().post("/shop-style/placement/", json.dumps(body), kind).json()["visitor"]
    assert kept
    if broken == "signing":
        monkeypatch.setattr(tokens.signing, "dumps", raising(RuntimeError("no key")))
    else:
        settings.SHOP_STYLE = {**settings.SHOP_STYLE, "COOKIE_DAYS": "many"}
    sent = json.dumps({**body, "visitor": kept})
    response = browser().post("/shop-style/placement/", sent, kind)
    assert response.status_code == 200 and response.json()["visitor"] == kept
