"""Events: once each, from the token alone, and one bad one spoils no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop_style.exceptions import TokenError, TokenExpired
from shop_style.experiments import lifecycle, tokens
from shop_style.experiments.ingest import ingest
from shop_style.experiments.placement import place
from shop_style.experiments.snapshot import forget_snapshot
from shop_style.experiments.tokens import Exposure, page_token, read_token
from shop_style.models import Arm, Event, Experiment, Suspicion
from shop_style.sources import source_image
from tests.conftest import BROWSER
from tests.experiments.visits import visit, visit_arm

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(make_shop: Any) -> Any:
    shop = make_shop()
    shop.start()
    return shop


def kinds() -> list[str]:
    return sorted(Event.objects.values_list("kind", flat=True))


def test_an_event_holds_what_the_token_says_and_our_clock(shop: Any) -> None:
    before = timezone.now()
    seen = visit_arm(shop, styled=True)
    report = seen.report(("rendered", 2))
    assert (report.accepted, report.duplicates, report.rejected) == (1, 0, [])
    event = Event.objects.get()
    assert event.arm.slug == "warm" and event.experiment == shop.experiment
    assert event.product.object_id == str(shop.chairs[2].pk)
    assert event.position == 2 and event.device == "desktop" and event.suspicion == 0
    assert before <= event.at <= timezone.now()
    assert event.visitor not in (seen.page.visitor.id, "") and len(event.visitor) == 24


@pytest.mark.parametrize(
    ("kind", "implied"),
    [
        ("rendered", ["rendered"]),
        ("viewable", ["rendered", "viewable"]),
        ("click", ["click", "rendered", "viewable"]),
        ("failed", ["failed", "rendered"]),
    ],
)
def test_what_an_event_implies_counts_as_well(shop: Any, kind: str, implied: list[str]) -> None:
    assert visit(shop).report((kind, 0)).accepted == 1
    assert kinds() == implied


def test_beacons_may_arrive_in_any_order_and_more_than_once(shop: Any) -> None:
    seen = visit(shop)
    assert seen.report(("click", 0)).accepted == 1
    late = seen.report(("rendered", 0), ("viewable", 0), ("rendered", 1))
    assert (late.accepted, late.duplicates) == (1, 2)
    again = seen.report(("click", 0), ("click", 0))
    assert (again.accepted, again.duplicates) == (0, 2)
    assert kinds() == ["click", "rendered", "rendered", "viewable"]


def test_a_second_click_on_a_tile_is_the_same_event(shop: Any) -> None:
    assert visit(shop).report(("click", 0), ("click", 0)).accepted == 1
    assert kinds().count("click") == 1


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"kind": "conversion", "position": 0}, "unknown_kind"),
        ({"kind": "CLICK", "position": 0}, "unknown_kind"),
        ({"kind": ["click"], "position": 0}, "unknown_kind"),
        ({"kind": {"a": 1}, "position": 0}, "unknown_kind"),
        ({"position": 0}, "unknown_kind"),
        ({"kind": "click"}, "bad_position"),
        ({"kind": "click", "position": "0"}, "bad_position"),
        ({"kind": "click", "position": True}, "bad_position"),
        ({"kind": "click", "position": 0.0}, "bad_position"),
        ({"kind": "click", "position": None}, "bad_position"),
        ({"kind": "click", "position": 4}, "unknown_position"),
        ({"kind": "click", "position": -1}, "unknown_position"),
        ({"kind": "click", "position": 10**30}, "unknown_position"),
        ("click", "bad_event"),
        (None, "bad_event"),
        ([], "bad_event"),
    ],
)
def test_a_bad_event_is_named_and_the_others_are_stored(shop: Any, event: Any, code: str) -> None:
    good = {"kind": "rendered", "position": 0, "arm": "warm", "at": "1999-01-01", "visitor": "me"}
    report = ingest(visit(shop).page.token(), [good, event], agent=BROWSER)
    assert report.accepted == 1 and len(report.rejected) == 1
    assert (report.rejected[0].index, report.rejected[0].code) == (1, code)
    assert report.rejected[0].detail
    assert Event.objects.get().at.year >= 2024


def test_an_old_page_and_a_forged_one_store_nothing(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = visit(shop)
    token = seen.page.token()
    now = tokens.time.time()
    monkeypatch.setattr(tokens.time, "time", lambda: now + 25 * 3600)
    with pytest.raises(TokenExpired):
        seen.report(("click", 0))
    monkeypatch.undo()
    with pytest.raises(TokenError):
        ingest(token[:-4] + "AAAA", [{"kind": "click", "position": 0}], agent=BROWSER)
    assert not Event.objects.exists()


def test_events_of_a_page_seen_before_the_end_still_count_for_a_day(shop: Any) -> None:
    seen = visit(shop)
    lifecycle.finish(shop.experiment, actor="ada")
    forget_snapshot()
    assert seen.report(("click", 0)).accepted == 1
    Experiment.objects.update(ended_at=timezone.now() - timedelta(hours=25))
    from shop_style.experiments.snapshot import compile_snapshot

    compile_snapshot()
    forget_snapshot()
    report = seen.report(("click", 1))
    assert [item.code for item in report.rejected] == ["closed_experiment"]


def test_a_token_of_an_experiment_that_is_gone_stores_nothing(shop: Any) -> None:
    seen = visit(shop)
    token = seen.page.token()
    Experiment.objects.all().delete()
    report = ingest(token, [{"kind": "click", "position": 0}], agent=BROWSER)
    assert report.accepted == 0 and not Event.objects.exists()


def test_a_signed_token_for_rows_that_never_were_stores_nothing(shop: Any) -> None:
    ghost = Exposure(
        experiment=shop.experiment.pk, phase=1, arm=1, visitor="0" * 24, products={0: 10**6}
    )
    text = page_token("p", [ghost]).signed()
    report = ingest(text, [{"kind": "click", "position": 0}], agent=BROWSER)
    assert report.accepted == 0 and not Event.objects.exists()


def test_suspicious_events_are_kept_and_flagged(make_shop: Any) -> None:
    shop = make_shop(12)
    shop.start()
    visit(shop).report(("click", 0), agent="Googlebot/2.1")
    assert set(Event.objects.values_list("suspicion", flat=True)) == {Suspicion.CRAWLER_AGENT}
    Event.objects.all().delete()
    visit(shop).report(*[("click", n) for n in range(11)])
    assert set(Event.objects.values_list("suspicion", flat=True)) == {Suspicion.MANY_CLICKS}
    Event.objects.all().delete()
    visit(shop).report(*[("click", n) for n in range(10)])
    assert set(Event.objects.values_list("suspicion", flat=True)) == {0}


def test_a_batch_costs_no_query_an_event(make_shop: Any) -> None:
    shop = make_shop(30)
    shop.start()
    visit(shop)
    seen = visit(shop)
    with CaptureQueriesContext(connection) as queries:
        seen.report(*[("click", n) for n in range(30)])
    assert Event.objects.count() == 90
    statements = [item["sql"] for item in queries if "SAVEPOINT" not in item["sql"]]
    # Products, known ids, and one insert; two where SQLite takes 999 values at a time.
    assert len(statements) <= 4


def test_experiments_of_one_page_cannot_be_joined_by_it(shop: Any) -> None:
    other = Experiment.objects.create(slug="b", name="B", placement="home", planned_visitors=9)
    Arm.objects.create(experiment=other, slug="control", weight=0.5)
    Arm.objects.create(experiment=other, slug="warm", style=shop.style, weight=0.5, position=1)
    lifecycle.start(other, actor="ada")
    forget_snapshot()
    seen = visit(shop)
    placed = place(seen.page, [source_image(chair) for chair in shop.chairs], placement="home")
    first, second = seen.placed[0].position, placed[0].position
    report = seen.report(("click", first), ("click", second))
    assert (report.accepted, report.rejected) == (2, [])
    pages = dict(Event.objects.values_list("experiment", "page_view").distinct())
    assert set(pages) == {shop.experiment.pk, other.pk}
    stored, token = set(pages.values()), read_token(seen.page.token(), hours=1)
    assert len(stored) == 2 and token.page_view not in stored
    assert all(len(page) == 22 for page in stored)
    # A retry is the same event under the same name.
    assert seen.report(("click", first)).duplicates == 1
    assert Event.objects.values("page_view").distinct().count() == 2
