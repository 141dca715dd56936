"""A baseline before the test: every arm shows the originals, and visitors get a past."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from shop_style.exceptions import ExperimentError
from shop_style.experiments.lifecycle import next_phase
from shop_style.experiments.step import step_of
from shop_style.models import Experiment, Phase
from styleeval.sentence import said


def baseline_of(experiment: Experiment) -> Phase | None:
    """The baseline that it is in, or None."""
    phases = sorted(experiment.phases.all(), key=lambda phase: phase.number)
    return phases[-1] if phases and phases[-1].is_baseline else None


def baseline_due(experiment: Experiment, baseline: Phase) -> datetime:
    """When the test is to begin. Pauses do not prolong it."""
    return baseline.started_at + timedelta(days=experiment.baseline_days or 0)


def begin_if_due(experiment: Experiment, *, actor: str) -> bool:
    """Begin the test where the baseline has had its days; True where it did."""
    baseline = baseline_of(experiment)
    if baseline is None or baseline_due(experiment, baseline) > timezone.now():
        return False
    reason = said("after {days} days of baseline", days=experiment.baseline_days)
    begin_test(experiment, actor=actor, reason=reason)
    return True


def begin_test(experiment: Experiment, *, actor: str, reason: str = "") -> Phase:
    """End the baseline: from now on each arm shows its style, drawn by the same salt and weights.

    Whoever was there in the baseline stays in the arm drawn then. Products and variants are frozen
    anew. Raises ExperimentError for one that is not in its baseline.
    """
    with step_of(experiment, "test begun", actor, Experiment.State.RUNNING, reason) as step:
        last = step.row.phases.latest("number")
        if not last.is_baseline:
            raise ExperimentError(
                said("experiment {slug!r} is in no baseline; its test runs", slug=step.row.slug)
            )
        arms = list(step.row.arms.select_related("style"))
        phase = next_phase(step.row, arms, last.weights)
        step.detail = {"baseline_from": last.started_at.isoformat(), "phase": phase.number}
        return phase
