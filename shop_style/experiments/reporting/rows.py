"""A report's numbers as text for its page: one value for each row of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from shop_style.experiments.reporting.baseline import BaselineReport
from shop_style.experiments.reporting.chart import Bar
from shop_style.experiments.reporting.fidelity import Fidelity
from shop_style.experiments.reporting.scatter import score_names
from shop_style.experiments.reporting.values import (
    AMBER,
    GREEN,
    OPEN,
    RED,
    ArmReport,
    Check,
    Effect,
    ExperimentReport,
    Segment,
)
from shop_style.experiments.reporting.verdict import (
    basis_in_words,
    is_barred,
    lift_in_words,
    p_in_words,
)

if TYPE_CHECKING:
    from styleeval.inference import Interval


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of an arm's funnel. share: of the step before."""

    number: str
    share: str


@dataclass(frozen=True, kw_only=True)
class ArmRow:
    """An arm's numbers as text. key: its line style in the drawings."""

    name: str
    slug: str
    key: int
    rendered: str
    viewable: str
    clicks: str
    ctr: str
    interval: str
    clicks_per_visitor: str
    conversions: str
    conversions_per_click: str
    value: str
    failed: str
    suspicious: str
    flagged_visitors: str
    mixed: str
    funnel: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class EffectRow:
    """An arm against the originals. reading: what may be said of it at this time."""

    name: str
    key: int
    estimate: str
    interval: str
    basis: str
    p: str
    level: str
    reading: str
    reasons: tuple[str, ...]
    per_visitor: str
    per_visitor_interval: str
    chance: str
    loss: str
    other_loss: str
    bar: Bar | None


@dataclass(frozen=True, kw_only=True)
class SegmentRow:
    """An arm in a segment."""

    kind: str
    name: str
    arm: str
    visitors: str
    ctr: str
    control_ctr: str
    change: str
    interval: str
    p: str
    p_holm: str
    p_bh: str


@dataclass(frozen=True, kw_only=True)
class CheckRow:
    """A check. light: of `values`; said: what the light means."""

    title: str
    about: str
    light: str
    said: str
    finding: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class LineRow:
    """A score's line."""

    name: str
    score: str
    products: str
    slope: str
    p: str
    correlation: str


def arm_row(arm: ArmReport, key: int) -> ArmRow:
    """An arm."""
    rate, ctr, worth = arm.clicks_per_visitor, arm.ctr, arm.conversions_per_click
    steps = (arm.enrolled, arm.visitors, arm.viewing_visitors, arm.clicking_visitors)
    return ArmRow(
        name=arm.name,
        slug=arm.slug,
        key=key,
        rendered=f"{arm.rendered:,}",
        viewable=f"{arm.viewable:,}",
        clicks=f"{arm.clicks:,}",
        ctr=f"{100 * ctr.estimate:.2f} %" if ctr else "–",
        interval=f"{100 * ctr.low:.2f} … {100 * ctr.high:.2f} %" if ctr else "–",
        clicks_per_visitor="–" if rate is None else f"{rate:.3f}",
        conversions=f"{arm.conversions:,}",
        conversions_per_click="–" if worth is None else f"{100 * worth:.1f} %",
        value=f"{arm.value:,.2f}",
        failed=f"{arm.failed:,}",
        suspicious=f"{arm.suspicious:,}",
        flagged_visitors=f"{arm.flagged_visitors:,}",
        mixed=f"{arm.mixed:,}",
        funnel=tuple(
            Step(number=f"{number:,}", share=_share(number, steps[index - 1]) if index else "")
            for index, number in enumerate(steps)
        ),
    )


def _share(number: int, whole: int) -> str:
    return f"{100 * number / whole:.1f} %" if whole else "–"


def effect_row(report: ExperimentReport, effect: Effect, bar: Bar | None, key: int) -> EffectRow:
    """An effect."""
    mean, belief = effect.per_visitor, effect.posterior
    change, _space, interval = lift_in_words(effect).partition(" (")
    interval = interval.removesuffix(")")
    return EffectRow(
        name=effect.name,
        key=key,
        estimate=change,
        interval=interval,
        basis=basis_in_words(effect) if effect.comparison else "",
        p=p_in_words(effect),
        level=f"{effect.level:.3g}",
        reading=_reading(report, effect),
        reasons=effect.reasons,
        per_visitor=f"{100 * mean.lift.estimate:+.1f} %" if mean and mean.lift else "–",
        per_visitor_interval=_interval(mean.lift if mean else None),
        chance=f"{100 * belief.chance_to_win:.1f} %" if belief else "–",
        loss=f"{100 * belief.loss_of_treatment:.2f} %" if belief else "–",
        other_loss=f"{100 * belief.loss_of_control:.2f} %" if belief else "–",
        bar=bar,
    )


def _reading(report: ExperimentReport, effect: Effect) -> str:
    if effect.comparison is not None and is_barred(report, effect):
        return _("not to be trusted: see the checks")
    if effect.state == "no_difference_shown" and not (report.is_final or effect.is_final):
        return _("no difference shown yet")
    return {
        "not_enough_data": _("not enough data yet"),
        "no_difference_shown": _("no difference shown"),
        "higher": _("more clicks than the originals"),
        "lower": _("fewer clicks than the originals"),
    }[effect.state]


def _interval(lift: Interval | None) -> str:
    if lift is None:
        return ""
    return f"{100 * lift.low:+.1f} % … {100 * lift.high:+.1f} %"


def segment_row(segment: Segment, names: Mapping[str, str]) -> SegmentRow:
    """A segment."""
    found = segment.comparison
    lift = found.lift if found else None
    kinds = {"device": _("Device"), "position": _("Position")}
    names_of_devices = {
        "desktop": _("desktop"),
        "mobile": _("mobile"),
        "tablet": _("tablet"),
    }
    return SegmentRow(
        kind=kinds[segment.kind],
        name=names_of_devices.get(segment.name, segment.name.replace("-", "–")),
        arm=names.get(segment.arm, segment.arm),
        visitors=f"{segment.visitors:,}",
        ctr=_rate(segment.ctr),
        control_ctr=_rate(segment.control_ctr),
        change=f"{100 * lift.estimate:+.1f} %" if lift else "–",
        interval=f"{100 * lift.low:+.1f} … {100 * lift.high:+.1f} %" if lift else "–",
        p=_p(found.p_value if found and segment.p_holm is not None else None),
        p_holm=_p(segment.p_holm),
        p_bh=_p(segment.p_bh),
    )


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.2f} %"


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def baseline_row(baseline: BaselineReport) -> str:
    """The baseline in a line: since when, who came, who came back."""
    values = {
        "since": f"{baseline.started_at:%Y-%m-%d}",
        "until": f"{baseline.ended_at or baseline.due:%Y-%m-%d}",
        "visitors": f"{sum(baseline.visitors.values()):,}",
        "returning": f"{sum(baseline.returning.values()):,}",
    }
    if baseline.ended_at is None:
        return _("%(since)s to %(until)s, %(visitors)s visitors so far") % values
    return (
        _("%(since)s to %(until)s, %(visitors)s visitors, of whom %(returning)s came to the test")
        % values
    )


def check_row(check: Check, names: Mapping[str, str]) -> CheckRow:
    """A check."""
    said = {
        GREEN: _("fine"),
        AMBER: _("look"),
        RED: _("stop"),
        OPEN: _("open"),
    }
    return CheckRow(
        title=check.title,
        about=names.get(check.arm, check.arm),
        light=check.light,
        said=said[check.light],
        finding=check.finding,
        advice=check.advice,
    )


def line_row(found: Fidelity) -> LineRow:
    """A score's line."""
    line = found.association
    slope = line.slope
    return LineRow(
        name=found.name,
        score=score_names()[found.score],
        products=f"{line.products:,}",
        slope=f"{slope.estimate:+.3g} ({slope.low:+.3g} … {slope.high:+.3g})",
        p=_p(line.p_value),
        correlation=f"{line.correlation:+.2f}",
    )


def excluded_rows(excluded: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Why visitors take no part, and how many pages they saw."""
    reasons = {
        "crawler": _("Crawlers, by their user agent"),
        "gpc": _("Visitors whose browser sends Sec-GPC"),
        "dnt": _("Visitors whose browser sends DNT"),
        "no_consent": _("Visitors who have not consented"),
        "holdout": _("Visitors held out of every experiment"),
    }
    for kind, number in excluded.items():
        yield reasons.get(kind, kind), f"{number:,}"


def left_out_rows(left_out: Mapping[str, int]) -> Sequence[tuple[str, str]]:
    """Why products are left out of every arm, and how many."""
    reasons = {
        "no_variant": _("No published variant in each arm when the phase began"),
        "file_missing": _("A file is gone from storage"),
        "variant_retired": _("The picture was replaced, or a newer variant took its place"),
        "variant_withdrawn": _("A variant is withdrawn"),
    }
    return [(reasons.get(kind, kind), f"{number:,}") for kind, number in left_out.items()]
