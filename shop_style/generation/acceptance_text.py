"""What an acceptance model's report says, in sentences, for the admin and the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from shop_style.words import in_words

Report = Mapping[str, Any]


def sentences(report: Report) -> Iterator[str]:
    """How good it is, what it goes by, and what it cannot know; the most important first."""
    yield from _verdict(report)
    if report["is_better_than_base_rate"]:
        yield from _influences(report["influences"])
    yield from _sources(report)
    people = report.get("decisions")
    if people:
        yield from _people(people)


def report_lines(report: Report) -> Iterator[str]:
    """The whole report for a terminal."""
    for sentence in sentences(report):
        yield f"  {sentence}"
    yield ""
    yield "  predicted  approved   95 % interval  variants"
    for item in report["bins"]:
        yield (
            f"  {per_cent(item['predicted']):>9}  {per_cent(item['observed']):>8}  "
            f"{per_cent(item['low']):>6} – {per_cent(item['high']):>5}  {item['count']:>8}"
        )


def per_cent(share: float) -> str:
    """A share as people read it."""
    return f"{100 * share:.0f} %"


def _verdict(report: Report) -> Iterator[str]:
    auc = report["auc"]
    base = report["approved"] / (report["approved"] + report["rejected"])
    values = {
        "auc": per_cent(auc["estimate"]),
        "low": per_cent(auc["low"]),
        "high": per_cent(auc["high"]),
        "base": per_cent(base),
        "brier": f"{report['brier']:.3f}",
        "base_brier": f"{report['base_brier']:.3f}",
        "away": f"{100 * report['calibration_error']:.0f}",
    }
    if not report["is_better_than_base_rate"]:
        yield (
            _(
                "It is no better than saying %(base)s of every variant: what people decide does "
                "not follow from the scorecards, or not yet visibly."
            )
            % values
        )
    yield (
        _(
            "Of an approved and a rejected variant of products that it had not seen, it finds "
            "the approved one in %(auc)s of pairs (95 %% interval %(low)s to %(high)s; a coin in "
            "50 %%)."
        )
        % values
    )
    yield (
        _(
            "On average its chances lie %(away)s percentage points from the share that people "
            "approved. Brier score %(brier)s; %(base_brier)s for saying %(base)s of every variant."
        )
        % values
    )


def _influences(influences: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    less = [item for item in influences if item["odds"] < 1]
    more = [item for item in influences if item["odds"] >= 1]
    if less:
        yield _("Approved less with: %s.") % "; ".join(_pull(item) for item in less)
    if more:
        yield _("Approved more with: %s.") % "; ".join(_pull(item) for item in more)


def _pull(item: Mapping[str, Any]) -> str:
    return f"{in_words(item['words'])} (odds × {item['odds']:.2f})"


def _sources(report: Report) -> Iterator[str]:
    values = {key: report[key] for key in ("approved", "rejected", "products")}
    values["modes"] = counted(report["modes"])
    yield (
        _(
            "Learned from %(approved)s approved and %(rejected)s rejected variants of %(products)s "
            "products (%(modes)s)."
        )
        % values
    )
    for reason, number in report["left_out"].items():
        yield _("Left out: %(number)s %(reason)s.") % {"number": number, "reason": in_words(reason)}


def _people(people: Mapping[str, Any]) -> Iterator[str]:
    yield _("Decided by %s.") % counted(people["people"])
    if people["not_people"]:
        yield _("Left out, for nobody logs in by these names: %s.") % counted(people["not_people"])
    failed = people["approved_though_failed"] + people["rejected_though_failed"]
    passed = people["approved_though_passed"] + people["rejected_though_passed"]
    values = {
        "over": people["approved_though_failed"],
        "failed": failed,
        "against": f" ({counted(people['against'])})" if people["against"] else "",
        "rejected": people["rejected_though_passed"],
        "passed": passed,
    }
    yield (
        _(
            "People approved %(over)s of %(failed)s that failed the gate%(against)s, and rejected "
            "%(rejected)s of %(passed)s that had passed it."
        )
        % values
    )
    if people["together"]:
        yield _("%s were decided in one step with others of a list.") % people["together"]
    yield from _told(people.get("told"))
    yield from _unseen(people["reviewed"])


def _told(told: Mapping[str, float] | None) -> Iterator[str]:
    if told:
        yield (
            _(
                "An earlier model had spoken of %(count)s of them before they were decided: "
                "it had said %(predicted)s on average, and %(observed)s were approved (Brier score "
                "%(brier)s)."
            )
            % {
                "count": f"{told['count']:.0f}",
                "predicted": per_cent(told["predicted"]),
                "observed": per_cent(told["observed"]),
                "brier": f"{told['brier']:.3f}",
            }
        )


def _unseen(reviewed: Mapping[str, Sequence[int]]) -> Iterator[str]:
    shares = {name: done / every for name, (done, every) in reviewed.items() if every}
    if len(shares) == 2:
        yield _(
            "Decided so far: %(passed)s of what passed the gate, %(failed)s of what failed it. It "
            "knows nothing of kinds of variants that people never decide on."
        ) % {name: per_cent(share) for name, share in shares.items()}


def counted(numbers: Mapping[str, int]) -> str:
    """Names with their counts."""
    return ", ".join(f"{name} {number}" for name, number in numbers.items())
