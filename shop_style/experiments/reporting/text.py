"""A report as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from shop_style.experiments.reporting.values import ArmReport, ExperimentReport, Split
from shop_style.experiments.reporting.verdict import lift_in_words, p_in_words, verdicts

HEADINGS = ("arm", "visitors", "rendered", "viewable", "clicks", "CTR", "95 % interval")


def report_lines(report: ExperimentReport) -> Iterator[str]:
    """The whole report, line by line."""
    planned = f"{report.visitors:,} of {report.planned_visitors:,} planned visitors"
    products = counted(report.products, "product")
    yield f"{report.name} ({report.slug}): {report.state}, {planned}, {products}"
    yield ""
    for sentence in verdicts(report):
        yield f"  {sentence}"
    yield ""
    yield from _table([HEADINGS, *(_arm_row(arm) for arm in report.arms)])
    yield ""
    for effect in report.effects:
        if effect.comparison is None:
            continue
        change = f"{lift_in_words(effect)}, {p_in_words(effect)}"
        yield f"  {effect.name} against the originals: {change}"
    for split in report.splits:
        yield f"  {split_in_words(split)}"
    yield from _remarks(report)


def counted(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def split_in_words(split: Split) -> str:
    """A sample-ratio check in a line."""
    stage = "visitors enrolled" if split.stage == "tokens" else "visitors with a rendered picture"
    counts = ", ".join(f"{slug} {number:,}" for slug, number in split.counts.items())
    verdict = {
        None: "too few to check",
        False: f"as promised (p = {split.p_value:.3f})",
        True: f"NOT AS PROMISED (p = {split.p_value:.2g})",
    }[split.mismatched]
    return f"sample ratio, phase {split.phase}, {stage}: {counts}: {verdict}"


def _arm_row(arm: ArmReport) -> tuple[str, ...]:
    return (
        f"{arm.name} ({arm.slug})",
        f"{arm.visitors:,}",
        f"{arm.rendered:,}",
        f"{arm.viewable:,}",
        f"{arm.clicks:,}",
        f"{100 * arm.ctr.estimate:.2f} %" if arm.ctr else "–",
        f"{100 * arm.ctr.low:.2f} … {100 * arm.ctr.high:.2f} %" if arm.ctr else "–",
    )


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
    if report.left_out:
        yield f"  left out of every arm: {counted(report.left_out, 'product')}"
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
