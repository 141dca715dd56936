"""What a report says of crowds whose habits are known: verdict, effects, segments, checks."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop_style.experiments import lifecycle
from shop_style.experiments.reporting.page import report_page
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.reporting.tables import HEADINGS, report_csv
from shop_style.experiments.reporting.values import ExperimentReport
from shop_style.experiments.reporting.verdict import remarks, verdict
from shop_style.experiments.rollup import rollup
from shop_style.models import Experiment, StyleVariant, SummaryTotals
from styleeval.inference import Summary, alpha_at_end, ratio_difference, sequential_difference
from tests.experiments.crowd import Habits, come
from tests.experiments.test_report_commands import Outline, run

pytestmark = pytest.mark.django_db

USUAL = Habits(visitors=300, clicking=80, seen=2)
BETTER = Habits(visitors=300, clicking=140, seen=2)


@pytest.fixture
def shop(make_shop: Any) -> Any:
    shop = make_shop(2, planned_visitors=600)
    shop.start()
    return shop


def report_of(shop: Any) -> ExperimentReport:
    rollup(products=True)
    shop.experiment.refresh_from_db()
    return build_report(shop.experiment)


def check(report: ExperimentReport, name: str) -> Any:
    return next(item for item in report.checks if item.name == name)


def arm_summary(habits: Habits) -> Summary:
    clicks = [habits.clicks] * habits.clicking + [0] * (habits.visitors - habits.clicking)
    return Summary.of(clicks, [habits.seen] * habits.visitors)


def test_while_it_runs_the_interval_holds_at_any_time(shop: Any) -> None:
    come(shop, "control", USUAL)
    come(shop, "warm", BETTER)
    report = report_of(shop)
    (effect,) = report.effects
    expected = sequential_difference(arm_summary(USUAL), arm_summary(BETTER), planned=600)
    assert effect.basis == "sequence" and effect.comparison == expected
    assert effect.state == "higher" and expected.p_value < 0.05
    assert verdict(report).startswith("Warm earns more clicks than the originals: +75.0 % (95 %:")
    assert "you may decide now" in " ".join(remarks(report))
    assert [moment.lift for moment in effect.course] == [expected.lift]
    assert effect.posterior is not None and effect.posterior.chance_to_win > 0.99


def test_at_its_end_one_test_decides_at_what_is_left(shop: Any) -> None:
    come(shop, "control", USUAL)
    come(shop, "warm", BETTER)
    rollup()
    lifecycle.ship(shop.experiment, "warm", actor="ada")
    report = report_of(shop)
    (effect,) = report.effects
    level = alpha_at_end(0.05, 1.0)
    assert (effect.basis, effect.level) == ("fixed_horizon", level)
    assert effect.comparison == ratio_difference(arm_summary(USUAL), arm_summary(BETTER), level)
    assert report.is_final and report.shipped_arm == "warm"
    # The course goes on showing what held at any time.
    assert effect.course[-1].lift.low < effect.comparison.lift.low  # type: ignore[union-attr]


def test_an_end_by_hand_before_its_time_leaves_the_sequence_deciding(make_shop: Any) -> None:
    shop = make_shop(2, planned_visitors=5000)
    shop.start()
    come(shop, "control", USUAL)
    come(shop, "warm", BETTER)
    rollup()
    lifecycle.finish(shop.experiment, actor="ada")
    (effect,) = report_of(shop).effects
    assert effect.basis == "sequence" and "600 of 5000" in effect.reasons[0]
    # On its date, few visitors or many, the one reading decides.
    ended = shop.experiment.ended_at
    Experiment.objects.update(ends_at=ended - timedelta(seconds=1))
    (effect,) = report_of(shop).effects
    assert effect.basis == "fixed_horizon" and effect.reasons == ()


def test_several_arms_share_the_error_and_the_best_one_is_the_sentence(
    make_shop: Any, make_style: Any, publish_variant: Any
) -> None:
    from shop_style.models import Arm

    shop = make_shop(2, planned_visitors=900)
    cold = make_style("cold")
    for chair in shop.chairs:
        publish_variant(chair, cold)
    Arm.objects.create(experiment=shop.experiment, slug="cold", style=cold, weight=0.2)
    shop.experiment.arms.exclude(slug="cold").update(weight=0.4)
    shop.start()
    come(shop, "control", USUAL)
    come(shop, "warm", BETTER)
    come(shop, "cold", Habits(visitors=150, clicking=40, seen=2))
    report = report_of(shop)
    cold_effect, warm = report.effects
    assert warm.level == cold_effect.level == 0.025
    assert warm.comparison == sequential_difference(
        arm_summary(USUAL), arm_summary(BETTER), planned=720, alpha=0.025
    )
    assert verdict(report).startswith("Warm earns more clicks")
    assert any(line.startswith("Cold: no difference is shown yet") for line in remarks(report))


def test_clicks_that_bring_no_orders_are_said_in_the_sentence(shop: Any, settings: Any) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "PAUSE_ON": []}
    come(shop, "control", Habits(visitors=400, clicking=200, buying=110, seen=2))
    come(shop, "warm", Habits(visitors=400, clicking=320, buying=40, seen=2))
    report = report_of(shop)
    assert check(report, "clickbait").light == "red"
    assert "but they bring no more orders" in verdict(report)
    assert "decide now" not in " ".join(remarks(report))


def test_a_ctr_that_rose_because_less_was_seen_is_doubted(shop: Any) -> None:
    come(shop, "control", Habits(visitors=150, clicking=75, seen=9))
    come(shop, "control", Habits(visitors=150, clicking=75, seen=7), name="b")
    come(shop, "warm", Habits(visitors=150, clicking=75, seen=4))
    come(shop, "warm", Habits(visitors=150, clicking=75, seen=5), name="b")
    report = report_of(shop)
    assert report.effects[0].state == "higher"
    found = check(report, "clicks_per_visitor")
    assert found.light == "amber" and "+0.0 %" in found.finding
    assert any("its denominator does" in line for line in remarks(report))
    assert check(report, "positions").light == "amber"  # warm ends after the first row


def test_failing_pictures_come_before_any_effect(shop: Any, settings: Any) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "PAUSE_ON": []}
    come(shop, "control", Habits(visitors=300, clicking=80, failing=1, seen=2))
    come(shop, "warm", Habits(visitors=300, clicking=80, failing=60, seen=2))
    report = report_of(shop)
    assert check(report, "load_failures").light == "red"
    assert verdict(report) == "Do not decide by this result: pictures of Warm do not load."
    assert report.checks[0].light == "red"


def test_segments_are_corrected_together(shop: Any) -> None:
    come(shop, "control", Habits(visitors=200, clicking=60, seen=6))
    come(shop, "warm", Habits(visitors=200, clicking=95, seen=6))
    come(shop, "control", Habits(visitors=200, clicking=60, device="mobile", seen=2), name="m")
    come(shop, "warm", Habits(visitors=200, clicking=62, device="mobile", seen=2), name="m")
    report = report_of(shop)
    found = {(item.kind, item.name): item for item in report.segments}
    assert list(found) == [
        ("device", "desktop"),
        ("device", "mobile"),
        ("position", "1-4"),
        ("position", "5-12"),
    ]
    # No p-value that a daily look would find one day; at the end, one of each.
    assert {item.p_holm for item in report.segments} == {None}
    assert "each interval is always valid" in report_page(report)
    assert "each always valid" in run("experiment_report", "warm-listing")
    assert "no p-value before the end" in report_csv(report)
    # Nor in JSON: what it has holds however often one looks.
    desktop = found["device", "desktop"].comparison
    assert desktop is not None and desktop.method == "confidence_sequence"
    assert desktop == sequential_difference(
        *(arm_summary(Habits(visitors=200, clicking=n, seen=6)) for n in (60, 95)), planned=600
    )
    assert {item.basis for item in report.segments} == {"sequence"}
    (said, *_rest) = report.as_dict()["segments"]
    assert said["comparison"]["p_value"] == desktop.p_value and said["p_holm"] is None
    lifecycle.finish(shop.experiment, actor="ada")
    report = report_of(shop)
    found = {(item.kind, item.name): item for item in report.segments}
    assert "each interval is always valid" not in report_page(report)
    assert {item.basis for item in report.segments} == {"fixed_horizon"}
    assert "p by Holm, by" in report_csv(report)
    known = [item for item in report.segments if item.comparison]
    raw = [item.comparison.p_value for item in known if item.comparison]
    assert len(known) == 3  # nobody clicks in the second row
    assert found["position", "5-12"].p_holm is None
    smallest = min(known, key=lambda item: item.p_holm or 0)
    assert smallest.p_holm == pytest.approx(3 * min(raw))
    assert all((item.p_bh or 0) <= (item.p_holm or 0) for item in known)


def test_products_are_drawn_towards_their_style_and_named(make_shop: Any) -> None:
    shop = make_shop(12, planned_visitors=600)
    shop.start()
    StyleVariant.objects.update(ssim=0.9)
    for number, variant in enumerate(StyleVariant.objects.order_by("pk")):
        StyleVariant.objects.filter(pk=variant.pk).update(ssim=0.8 + number / 100)
    come(shop, "control", Habits(visitors=400, clicking=200, seen=4))
    come(shop, "warm", Habits(visitors=400, clicking=260, seen=4))
    report = report_of(shop)
    (style,) = report.by_product
    assert style.pooled is not None and len(style.pooled.products) == 12
    assert sorted(style.names.values()) == sorted(chair.name for chair in shop.chairs)
    lifts = [item.shrunken.estimate for item in style.pooled.products]
    assert min(lifts) <= style.pooled.mean.estimate <= max(lifts)
    (line,) = report.fidelity
    assert (line.score, line.association.products) == ("ssim", 12)
    page = report_page(report)
    assert "Lift against fidelity" in page and "exploratory" in page
    for chair in shop.chairs:
        assert f'<th scope="row">{chair.name}</th>' in page


def test_products_left_out_are_told_by_why(make_shop: Any) -> None:
    shop = make_shop(4)
    shop.start()
    first, second, third, _rest = shop.experiment.phases.get().products.order_by("pk")
    first.left_out_at, first.left_out_because = timezone.now(), "file_missing"
    first.save()
    StyleVariant.objects.filter(pk=second.shown.get().variant_id).update(published_at=None)
    StyleVariant.objects.filter(pk=third.shown.get().variant_id).update(retired_at=timezone.now())
    report = report_of(shop)
    assert report.products == 1
    assert report.left_out == {"file_missing": 1, "variant_withdrawn": 1, "variant_retired": 1}
    text = run("experiment_report", "warm-listing")
    assert "1 product (variant_withdrawn)" in text


def test_each_day_stands_as_it_stood_then(shop: Any) -> None:
    come(shop, "control", USUAL)
    come(shop, "warm", BETTER)
    rollup()
    SummaryTotals.objects.update(day=timezone.now().date() - timedelta(days=3))
    come(shop, "control", USUAL, name="b")
    come(shop, "warm", USUAL, name="b")
    (effect,) = report_of(shop).effects
    before, now = effect.course
    assert (before.visitors, now.visitors) == (600, 1200)
    assert (now.day - before.day).days == 3
    assert before.lift.estimate == pytest.approx(0.75)
    assert now.lift.estimate == pytest.approx((140 + 80) / 160 - 1)
    page = report_page(report_of(shop))
    assert "<polygon" in page and page.count("The same as a table") == 1


def test_the_csv_has_every_number_and_no_formula(make_shop: Any) -> None:
    shop = make_shop(3, planned_visitors=600)
    shop.start()
    type(shop.chairs[0]).objects.filter(pk=shop.chairs[0].pk).update(name="=HYPERLINK(1)")
    come(shop, "control", Habits(visitors=300, clicking=200, seen=3))
    come(shop, "warm", Habits(visitors=300, clicking=250, seen=3))
    report = report_of(shop)
    text = run("experiment_report", "warm-listing", "--csv")
    assert text == report_csv(report)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == HEADINGS
    by_table = {row["table"] for row in rows}
    assert {"arms", "effects", "course", "segments", "products", "checks"} <= by_table
    (lift,) = [row for row in rows if (row["table"], row["measure"]) == ("effects", "ctr_lift")]
    assert float(lift["value"]) == pytest.approx(0.25)
    names = {row["item"] for row in rows if row["table"] == "products"}
    assert "'=HYPERLINK(1)" in names and "=HYPERLINK(1)" not in names


def test_the_page_reads_without_a_script_and_for_a_screen_reader(shop: Any) -> None:
    come(shop, "control", USUAL)
    come(shop, "warm", BETTER)
    page = report_page(report_of(shop))
    outline = Outline(page)
    assert outline.open == []
    assert not {tag for tag, _found in outline.tags} & {"script", "iframe", "link", "img"}
    pictures = [found for _tag, found in outline.tags if found.get("role") == "img"]
    assert len(pictures) >= 3
    assert all(found.get("aria-label") or found.get("aria-labelledby") for found in pictures)
    headers = [found for tag, found in outline.tags if tag == "th"]
    assert headers and all(found.get("scope") for found in headers)
    levels = [tag for tag, _found in outline.tags if tag in ("h1", "h2", "h3")]
    assert levels[0] == "h1" and levels.count("h1") == 1
    # What scrolls sideways can be scrolled by keyboard.
    scrolled = [found for _tag, found in outline.tags if found.get("class") == "ss-scroll"]
    assert all(found.get("tabindex") == "0" and found.get("aria-label") for found in scrolled)


@pytest.mark.parametrize("number", [2, 12])
def test_queries_are_the_same_for_any_number_of_products(make_shop: Any, number: int) -> None:
    shop = make_shop(number)
    shop.start()
    come(shop, "control", Habits(visitors=120, clicking=60, seen=2))
    come(shop, "warm", Habits(visitors=120, clicking=60, seen=2))
    rollup(products=True)
    ContentType.objects.clear_cache()
    with CaptureQueriesContext(connection) as queries:
        build_report(shop.experiment)
    assert len(queries) == 21
