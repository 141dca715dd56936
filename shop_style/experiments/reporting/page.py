"""A report as HTML: a page that needs nothing beside itself, and what its templates show."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

from shop_style.experiments.reporting.band import lift_band
from shop_style.experiments.reporting.caterpillar import caterpillar
from shop_style.experiments.reporting.chart import KEYS, ctr_chart, lift_bars
from shop_style.experiments.reporting.rows import (
    arm_row,
    baseline_row,
    check_row,
    effect_row,
    excluded_rows,
    left_out_rows,
    line_row,
    segment_row,
)
from shop_style.experiments.reporting.scatter import scatter
from shop_style.experiments.reporting.values import ExperimentReport
from shop_style.experiments.reporting.verdict import (
    beside_in_words,
    lift_in_words,
    remarks,
    verdict,
)
from shop_style.models import Experiment

STYLESHEET: Final = "shop_style/report.css"


def report_page(report: ExperimentReport) -> str:
    """The whole report as one file: styles within, no script, nothing to fetch."""
    sheet = files("shop_style").joinpath("static", STYLESHEET).read_text(encoding="utf-8")
    context = {
        **report_context(report),
        "stylesheet": mark_safe(sheet),  # our own file
        "language": get_language() or "en",
    }
    return render_to_string("shop_style/report.html", context)


def report_context(report: ExperimentReport) -> dict[str, Any]:
    """What `shop_style/report_body.html` shows."""
    names = {arm.slug: arm.name for arm in report.arms}
    keys = {slug: number % KEYS for number, slug in enumerate(names)}
    bands = [lift_band(effect, keys[effect.arm]) for effect in report.effects]
    return {
        "report": report,
        **_course(report),
        "verdict": verdict(report),
        "remarks": remarks(report),
        "arms": [arm_row(arm, keys[arm.slug]) for arm in report.arms],
        "effects": [
            effect_row(report, effect, bar, keys[effect.arm])
            for effect, bar in zip(report.effects, lift_bars(report.effects), strict=True)
        ],
        "without_flagged": [
            (effect.name, lift_in_words(effect))
            for effect in report.without_flagged
            if effect.comparison is not None
        ],
        "beside": beside_in_words(report),
        "baseline": baseline_row(report.baseline) if report.baseline else None,
        "believed": any(effect.posterior for effect in report.effects),
        "bands": [band for band in bands if band],
        "chart": ctr_chart(report.hours, names, zone=timezone.get_current_timezone()),
        "segments": [segment_row(segment, names) for segment in report.segments],
        "styles": [(style, caterpillar(style)) for style in report.by_product],
        "lines": [(line_row(found), scatter(found)) for found in report.fidelity],
        "checks": [check_row(check, names) for check in report.checks],
        "excluded": list(excluded_rows(report.excluded)),
        "left_out": left_out_rows(report.left_out),
        "converted": any(arm.conversions for arm in report.arms),
    }


def _course(report: ExperimentReport) -> dict[str, str]:
    """What was planned beside what came."""
    days = ""
    if report.started_at:
        until = report.ended_at or timezone.now()
        days = f"{(until - report.started_at).total_seconds() / 86_400:.1f}"
    return {
        "state": str(Experiment.State(report.state).label),
        "because": str(Experiment.Because(report.paused_because).label)
        if report.paused_because
        else "",
        "outcome": str(Experiment.Outcome(report.outcome).label) if report.outcome else "",
        "visitors": f"{report.visitors:,}",
        "planned": f"{report.planned_visitors:,}",
        "share": f"{100 * report.visitors / report.planned_visitors:.0f} %"
        if report.planned_visitors
        else "",
        "days": days,
        "pages": f"{report.pages:,}",
        "waiting": f"{report.waiting:,}",
    }
