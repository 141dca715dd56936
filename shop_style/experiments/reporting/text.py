"""A report as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from shop_style.experiments.reporting.baseline import BaselineReport
from shop_style.experiments.reporting.values import (
    AMBER,
    GREEN,
    OPEN,
    RED,
    ArmReport,
    Check,
    Effect,
    ExperimentReport,
)
from shop_style.experiments.reporting.verdict import (
    basis_in_words,
    beside_in_words,
    lift_in_words,
    p_in_words,
    remarks,
    verdict,
)

HEADINGS: Final = (
    "arm",
    "enrolled",
    "visitors",
    "viewable",
    "clicks",
    "orders",
    "CTR",
    "95 % interval",
    "clicks/visitor",
)
LIGHTS: Final = {GREEN: "ok", AMBER: "LOOK", RED: "STOP", OPEN: "–"}
_EXTREMES: Final = 3


def report_lines(report: ExperimentReport) -> Iterator[str]:
    """The whole report, line by line."""
    planned = f"{report.visitors:,} of {report.planned_visitors:,} planned visitors"
    products = counted(report.products, "product")
    state = report.state
    if report.paused_because:
        state += f" ({report.paused_because})"
    yield f"{report.name} ({report.slug}): {state}, {planned}, {products}"
    yield ""
    yield f"  {verdict(report)}"
    for sentence in remarks(report):
        yield f"  {sentence}"
    yield ""
    yield from _table([HEADINGS, *(_arm_row(arm) for arm in report.arms)])
    yield ""
    for effect in report.effects:
        yield from _effect_lines(effect)
    if report.estimand:
        yield f"  {report.estimand}"
    for sentence in beside_in_words(report):
        yield f"  {sentence}"
    if report.baseline is not None:
        yield f"  {_baseline_line(report.baseline)}"
    for effect in report.without_flagged:
        if effect.comparison is not None:
            yield f"  {effect.name} without flagged visitors: {lift_in_words(effect)}"
    yield from _segment_lines(report)
    yield from _product_lines(report)
    yield "Checks"
    for check in report.checks:
        yield f"  {check_in_words(check)}"
    yield from _remarks(report)


def _baseline_line(baseline: BaselineReport) -> str:
    until = baseline.ended_at or baseline.due
    came = ", ".join(
        f"{slug} {number:,} ({baseline.returning[slug]:,} came back)"
        for slug, number in baseline.visitors.items()
    )
    return f"Baseline {baseline.started_at:%Y-%m-%d} to {until:%Y-%m-%d}, originals for all: {came}"


def counted(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def check_in_words(check: Check) -> str:
    """A check in a line; what to do follows where something is to be done."""
    about = f" ({check.arm})" if check.arm else ""
    advice = f". {check.advice}" if check.advice else ""
    return f"{LIGHTS[check.light]:>4}  {check.title}{about}: {check.finding}{advice}"


def _arm_row(arm: ArmReport) -> tuple[str, ...]:
    rate = arm.clicks_per_visitor
    return (
        f"{arm.name} ({arm.slug})",
        f"{arm.enrolled:,}",
        f"{arm.visitors:,}",
        f"{arm.viewable:,}",
        f"{arm.clicks:,}",
        f"{arm.conversions:,}",
        f"{100 * arm.ctr.estimate:.2f} %" if arm.ctr else "–",
        f"{100 * arm.ctr.low:.2f} … {100 * arm.ctr.high:.2f} %" if arm.ctr else "–",
        "–" if rate is None else f"{rate:.3f}",
    )


def _effect_lines(effect: Effect) -> Iterator[str]:
    if effect.comparison is None:
        for reason in effect.reasons:
            yield f"  {effect.name}: {reason}"
        return
    yield (
        f"  {effect.name} against the originals: {lift_in_words(effect)}, {p_in_words(effect)} "
        f"({basis_in_words(effect)})"
    )
    for reason in effect.reasons:
        yield f"    {reason}"
    if effect.posterior:
        yield (
            f"    chance to win {100 * effect.posterior.chance_to_win:.1f} %; expected loss of "
            f"shipping it {100 * effect.posterior.loss_of_treatment:.2f} %, of keeping the "
            f"originals {100 * effect.posterior.loss_of_control:.2f} %"
        )


def _segment_lines(report: ExperimentReport) -> Iterator[str]:
    known = [item for item in report.segments if item.comparison and item.comparison.lift]
    if not known:
        return
    yield ""
    said = "p corrected by Holm" if report.is_final else "each always valid; p follows at the end"
    yield f"By device and place on the page ({said})"
    rows = [("segment", "arm", "visitors", "change of the CTR", "p")]
    for item in known:
        assert item.comparison is not None and item.comparison.lift is not None
        lift = item.comparison.lift
        rows.append(
            (
                f"{item.kind} {item.name}",
                item.arm,
                f"{item.visitors:,}",
                f"{100 * lift.estimate:+.1f} %",
                "–" if item.p_holm is None else f"{item.p_holm:.3f}",
            )
        )
    yield from _table(rows)


def _product_lines(report: ExperimentReport) -> Iterator[str]:
    for style in report.by_product:
        if style.pooled is None:
            continue
        mean = style.pooled.mean
        yield ""
        yield (
            f"{style.name} over {counted(len(style.pooled.products), 'product')}: "
            f"{100 * mean.estimate:+.1f} % ({100 * mean.low:+.1f} % … {100 * mean.high:+.1f} %); "
            f"products differ by ±{100 * style.pooled.deviation:.1f} %"
        )
        ranked = sorted(style.pooled.products, key=lambda item: -item.shrunken.estimate)
        shown = (
            ranked if len(ranked) <= 2 * _EXTREMES else [*ranked[:_EXTREMES], *ranked[-_EXTREMES:]]
        )
        for item in shown:
            lift = item.shrunken
            yield (
                f"  {style.names[item.product]}: {100 * lift.estimate:+.1f} % "
                f"({100 * lift.low:+.1f} % … {100 * lift.high:+.1f} %)"
            )
    yield ""


def _remarks(report: ExperimentReport) -> Iterable[str]:
    excluded = {kind: number for kind, number in report.excluded.items() if number}
    if excluded:
        parts = ", ".join(f"{kind} {number:,}" for kind, number in excluded.items())
        yield f"  pages of visitors who take no part, shown as originals: {parts}"
    for arm in report.arms:
        if arm.failed or arm.suspicious:
            yield (
                f"  {arm.name}: {arm.failed:,} pictures did not load, "
                f"{arm.suspicious:,} events flagged as suspicious; all kept"
            )
    for arm in report.arms:
        if arm.mixed or arm.flagged_visitors:
            yield (
                f"  {arm.name}: {counted(arm.mixed, 'visitor')} saw two arms and count in none, "
                f"{counted(arm.flagged_visitors, 'visitor')} flagged and kept"
            )
    for reason, number in report.left_out.items():
        yield f"  left out of every arm: {counted(number, 'product')} ({reason})"
    when = f"{report.rolled_up_at:%Y-%m-%d %H:%M:%S} UTC" if report.rolled_up_at else "never"
    yield f"  events as of {when}, {report.waiting:,} since; enrolments and pages as they come"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield "  " + "  ".join(cells).rstrip()
        if number == 0:
            yield "  " + "  ".join("─" * width for width in widths)
