"""A report as one table for a spreadsheet: a row for each number, with its interval."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from shop_style.experiments.reporting.values import ArmReport, Effect, ExperimentReport, Segment

if TYPE_CHECKING:
    from styleeval.inference import Interval

HEADINGS: Final = (
    "experiment",
    "table",
    "arm",
    "item",
    "measure",
    "value",
    "low",
    "high",
    "p_value",
    "note",
)

_COUNTS: Final = (
    "enrolled",
    "visitors",
    "viewing_visitors",
    "clicking_visitors",
    "failing_visitors",
    "rendered",
    "viewable",
    "clicks",
    "conversions",
    "value",
    "failed",
    "suspicious",
    "flagged_visitors",
    "mixed",
    "tiles",
)
# A cell that begins so is a formula to a spreadsheet, and names come from whoever wrote them.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

_Row = tuple[Any, ...]


def report_csv(report: ExperimentReport) -> str:
    """All tables below each other, as RFC 4180 has it. Lifts are shares: 0.1 is +10 %."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(HEADINGS)
    for row in _rows(report):
        writer.writerow([report.slug, *map(_cell, row)])
    return stream.getvalue()


def _rows(report: ExperimentReport) -> Iterator[_Row]:
    for arm in report.arms:
        yield from _arm_rows(arm)
    for effect in report.effects:
        yield from _effect_rows(effect)
    if report.baseline is not None:
        for slug, number in report.baseline.visitors.items():
            back = report.baseline.returning[slug]
            yield ("baseline", slug, "", "visitors", number, "", "", "", "")
            yield ("baseline", slug, "", "returning", back, "", "", "", "")
    for segment in report.segments:
        comparison = segment.comparison
        yield _row(
            "segments",
            segment.arm,
            f"{segment.kind}:{segment.name}",
            "lift",
            comparison.lift if comparison else None,
            p=segment.p_holm,
            note=_segment_note(segment),
        )
    for style in report.by_product:
        for item in style.pooled.products if style.pooled else ():
            name = style.names[item.product]
            yield _row("products", style.arm, name, "shrunken_lift", item.shrunken)
            yield _row(
                "products", style.arm, name, "own_lift", item.alone, note="; ".join(item.reasons)
            )
    for check in report.checks:
        yield ("checks", check.arm, check.name, "light", check.light, "", "", "", check.finding)
    for kind, number in report.excluded.items():
        yield ("excluded", "", kind, "pages", number, "", "", "", "")
    for kind, number in report.left_out.items():
        yield ("left_out", "", kind, "products", number, "", "", "", "")


def _segment_note(segment: Segment) -> str:
    visitors = f"{segment.visitors} visitors"
    if segment.p_holm is None:
        fault = f"; {segment.fault}" if segment.fault else ""
        return f"{visitors}; {segment.basis}; no p-value before the end, or for too few{fault}"
    return f"{visitors}; p by Holm, by Benjamini–Hochberg {segment.p_bh}"


def _arm_rows(arm: ArmReport) -> Iterator[_Row]:
    for name in _COUNTS:
        yield ("arms", arm.slug, "", name, getattr(arm, name), "", "", "", "")
    yield _row("arms", arm.slug, "", "ctr", arm.ctr)
    yield ("arms", arm.slug, "", "clicks_per_visitor", arm.clicks_per_visitor, "", "", "", "")


def _effect_rows(effect: Effect) -> Iterator[_Row]:
    found = effect.comparison
    p = found.p_value if found else None
    note = f"{effect.state}; {effect.basis}; level {effect.level:g}"
    if effect.analysis != "plain":
        note += f"; {effect.analysis}"
    if effect.fault:
        note += f"; {effect.fault}: {'; '.join(effect.reasons)}"
    yield _row("effects", effect.arm, "", "ctr_lift", found.lift if found else None, p=p, note=note)
    yield _row(
        "effects", effect.arm, "", "ctr_difference", found.difference if found else None, p=p
    )
    other = effect.beside
    if other is not None:
        name = "plain" if effect.analysis == "cuped" else "cuped"
        note = f"{name}; decides nothing; variance kept by CUPED {effect.variance_kept:.4g}"
        yield _row("effects", effect.arm, name, "ctr_lift", other.lift, p=other.p_value, note=note)
        yield _row("effects", effect.arm, name, "ctr_difference", other.difference, p=other.p_value)
    mean = effect.per_visitor
    yield _row(
        "effects",
        effect.arm,
        "",
        "clicks_per_visitor_lift",
        mean.lift if mean else None,
        p=mean.p_value if mean else None,
    )
    if effect.posterior:
        for name in ("chance_to_win", "loss_of_treatment", "loss_of_control"):
            value = getattr(effect.posterior, name)
            yield ("effects", effect.arm, "", name, value, "", "", "", "")
    for moment in effect.course:
        yield _row(
            "course",
            effect.arm,
            moment.day.isoformat(),
            "ctr_lift",
            moment.lift,
            note=f"{moment.visitors} visitors; always valid",
        )


def _row(
    table: str,
    arm: str,
    item: str,
    measure: str,
    interval: Interval | None,
    *,
    p: float | None = None,
    note: str = "",
) -> _Row:
    if interval is None:
        return (table, arm, item, measure, "", "", "", "" if p is None else p, note)
    bounds = (interval.estimate, interval.low, interval.high)
    return (table, arm, item, measure, *bounds, "" if p is None else p, note)


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
