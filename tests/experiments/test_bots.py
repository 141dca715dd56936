"""What no person does is flagged, kept, counted by arm, and can be left out to compare."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from shop_style.experiments.ingest import ingest
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.reporting.text import report_lines
from shop_style.experiments.rollup import rollup
from shop_style.experiments.tokens import read_token
from shop_style.models import Event, SummaryTotals, Suspicion, VisitorTotals
from tests.conftest import BROWSER
from tests.experiments.visits import Visit, visit, visit_arm

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(make_shop: Any) -> Any:
    shop = make_shop(4)
    shop.start()
    return shop


def limits(settings: Any, **values: int) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "BOTS": values}


def flags() -> set[int]:
    return set(Event.objects.values_list("suspicion", flat=True))


def report_after(seen: Visit, seconds: float, kind: str = "click") -> None:
    """As if the page had been placed so long ago."""
    token = read_token(seen.page.token(), hours=1)
    older = dataclasses.replace(token, issued=token.issued - seconds).signed()
    assert ingest(older, [{"kind": kind, "position": 0}], agent=BROWSER).accepted


def test_a_click_at_once_is_flagged_and_a_persons_is_not(shop: Any, settings: Any) -> None:
    limits(settings, click_ms=100)
    for seconds, kind, expected in (
        (0.2, "click", 0),
        (0, "viewable", 0),
        (0, "click", Suspicion.AT_ONCE),
        (-5, "click", Suspicion.AT_ONCE),
    ):
        report_after(visit(shop), seconds, kind)
        assert flags() == {expected}
        Event.objects.all().delete()
    limits(settings, click_ms=0)
    report_after(visit(shop), 0)
    assert flags() == {0}


def test_a_visitor_of_inhuman_pace_is_flagged_whole_and_kept(shop: Any, settings: Any) -> None:
    limits(settings, click_ms=0, events_per_minute=40, pages_per_minute=8)
    person, program = visit_arm(shop, styled=False), visit_arm(shop, styled=True)
    person.report(("click", 0))
    only_looks = visit_arm(shop, styled=True)
    only_looks.report(("rendered", 0))
    for _ in range(9):
        visit(shop, program.visitor).report(*(("click", position) for position in range(4)))
    # As many pages of a person, but over an hour.
    slow = visit_arm(shop, styled=False)
    for number in range(9):
        visit(shop, slow.visitor).report(*(("click", position) for position in range(4)))
        latest = Event.objects.order_by("-pk")[:12].values("pk")
        Event.objects.filter(pk__in=[row["pk"] for row in latest]).update(
            at=Event.objects.latest("pk").at - timedelta(minutes=7 * number + 1)
        )
    rollup()
    flagged = VisitorTotals.objects.exclude(suspicion=0).get()
    assert flagged.suspicion == Suspicion.MANY_EVENTS | Suspicion.MANY_PAGES
    assert flagged.clicks == 36
    assert flags() == {0}  # rows of events are never changed
    sums = {(row.arm.slug, row.slice): row for row in SummaryTotals.objects.all()}
    assert sums["warm", "all"].visitors == 2 and sums["warm", "all"].flagged_visitors == 1
    assert sums["warm", "all"].clicks == 36 and sums["warm", "unsuspicious"].clicks == 0
    assert sums["control", "all"].flagged_visitors == 0
    assert sums["control", "unsuspicious"].clicks == sums["control", "all"].clicks == 37
    before = list(VisitorTotals.objects.order_by("pk").values())
    rollup(recount=True)
    assert list(VisitorTotals.objects.order_by("pk").values()) == before


def test_the_report_has_the_flagged_by_arm_and_the_result_without_them(
    shop: Any, settings: Any
) -> None:
    # By turns: 230 drawn at random leave an arm under its hundred once in twenty runs.
    for number in range(230):
        seen = visit_arm(shop, styled=number % 4 < 2)
        seen.report(*(("viewable", position) for position in range(4)))
        if number % 2:
            seen.report(("click", number % 4))
    rollup()
    assert build_report(shop.experiment).without_flagged == ()
    visit_arm(shop, styled=True).report(("click", 0), ("click", 1), agent="Googlebot/2.1")
    rollup()
    report = build_report(shop.experiment)
    arms = {arm.slug: arm for arm in report.arms}
    assert (arms["warm"].flagged_visitors, arms["control"].flagged_visitors) == (1, 0)
    ((with_all,), (without,)) = report.effects, report.without_flagged
    assert with_all.comparison and without.comparison
    assert with_all.comparison.difference.estimate > without.comparison.difference.estimate
    assert any("without flagged visitors" in line for line in report_lines(report))


def test_a_picture_that_does_not_load_leaves_its_visitor_in_the_arm(shop: Any) -> None:
    seen = visit_arm(shop, styled=True)
    seen.report(("failed", 0))
    rollup()
    arms = {arm.slug: arm for arm in build_report(shop.experiment).arms}
    assert (arms["warm"].visitors, arms["warm"].failed, arms["control"].failed) == (1, 1, 0)
    # Its file is gone, so the product is out of all arms; the visitor's arm stays.
    again = visit(shop, seen.visitor)
    assert {item.arm.slug for item in again.page.arms()} == {"warm"}
