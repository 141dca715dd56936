"""A report as HTML: a page that needs nothing beside itself, and what its templates show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shop_style.experiments.reporting.chart import KEYS, Bar, ctr_chart, lift_bars
from shop_style.experiments.reporting.values import ArmReport, Effect, ExperimentReport, Split
from shop_style.experiments.reporting.verdict import lift_in_words, p_in_words, verdicts
from shop_style.models import Experiment

STYLESHEET: Final = "shop_style/report.css"


@dataclass(frozen=True, kw_only=True)
class ArmRow:
    """An arm's numbers as text. key: its line style in the chart."""

    name: str
    slug: str
    key: int
    visitors: str
    rendered: str
    viewable: str
    clicks: str
    ctr: str
    interval: str
    clicks_per_visitor: str
    conversions: str
    value: str
    failed: str
    suspicious: str


@dataclass(frozen=True, kw_only=True)
class EffectRow:
    """An arm against the originals. reading: what may be said of it at this time."""

    name: str
    key: int
    change: str
    p: str
    reading: str
    bar: Bar | None


@dataclass(frozen=True, kw_only=True)
class SplitRow:
    """A sample-ratio check. state: `ok`, `wrong` or `open`; advice: what to do about it."""

    phase: int
    stage: str
    counts: tuple[tuple[str, str, str], ...]
    """Name, visitors and expected visitors of each arm."""
    p: str
    state: str
    verdict: str
    advice: str


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
    rows = [_arm_row(arm, keys) for arm in report.arms]
    bars = lift_bars(report.effects)
    return {
        "report": report,
        "state": Experiment.State(report.state).label,
        "outcome": Experiment.Outcome(report.outcome).label if report.outcome else "",
        "visitors": f"{report.visitors:,}",
        "planned": f"{report.planned_visitors:,}",
        "pages": f"{report.pages:,}",
        "waiting": f"{report.waiting:,}",
        "verdicts": verdicts(report),
        "arms": rows,
        "effects": [
            _effect_row(report, effect, bar, keys)
            for effect, bar in zip(report.effects, bars, strict=True)
        ],
        "chart": ctr_chart(report.hours, names, zone=timezone.get_current_timezone()),
        "splits": [_split_row(split, names) for split in report.splits],
        "devices": [
            (device, [_arm_row(arm, keys) for arm in arms])
            for device, arms in report.devices.items()
        ],
        "excluded": list(_excluded(report.excluded)),
        "troubled": any(arm.failed or arm.suspicious for arm in report.arms),
        "converted": any(arm.conversions for arm in report.arms),
    }


def _arm_row(arm: ArmReport, keys: Mapping[str, int]) -> ArmRow:
    rate, ctr = arm.clicks_per_visitor, arm.ctr
    return ArmRow(
        name=arm.name,
        slug=arm.slug,
        key=keys[arm.slug],
        visitors=f"{arm.visitors:,}",
        rendered=f"{arm.rendered:,}",
        viewable=f"{arm.viewable:,}",
        clicks=f"{arm.clicks:,}",
        ctr=f"{100 * ctr.estimate:.2f} %" if ctr else "–",
        interval=f"{100 * ctr.low:.2f} … {100 * ctr.high:.2f} %" if ctr else "–",
        clicks_per_visitor="–" if rate is None else f"{rate:.3f}",
        conversions=f"{arm.conversions:,}",
        value=f"{arm.value:,.2f}",
        failed=f"{arm.failed:,}",
        suspicious=f"{arm.suspicious:,}",
    )


def _effect_row(
    report: ExperimentReport, effect: Effect, bar: Bar | None, keys: Mapping[str, int]
) -> EffectRow:
    readings = {
        "not_enough_data": _("not enough data yet"),
        "no_difference_shown": _("no difference shown"),
        "higher": _("more clicks than the originals"),
        "lower": _("fewer clicks than the originals"),
    }
    reading = readings[effect.state]
    if effect.comparison is not None and report.is_mismatched:
        reading = _("not to be trusted: see the sample ratio")
    elif effect.comparison is not None and not report.is_complete:
        reading = _("not a result yet")
    return EffectRow(
        name=effect.name,
        key=keys[effect.arm],
        change=lift_in_words(effect),
        p=p_in_words(effect),
        reading=reading,
        bar=bar,
    )


def _split_row(split: Split, names: Mapping[str, str]) -> SplitRow:
    state = {None: "open", False: "ok", True: "wrong"}[split.mismatched]
    verdict = {
        "open": _("too few visitors to check yet"),
        "ok": _("as promised"),
        "wrong": _("not as promised"),
    }[state]
    return SplitRow(
        phase=split.phase,
        stage=_("enrolled") if split.stage == "tokens" else _("with a rendered picture"),
        counts=tuple(
            (names[slug], f"{number:,}", f"{split.expected[slug]:,.0f}")
            for slug, number in split.counts.items()
        ),
        p="–" if state == "open" else _p(split.p_value),
        state=state,
        verdict=verdict,
        advice=_advice(split) if state == "wrong" else "",
    )


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def _advice(split: Split) -> str:
    if split.stage == "tokens":
        return _(
            "Visitors were not dealt out as planned. Look for a caller of the API that sends back "
            "an old visitor value, so that one visitor enrols on every page, and for weights that "
            "were changed in the database. Then start anew."
        )
    return _(
        "If the enrolled visitors are as promised, one arm loses them before its pictures report: "
        "look for failed pictures below, for pages that are slower or whose script stops in one "
        "arm, and for a cache that hands one visitor's page to others. Then start anew."
    )


def _excluded(excluded: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    reasons = {
        "crawler": _("Crawlers, by their user agent"),
        "gpc": _("Visitors whose browser sends Sec-GPC"),
        "dnt": _("Visitors whose browser sends DNT"),
        "no_consent": _("Visitors who have not consented"),
    }
    for kind, number in excluded.items():
        yield reasons.get(kind, kind), f"{number:,}"
