"""A report's result in plain words: what may be said, and what may not yet."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shop_style.experiments.report import Effect, ExperimentReport


def verdicts(report: ExperimentReport) -> list[str]:
    """Sentences for people who decide: the result first, then what stands against it."""
    if not report.phases:
        return [_("The experiment has not started.")]
    said = [_effect(report, effect) for effect in report.effects]
    if report.is_mismatched:
        said.insert(
            0,
            _(
                "Do not trust this result: the arms did not receive the visitors they were "
                "promised. Find the cause, then start anew."
            ),
        )
    if report.is_complete and report.state == "running":
        said.append(_("The planned visitors have come: finish the experiment, either way."))
    if not report.is_complete:
        said.append(
            _(
                "%(visitors)s of %(planned)s planned visitors have come. The intervals hold for a "
                "single look at the end: stopping early on a good day finds effects that are "
                "not there."
            )
            % {"visitors": f"{report.visitors:,}", "planned": f"{report.planned_visitors:,}"}
        )
    return said


def _effect(report: ExperimentReport, effect: Effect) -> str:
    values = {"name": effect.name, "change": lift_in_words(effect), "p": p_in_words(effect)}
    if effect.state == "not_enough_data":
        return _("%(name)s: not enough data yet.") % values
    if report.is_mismatched:
        return _("%(name)s: %(change)s, which is not to be trusted.") % values
    if not report.is_complete:
        return _("%(name)s so far: %(change)s; not a result yet.") % values
    if effect.state == "higher":
        return _("%(name)s earns more clicks than the originals: %(change)s, %(p)s.") % values
    if effect.state == "lower":
        return _("%(name)s earns fewer clicks than the originals: %(change)s, %(p)s.") % values
    return _("%(name)s: no difference from the originals is shown: %(change)s, %(p)s.") % values


def lift_in_words(effect: Effect) -> str:
    """The lift of the CTR with its interval, or the difference in points where there is none."""
    if effect.comparison is None:
        return "–"
    lift = effect.comparison.lift
    if lift is not None:
        share = f"{100 * (1 - lift.alpha):.0f} %"
        return (
            f"{100 * lift.estimate:+.1f} % "
            f"({share}: {100 * lift.low:+.1f} % … {100 * lift.high:+.1f} %)"
        )
    points = effect.comparison.difference
    return (
        f"{100 * points.estimate:+.2f} points ({100 * points.low:+.2f} … {100 * points.high:+.2f})"
    )


def p_in_words(effect: Effect) -> str:
    """The p-value, not more exactly than it means anything."""
    if effect.comparison is None:
        return "–"
    p = effect.comparison.p_value
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
