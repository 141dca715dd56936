"""Tiles drawn one by one: both arms on a page, their covariance kept, the estimand said."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from shop_style.exceptions import NoTraffic
from shop_style.experiments.conversions import record_conversion
from shop_style.experiments.estimand import estimand, paired
from shop_style.experiments.forget import forget_visitor
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.reporting.sums import clicks_over_viewable
from shop_style.experiments.reporting.text import report_lines
from shop_style.experiments.rollup import rollup
from shop_style.experiments.tokens import read_token
from shop_style.experiments.traffic import own_traffic
from shop_style.models import Event, Experiment, PairTotals, SummaryTotals, VisitorTotals
from styleeval.inference import PairedSummary, paired_difference
from tests.admin.experiments import LIST
from tests.experiments.visits import Visit, visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(make_shop: Any) -> Any:
    shop = make_shop(6, unit="tile")
    shop.start()
    return shop


def looks(seen: Visit) -> list[bool]:
    return [item.rendering.is_styled for item in seen.placed]


def play(shop: Any, number: int) -> None:
    chance = random.Random(7)
    for _ in range(number):
        seen = visit(shop)
        for position in range(6):
            kind = chance.choice(["rendered", "viewable", "viewable", "click"])
            seen.report((kind, position))


def test_each_tile_is_drawn_for_itself_and_stays(shop: Any) -> None:
    drawn = Counter[bool]()
    patterns = set()
    for _ in range(40):
        seen = visit(shop)
        drawn.update(looks(seen))
        patterns.add(tuple(looks(seen)))
        assert all(item.tracked for item in seen.placed)
        assert looks(visit(shop, seen.visitor)) == looks(seen)
    assert len(patterns) > 10
    # 240 tiles by halves; five standard deviations.
    assert abs(drawn[True] - 120) < 5 * (240 * 0.25) ** 0.5


def test_the_token_tells_each_tiles_arm_and_so_do_clicks_and_orders(shop: Any) -> None:
    warm = shop.experiment.arms.get(slug="warm").pk
    seen = visit(shop)
    while len(set(looks(seen))) < 2:
        seen = visit(shop)
    token = read_token(seen.page.token(), hours=1)
    assert len(token.exposures) == 2 and len({item.visitor for item in token.exposures}) == 1
    seen.report(*(("click", position) for position in range(6)))
    clicks = Event.objects.filter(kind="click").order_by("position")
    assert [event.arm_id == warm for event in clicks] == looks(seen)
    assert record_conversion(seen.visitor, shop.chairs, order="A-1") == 6
    orders = {
        event.product.object_id: event.arm_id for event in Event.objects.filter(kind="conversion")
    }
    bought = [orders[str(chair.pk)] == warm for chair in shop.chairs]
    assert bought == looks(seen)


def test_the_sums_hold_what_each_visitor_did_in_both_arms(shop: Any) -> None:
    play(shop, 40)
    rollup()
    arms = {arm.slug: arm.pk for arm in shop.experiment.arms.all()}
    raw = {slug: Counter[tuple[str, str]]() for slug in arms}
    for event in Event.objects.all():
        slug = next(name for name, pk in arms.items() if pk == event.arm_id)
        raw[slug][event.visitor, event.kind] += 1
    visitors = sorted({visitor for counts in raw.values() for visitor, _kind in counts})
    arrays = {
        slug: tuple(
            np.array([counts[visitor, kind] for visitor in visitors])
            for kind in ("click", "viewable")
        )
        for slug, counts in raw.items()
    }
    direct = paired_difference([PairedSummary.of(arrays["control"], arrays["warm"])])
    rows = {row["arm_id"]: row for row in SummaryTotals.objects.filter(slice="all").values()}
    summaries = [clicks_over_viewable([rows[arms[slug]]]) for slug in ("control", "warm")]
    pair = PairTotals.objects.get(slice="all")
    assert pair.everybody == len(visitors) == 40
    found = paired_difference([paired(*summaries, pair)])
    assert found.standard_error == pytest.approx(direct.standard_error, rel=1e-9)
    assert found.p_value == pytest.approx(direct.p_value, rel=1e-9)
    tiles = {row.arm_id: row.tiles for row in SummaryTotals.objects.filter(slice="all")}
    assert sum(tiles.values()) == 240 == sum(VisitorTotals.objects.values_list("tiles", flat=True))


def test_the_report_counts_a_visitor_once_checks_tiles_and_says_what_it_estimates(
    shop: Any,
) -> None:
    play(shop, 130)
    rollup()
    report = build_report(shop.experiment)
    assert report.visitors == 130 and not report.is_mismatched
    split, _phase = report.splits
    assert split.stage == "tiles" and sum(split.counts.values()) == 780
    assert report.effects[0].comparison is not None
    assert report.effects[0].comparison.method == "confidence_sequence"
    assert "stolen from neighbours" in report.estimand == estimand("tile")
    assert any("stolen from neighbours" in line for line in report_lines(report))
    assert "effect of a launch" in estimand("visitor") and report.as_dict()["unit"] == "tile"


def test_the_admin_lists_each_visitor_once(shop: Any, admin_client: Any) -> None:
    play(shop, 12)
    rollup()
    assert "12 / 1,000" in admin_client.get(LIST).content.decode()


def test_who_saw_tiles_of_one_arm_alone_is_counted_too(make_shop: Any) -> None:
    shop = make_shop(1, unit="tile")
    shop.start()
    for _ in range(5):
        visit(shop).report(("viewable", 0))
    rollup()
    assert build_report(shop.experiment).visitors == 5
    assert {(row.everybody, row.visitors) for row in PairTotals.objects.all()} == {(5, 0)}


def test_pairs_that_nobody_is_left_in_are_zeros(shop: Any) -> None:
    seen = visit(shop)
    while len(set(looks(seen))) < 2:
        seen = visit(shop)
    seen.report(*(("click", position) for position in range(6)))
    rollup()
    assert PairTotals.objects.get(slice="all").viewable_viewable > 0
    forget_visitor(seen.visitor)
    rollup()
    row = PairTotals.objects.get(slice="all")
    assert (row.everybody, row.visitors, row.clicks_clicks, row.viewable_viewable) == (0, 0, 0, 0)


def test_a_plan_is_not_made_of_visitors_counted_twice(shop: Any) -> None:
    chance = random.Random(7)
    for _ in range(120):
        visit(shop).report(*((chance.choice(["viewable", "click"]), p) for p in range(6)))
    rollup()
    Experiment.objects.update(started_at=timezone.now() - timedelta(days=2))
    with pytest.raises(NoTraffic, match="by visitor"):
        own_traffic(shop.experiment)
