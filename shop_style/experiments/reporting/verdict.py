"""A report's result in plain words: one sentence, and what else has to be known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from shop_style.experiments.reporting.values import AMBER, RED, Check, Effect, ExperimentReport

if TYPE_CHECKING:
    from shop_style.experiments.reporting.baseline import BaselineReport
    from styleeval.inference import Comparison


def verdicts(report: ExperimentReport) -> list[str]:
    """The sentence, then the remarks."""
    return [verdict(report), *remarks(report)]


def verdict(report: ExperimentReport) -> str:
    """One sentence for people who decide."""
    if not (report.phases or report.baseline):
        return _("The experiment has not started.")
    barrier = _barrier(report)
    if barrier:
        return barrier
    if not report.phases and report.baseline is not None:
        return _baseline_sentence(report, report.baseline)
    known = [effect for effect in report.effects if effect.comparison is not None]
    if not known:
        return _("There is not enough data yet to say anything.")
    return _sentence(report, headline(known))


def _baseline_sentence(report: ExperimentReport, baseline: BaselineReport) -> str:
    if report.is_final:
        return _("It ended in its baseline: no style was shown, and nothing was compared.")
    return _(
        "It is in its baseline: everybody sees the originals in every arm until %(day)s, and "
        "%(visitors)s visitors have a past so far."
    ) % {
        "day": f"{baseline.due:%Y-%m-%d %H:%M} UTC",
        "visitors": f"{sum(baseline.visitors.values()):,}",
    }


def beside_in_words(report: ExperimentReport) -> list[str]:
    """With a baseline: what the analysis that was not declared says, which decides nothing."""
    said = []
    for effect in report.effects:
        if effect.beside is None:
            continue
        values = {
            "name": effect.name,
            "change": change_in_words(effect.beside),
            "kept": f"{100 * (effect.variance_kept or 1):.0f} %",
            "p": _p(effect.beside.p_value),
        }
        if effect.analysis == "cuped":
            said.append(
                _(
                    "%(name)s without what visitors did in the baseline, for comparison: "
                    "%(change)s, %(p)s. Declared before the start, the reading with it decides; "
                    "it has %(kept)s of this one’s variance."
                )
                % values
            )
        else:
            said.append(
                _(
                    "%(name)s with what visitors did in the baseline (CUPED), for comparison: "
                    "%(change)s, %(p)s, with %(kept)s of the variance. Declared before the start, "
                    "the plain reading decides; the better of two would be wrong too often."
                )
                % values
            )
    return said


def is_barred(report: ExperimentReport, effect: Effect) -> bool:
    """Does a check forbid to read this effect at all?"""
    return bool(_barrier(report) or _barrier_of(report, effect))


def _barrier(report: ExperimentReport) -> str:
    """What is said instead of any effect; empty where nothing forbids one."""
    if report.is_mismatched:
        return _(
            "Do not trust this result: the arms did not receive the visitors they were promised."
        )
    failed = [check for check in report.checks if check.light == RED and not check.arm]
    if not failed:
        return ""
    known = {
        "arm_pictures": _("Do not trust this result: an arm shows pictures of another’s style."),
        "salts": _("Do not trust this result: its arms are drawn with a salt that is used twice."),
        "sums": _("There is no result: the totals are of no possible visitors. Recount them."),
    }
    return known.get(failed[0].name) or _("Do not trust this result: %(title)s: %(finding)s.") % {
        "title": failed[0].title,
        "finding": failed[0].finding,
    }


def _barrier_of(report: ExperimentReport, effect: Effect) -> str:
    """What is said instead of one arm's effect; empty where nothing forbids it."""
    names = _reds(report, effect.arm)
    if "load_failures" in names:
        said = _("Do not decide by this result: pictures of %(name)s do not load.")
    elif "clickbait" in names and effect.state != "higher":  # else the sentence has it
        said = _("Do not ship %(name)s: its clicks lead to fewer orders, and no more orders come.")
    else:
        return ""
    return said % {"name": effect.name}


def headline(effects: list[Effect]) -> Effect:
    """The effect that the sentence is about: the best that is shown, else the worst, else any."""

    def rank(effect: Effect) -> tuple[int, float]:
        comparison = effect.comparison
        size = comparison.difference.estimate if comparison else 0.0
        return {"higher": 2, "lower": 1}.get(effect.state, 0), size

    return max(effects, key=rank)


def remarks(report: ExperimentReport) -> list[str]:
    """What else has to be known, and what comes next."""
    if not report.phases:
        return []
    said = []
    known = [effect for effect in report.effects if effect.comparison is not None]
    first = headline(known) if known else None
    if _barrier(report) or (first and "load_failures" in _reds(report, first.arm)):
        said.append(_("Find the cause, then start anew. The checks say where to look."))
        said += [_short(effect) for effect in known]
    else:
        said += [_sentence(report, effect) for effect in known if effect is not first]
        said += [_doubt(check, report) for check in _doubts(report)]
    said += [
        _("%(name)s: not enough data yet.") % {"name": effect.name}
        for effect in report.effects
        if effect.comparison is None and known
    ]
    return [*said, *_next(report, first)]


def _sentence(report: ExperimentReport, effect: Effect) -> str:
    barrier = _barrier_of(report, effect)
    if barrier:
        return barrier
    values = {
        "name": effect.name,
        "change": lift_in_words(effect),
        "visitors": f"{report.visitors:,}",
        "planned": f"{report.planned_visitors:,}",
    }
    if effect.state == "higher" and "clickbait" in _reds(report, effect.arm):
        return _("%(name)s earns more clicks, %(change)s, but they bring no more orders.") % values
    if effect.state == "higher":
        return _("%(name)s earns more clicks than the originals: %(change)s.") % values
    if effect.state == "lower":
        return _("%(name)s earns fewer clicks than the originals: %(change)s.") % values
    if report.is_final or effect.is_final:
        return _("%(name)s: no difference from the originals is shown: %(change)s.") % values
    return (
        _(
            "%(name)s: no difference is shown yet, %(change)s, with %(visitors)s of %(planned)s "
            "planned visitors."
        )
        % values
    )


def _short(effect: Effect) -> str:
    values = {"name": effect.name, "change": lift_in_words(effect)}
    return _("%(name)s: %(change)s, which is not to be trusted.") % values


def _doubts(report: ExperimentReport) -> list[Check]:
    """Checks that a decision should not pass by."""
    named = ("clicks_per_visitor", "bots", "positions", "novelty", "load_failures")
    return [check for check in report.checks if check.light == AMBER and check.name in named]


def _doubt(check: Check, report: ExperimentReport) -> str:
    names = {arm.slug: arm.name for arm in report.arms}
    about = f" ({names.get(check.arm, check.arm)})" if check.arm else ""
    return f"{check.title}{about}: {check.finding}. {check.advice}"


def _next(report: ExperimentReport, first: Effect | None) -> list[str]:
    if report.state == "finished":
        return []
    if report.paused_because == "end_due":
        return [_("Its end has come and the reading is final: ship an arm, or revert.")]
    if report.state == "paused":
        return [_("It is paused: everybody sees the originals.")]
    if report.worst_light == RED:
        return []
    if first is not None and first.is_decided and not first.is_final:
        return [
            _(
                "The interval holds however often you look, so you may decide now, or run on for a "
                "narrower one."
            )
        ]
    if report.is_complete:
        return [_("The planned visitors have come: finish the experiment, either way.")]
    if report.effects and first is None:
        return [
            _("%(visitors)s of %(planned)s planned visitors have come.")
            % {"visitors": f"{report.visitors:,}", "planned": f"{report.planned_visitors:,}"}
        ]
    return [_("Let it run on to its planned end.")]


def _reds(report: ExperimentReport, arm: str) -> set[str]:
    """Names of an arm's red checks."""
    return {check.name for check in report.checks if check.arm == arm and check.light == RED}


def basis_in_words(effect: Effect) -> str:
    """How the interval came about, and for how many looks it holds."""
    if effect.as_of is not None:
        return _("fixed, when the planned visitors had come (%(day)s)") % {
            "day": effect.as_of.isoformat()
        }
    by = _(", with the baseline (CUPED)") if effect.analysis == "cuped" else ""
    if effect.is_final:
        return _("fixed, at the planned end") + by
    return _("always valid") + by


def lift_in_words(effect: Effect) -> str:
    """The lift of the CTR with its interval, or the difference in points where there is none."""
    return "–" if effect.comparison is None else change_in_words(effect.comparison)


def change_in_words(comparison: Comparison) -> str:
    """As `lift_in_words`."""
    lift = comparison.lift
    if lift is not None:
        share = f"{100 * (1 - lift.alpha):.3g} %"
        return (
            f"{100 * lift.estimate:+.1f} % "
            f"({share}: {100 * lift.low:+.1f} % … {100 * lift.high:+.1f} %)"
        )
    points = comparison.difference
    return (
        f"{100 * points.estimate:+.2f} points ({100 * points.low:+.2f} … {100 * points.high:+.2f})"
    )


def p_in_words(effect: Effect) -> str:
    """The p-value, not more exactly than it means anything."""
    if effect.comparison is None:
        return "–"
    return _p(effect.comparison.p_value)


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
