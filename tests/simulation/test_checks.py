"""Checks of a report over crowds: what is no fault sets off none, and none breaks the report."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from shop_style.experiments import lifecycle
from shop_style.experiments.reporting import checks
from shop_style.experiments.reporting.page import report_page
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.reporting.sums import clicks_over_viewable
from shop_style.experiments.reporting.values import Check, ExperimentReport
from shop_style.experiments.reporting.verdict import remarks
from shop_style.models import DailyTally, Experiment, RollupMark, SummaryTotals
from styleeval.inference import alpha_at_end, ratio_difference
from tests.simulation import reports
from tests.simulation.shop import Shop, open_shop
from tests.simulation.shopper import USUAL
from tests.simulation.totals import CROWD, Crowd, come

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: Any) -> Shop:
    return open_shop(USUAL.tiles, planned=2 * CROWD)


def report_of(shop: Shop) -> ExperimentReport:
    return build_report(Experiment.objects.get(pk=shop.experiment.pk))


def check(report: ExperimentReport, name: str) -> Check:
    return next(item for item in report.checks if item.name == name)


def test_a_report_of_pictures_that_nobody_could_load(shop: Shop) -> None:
    reports.healthy(shop)
    SummaryTotals.objects.filter(slice="all").update(failing_visitors=F("visitors"))
    report = report_of(shop)
    found = check(report, "load_failures")
    assert found.light == "amber" and "100.00 % of its visitors" in found.finding
    assert found.advice and report_page(report)


def test_a_check_that_fails_is_open_and_told_in_the_log(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reports.healthy(shop)

    def fail(_found: Any) -> Any:
        raise ZeroDivisionError("no clocks")

    monkeypatch.setitem(checks._CHECKS, "clocks", fail)  # type: ignore[arg-type]
    with caplog.at_level(logging.ERROR):
        report = report_of(shop)
    found = check(report, "clocks")
    assert found.light == "open" and "could not be made" in found.finding
    assert "no clocks" in caplog.text and "failed" in caplog.text
    assert len(report.checks) > 10 and report_page(report)


def test_arms_that_are_alike_stay_green_over_a_change_of_weights(shop: Shop) -> None:
    """The second phase brings other visitors, most of them to one arm."""
    before = Crowd(enrolled=20_000, visitors=20_000)
    for slug in ("control", "warm"):
        come(shop, slug, before)
    lifecycle.change_weights(shop.experiment, {"control": 0.1, "warm": 0.9}, actor="ada")
    after = replace(before, seen=(4.5, 2.5, 1.0), failing=0.02, flagged=0.01, seed=2)
    come(shop, "control", replace(after, enrolled=4_000, visitors=4_000))
    come(shop, "warm", replace(after, enrolled=36_000, visitors=36_000))
    RollupMark.objects.update_or_create(pk=1, defaults={"rolled_at": timezone.now()})
    report = report_of(shop)
    assert [(c.name, c.finding) for c in report.checks if c.light in reports.BAD] == []
    finding = check(report, "load_failures").finding
    shares = [float(share) for share in re.findall(r"([\d.]+) %", finding)]
    assert shares[0] == pytest.approx(shares[1], abs=0.2)


def test_faults_of_one_arm_are_found_over_phases(shop: Shop) -> None:
    """With a tenth of the visitors in the arm that is well, then nine tenths."""
    crowd = Crowd(enrolled=20_000, visitors=20_000)
    bad = replace(crowd, failing=0.02, flagged=0.01, seen=(3.9, 1.25, 0.35), seed=3)
    come(shop, "control", crowd)
    come(shop, "warm", bad)
    lifecycle.change_weights(shop.experiment, {"control": 0.1, "warm": 0.9}, actor="ada")
    come(shop, "control", replace(crowd, enrolled=4_000, visitors=4_000))
    come(shop, "warm", replace(bad, enrolled=36_000, visitors=36_000))
    report = report_of(shop)
    lights = {name: check(report, name).light for name in ("load_failures", "bots", "positions")}
    assert lights == {"load_failures": "red", "bots": "amber", "positions": "amber"}


@pytest.mark.parametrize(
    ("first", "second", "wrong"),
    [
        # Alone the first would be an alarm, with p = 0.0008; it is one of two.
        ((10_238, 9_762), (8_000, 12_000), False),
        # Alone neither is, with p = 0.003; they are off by the same.
        ((10_210, 9_790), (8_206, 11_794), True),
    ],
)
def test_the_sample_ratio_has_one_verdict_over_phases(
    shop: Shop, first: tuple[int, int], second: tuple[int, int], wrong: bool
) -> None:
    for counts in (first, second):
        if counts is second:
            weights = {"control": 0.4, "warm": 0.6}
            lifecycle.change_weights(shop.experiment, weights, actor="ada")
        for slug, number in zip(("control", "warm"), counts, strict=True):
            come(shop, slug, Crowd(enrolled=number, visitors=number))
    report = report_of(shop)
    found = check(report, "sample_ratio_rendered")
    assert found.light == ("red" if wrong else "green")
    assert report.is_mismatched is wrong
    single = [s for s in report.splits if s.stage == "rendered" and s.phase]
    assert [tuple(item.counts.values()) for item in single] == [first, second]
    assert [item.mismatched for item in single] == [not wrong, False]
    assert ("phase 2" in found.finding) is wrong


def days(*rates: tuple[int, float]) -> Shop:
    """A shop that plans 20,000 visitors, with each day's visitors of an arm so far and the style's
    clicks of a picture; the originals' is 0.05."""
    shop = open_shop(USUAL.tiles, planned=20_000)
    for ago, (visitors, rate) in zip(range(len(rates) - 1, -1, -1), rates, strict=True):
        crowd = Crowd(enrolled=visitors, visitors=visitors)
        come(shop, "control", crowd)
        come(shop, "warm", replace(crowd, rate=rate))
        day = timezone.now().date() - timedelta(days=ago)
        for model in (SummaryTotals, DailyTally):
            model.objects.filter(day=timezone.now().date()).update(day=day)
    return shop


def test_an_experiment_that_runs_on_is_read_at_its_declared_end(db: Any) -> None:
    shop = days((8_000, 0.05), (10_300, 0.06), (14_000, 0.05))
    report = report_of(shop)
    (effect,) = report.effects
    assert effect.as_of == timezone.now().date() - timedelta(days=1)
    assert (effect.state, effect.basis) == ("higher", "fixed_horizon")
    rows = [
        SummaryTotals.objects.get(day=effect.as_of, arm__slug=slug, slice="all")
        for slug in ("control", "warm")
    ]
    control, warm = clicks_over_viewable([vars(rows[0])]), clicks_over_viewable([vars(rows[1])])
    level = alpha_at_end(0.05, 20_600 / 20_000)
    assert effect.comparison == ratio_difference(control, warm, level)
    assert len(effect.course) == 3
    found = check(report, "plan")
    assert found.light == "amber" and f"that of {effect.as_of.isoformat()}" in found.advice
    assert effect.as_of.isoformat() in report_page(report)
    assert "decide now" not in " ".join(remarks(report))
    # Ending it changes nothing, whenever that is.
    Experiment.objects.update(state="finished", ended_at=timezone.now())
    (ended,) = report_of(shop).effects
    assert (ended.as_of, ended.comparison) == (effect.as_of, effect.comparison)


@pytest.mark.parametrize(
    ("last", "light", "words"),
    [(10_900, "green", ""), (11_100, "amber", "holds at any time decides")],
)
def test_the_always_valid_interval_decides_where_no_day_is_the_end(
    db: Any, last: int, light: str, words: str
) -> None:
    """Up to OVERRUN while it runs; beyond it, where a day leapt over the end."""
    shop = days((8_000, 0.05), (last, 0.05))
    report = report_of(shop)
    assert (report.effects[0].basis, report.effects[0].as_of) == ("sequence", None)
    found = check(report, "plan")
    assert found.light == light and words in found.advice
    Experiment.objects.update(state="finished", ended_at=timezone.now())
    (effect,) = report_of(shop).effects
    assert effect.basis == ("fixed_horizon" if light == "green" else "sequence")


def test_where_a_date_is_set_the_visitors_are_no_end(db: Any) -> None:
    shop = days((8_000, 0.05), (10_300, 0.06), (14_000, 0.05))
    Experiment.objects.update(ends_at=timezone.now() + timedelta(days=3))
    report = report_of(shop)
    assert (report.effects[0].basis, report.effects[0].as_of) == ("sequence", None)
    assert check(report, "plan").light == "green"
