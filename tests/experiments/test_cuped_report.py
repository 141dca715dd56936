"""What a report says with a baseline: two readings, one of which was declared to decide."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from shop_style.exceptions import ExperimentError, NoTraffic
from shop_style.experiments import lifecycle
from shop_style.experiments.allocation import reallocate
from shop_style.experiments.baseline import begin_test
from shop_style.experiments.reporting.page import report_page
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.reporting.tables import report_csv
from shop_style.experiments.reporting.values import ExperimentReport
from shop_style.experiments.rollup import rollup
from shop_style.experiments.traffic import own_traffic
from shop_style.models import BaselineTotals, Experiment, Phase, SummaryTotals
from styleeval.inference import (
    CupedSummary,
    Summary,
    cuped_difference,
    judge,
    judge_cuped,
    stratified_cuped_rates,
)
from tests.experiments.regulars import Regulars, come_by
from tests.experiments.test_report_commands import run

pytestmark = pytest.mark.django_db

NUMBER, BACK, NEW = 200, 160, 40


@pytest.fixture
def crowd(make_shop: Any) -> Any:
    """200 an arm in the baseline, of whom 160 come to the test, with 40 new ones."""

    def make(**values: Any) -> tuple[Any, dict[str, CupedSummary]]:
        shop = make_shop(2, baseline_days=7, planned_visitors=400, **values)
        shop.start()
        rng = np.random.default_rng(11)
        baseline = shop.experiment.phases.get()
        people = {slug: Regulars.of(NUMBER + NEW, slug[:2], rng) for slug in ("control", "warm")}
        before = {
            slug: come_by(baseline, slug, mine[:NUMBER], rng) for slug, mine in people.items()
        }
        rollup()
        test = begin_test(shop.experiment, actor="ada")
        sums = {}
        for slug, mine in people.items():
            m, d = come_by(
                test, slug, mine[NUMBER - BACK :], rng, lift=0.25 if slug == "warm" else 0.0
            )
            past = [np.concatenate([part[NUMBER - BACK :], np.zeros(NEW)]) for part in before[slug]]
            sums[slug] = CupedSummary.of(m, d, *past)
        rollup(products=True)
        return shop, sums

    return make


def report_of(shop: Any) -> ExperimentReport:
    shop.experiment.refresh_from_db()
    return build_report(shop.experiment)


def clicked(shop: Any) -> tuple[int, int]:
    rows = SummaryTotals.objects.filter(slice="all", phase__is_baseline=False).order_by("arm")
    one, other = rows.values_list("clicking_visitors", flat=True)
    return one, other


def test_the_plain_reading_decides_and_the_adjusted_one_stands_beside_it(crowd: Any) -> None:
    shop, sums = crowd()
    arms = sums["control"], sums["warm"]
    (effect,) = report_of(shop).effects
    plain = judge(*(arm.outcome for arm in arms), planned=400, clicked_visitors=clicked(shop))
    adjusted = judge_cuped(*arms, planned=400, clicked_visitors=clicked(shop))
    assert (effect.analysis, effect.comparison) == ("plain", plain.comparison)
    assert effect.beside == adjusted.comparison
    own = cuped_difference(*arms)
    assert effect.variance_kept == own.variance_kept and 0.3 < own.variance_kept < 0.95
    assert effect.balance == own.balance
    assert plain.comparison and adjusted.comparison
    assert adjusted.comparison.standard_error < plain.comparison.standard_error
    lifecycle.finish(shop.experiment, actor="ada")
    (effect,) = report_of(shop).effects
    assert effect.is_final and effect.beside is not None
    final = judge_cuped(*arms, planned=400, ended=True, clicked_visitors=clicked(shop))
    assert effect.beside == final.comparison


def test_declared_before_the_start_the_adjusted_reading_decides(crowd: Any) -> None:
    shop, sums = crowd(analysis="cuped")
    lifecycle.finish(shop.experiment, actor="ada")
    report = report_of(shop)
    (effect,) = report.effects
    arms = sums["control"], sums["warm"]
    own = judge_cuped(*arms, planned=400, ended=True, clicked_visitors=clicked(shop))
    assert (effect.analysis, effect.comparison, effect.state) == (
        "cuped",
        own.comparison,
        own.state,
    )
    assert effect.course[-1].lift == (own.sequence.lift if own.sequence else None)
    other = judge(
        *(arm.outcome for arm in arms), planned=400, ended=True, clicked_visitors=clicked(shop)
    )
    assert effect.beside == other.comparison
    assert stratified_cuped_rates([arms]).visitors == 400
    assert "with the baseline (CUPED)" in report_page(report)


def test_every_form_of_the_report_has_both(crowd: Any) -> None:
    shop, _sums = crowd()
    report = report_of(shop)
    page, text = report_page(report), run("experiment_report", "warm-listing")
    said = "with what visitors did in the baseline (CUPED), for comparison"
    assert said in page and said in text
    assert "of whom 320 came to the test" in page
    assert "control 200 (160 came back), warm 200 (160 came back)" in text
    plain = json.loads(run("experiment_report", "warm-listing", "--json"))
    assert plain["baseline"]["returning"] == {"control": 160, "warm": 160}
    assert plain["baseline"]["splits"][0]["mismatched"] is not True
    (effect,) = plain["effects"]
    assert effect["analysis"] == "plain" and effect["beside"]["method"] == "confidence_sequence"
    rows = list(csv.DictReader(io.StringIO(report_csv(report))))
    (row,) = [row for row in rows if row["item"] == "cuped" and row["measure"] == "ctr_lift"]
    assert float(row["p_value"]) == effect["beside"]["p_value"]
    assert "decides nothing" in row["note"]
    assert {row["value"] for row in rows if row["measure"] == "returning"} == {"160"}
    names = {check.name: check.light for check in report.checks}
    assert names["baseline_split"] == names["baseline_balance"] == names["sums"] == "green"


def test_too_few_who_come_back_adjust_nothing(make_shop: Any) -> None:
    shop = make_shop(2, baseline_days=7, planned_visitors=1000, analysis="cuped")
    shop.start()
    rng = np.random.default_rng(5)
    baseline = shop.experiment.phases.get()
    people = {slug: Regulars.of(300, slug[:2], rng) for slug in ("control", "warm")}
    for slug, mine in people.items():
        come_by(baseline, slug, mine[:99], rng)
    test = begin_test(shop.experiment, actor="ada")
    arms = [Summary.of(*come_by(test, slug, mine, rng)) for slug, mine in people.items()]
    rollup()
    (effect,) = report_of(shop).effects
    plain = judge(*arms, planned=1000, clicked_visitors=clicked(shop))
    assert effect.comparison == plain.comparison and effect.variance_kept == 1.0
    assert effect.balance is None


def test_a_change_of_weights_is_averaged_by_phase(crowd: Any) -> None:
    shop, sums = crowd(analysis="cuped")
    lifecycle.change_weights(shop.experiment, {"control": 0.3, "warm": 0.7}, actor="ada")
    last, rng = shop.experiment.phases.latest("number"), np.random.default_rng(8)
    more = {
        slug: CupedSummary.of(
            *come_by(last, slug, Regulars.of(n, f"x{slug[:2]}", rng), rng), [0] * n, [0] * n
        )
        for slug, n in (("control", 120), ("warm", 280))
    }
    rollup()
    (effect,) = report_of(shop).effects
    rates = stratified_cuped_rates(
        [(sums["control"], sums["warm"]), (more["control"], more["warm"])]
    )
    assert effect.comparison is not None
    assert effect.comparison.difference.estimate == pytest.approx(rates.difference, rel=1e-12)
    assert effect.comparison.standard_error == pytest.approx(rates.error, rel=1e-12)


def test_queries_do_not_grow_with_days_or_products(crowd: Any, make_shop: Any) -> None:
    shop, _sums = crowd()
    with CaptureQueriesContext(
        connection,
    ) as few:
        report_of(shop)
    (row,) = SummaryTotals.objects.filter(slice="all", arm__slug="warm", phase__number=2)
    for _ in range(20):
        row.pk, row.day = None, row.day.replace(year=row.day.year - 1)
        row.save()
    with CaptureQueriesContext(connection) as many:
        report_of(shop)
    assert len(many) == len(few)


@pytest.mark.parametrize("column", ["clicks_squared", "clicks_viewable"])
def test_impossible_sums_of_one_part_leave_the_rest_of_the_report(crowd: Any, column: str) -> None:
    shop, _sums = crowd()
    whole = SummaryTotals.objects.filter(slice="all", phase__number=2, arm__slug="warm")
    broken = {"clicks_squared": 1, "clicks_viewable": 10**9}[column]
    whole.update(**{column: broken})
    report = report_of(shop)
    (effect,) = report.effects
    assert (effect.state, effect.fault) == ("not_enough_data", "invalid_summary")
    assert "rollup_events --recount" in effect.reasons[0]
    (red,) = [check for check in report.checks if check.light == "red"]
    assert red.name == "sums" and "warm all" in red.finding and "--recount" in red.advice
    assert "There is no result" in report.as_dict()["verdict"]
    assert {item.comparison is None for item in report.segments if item.kind == "device"} == {False}
    for form in ((), ("--json",), ("--csv",)):
        assert "recount" in run("experiment_report", "warm-listing", *form)
    assert "invalid_summary" in report_csv(report)
    assert "There is no result" in report_page(report)
    rollup(recount=True)
    assert build_report(shop.experiment).effects[0].comparison is not None


def test_an_impossible_past_leaves_the_plain_reading(crowd: Any) -> None:
    shop, _sums = crowd()
    (before,) = report_of(shop).effects
    BaselineTotals.objects.filter(arm__slug="warm", slice="all").update(clicks_before_clicks=10**9)
    report = report_of(shop)
    (effect,) = report.effects
    assert effect.comparison == before.comparison and before.beside is not None
    assert (effect.beside, effect.fault) == (None, "invalid_summary")
    assert next(check for check in report.checks if check.name == "sums").light == "red"


def test_impossible_sums_of_a_segment_or_a_product_are_said_there(crowd: Any) -> None:
    shop, _sums = crowd()
    rows = SummaryTotals.objects.filter(phase__number=2, arm__slug="warm")
    rows.filter(slice="device:desktop").update(clicks_squared=1)
    product = rows.filter(slice__startswith="product:").order_by("slice").first()
    assert product is not None
    rows.filter(pk=product.pk).update(viewable_squared=1)
    report = report_of(shop)
    (effect,) = report.effects
    assert effect.comparison is not None
    faults = {(item.kind, item.name): item.fault for item in report.segments}
    assert faults["device", "desktop"] == "invalid_summary" and faults["position", "1-4"] == ""
    (style,) = report.by_product
    assert style.pooled is None and "--recount" in style.reason
    assert next(check for check in report.checks if check.name == "sums").light == "red"
    report_page(report)


def test_no_weights_and_no_plan_follow_impossible_sums(crowd: Any) -> None:
    shop, _sums = crowd()
    Experiment.objects.update(started_at=F("started_at") - timedelta(days=9))
    Phase.objects.update(started_at=F("started_at") - timedelta(days=9))
    assert own_traffic(shop.experiment).daily == pytest.approx(400 / 9, rel=0.01)
    assert reallocate(shop.experiment, actor="ada", dry_run=True).arms[0].visitors == 200
    whole = SummaryTotals.objects.filter(slice="all", phase__number=2, arm__slug="control")
    whole.update(clicks_squared=1)
    with pytest.raises(ExperimentError, match="rollup_events --recount"):
        reallocate(shop.experiment, actor="ada", dry_run=True)
    with pytest.raises(NoTraffic):
        own_traffic(shop.experiment)


def test_orders_that_fit_no_visitors_leave_their_check_open(crowd: Any) -> None:
    """A check that vanishes would pass for passed."""
    shop, _sums = crowd()
    rows = SummaryTotals.objects.filter(slice="all", phase__number=2)
    rows.update(conversions=60, conversions_squared=1)
    report = report_of(shop)
    (check,) = [item for item in report.checks if item.name == "clickbait"]
    assert check.light == "open" and "cannot be compared" in check.finding
    assert report.effects[0].comparison is not None
