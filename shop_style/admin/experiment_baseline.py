"""An experiment's baseline on its page: until when it lasts, and the step that ends it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shop_style.experiments.baseline import baseline_due, baseline_of, begin_test
from shop_style.models import Experiment


def is_in_baseline(experiment: Experiment) -> bool:
    """Does every arm show the originals, so that its test may begin?"""
    return baseline_of(experiment) is not None


def begin(experiment: Experiment, actor: str, values: dict[str, Any]) -> str:
    """Take the step; says what was done."""
    number = begin_test(experiment, actor=actor, reason=values["reason"]).products.count()
    return (
        ngettext("The test runs with %d product.", "The test runs with %d products.", number)
        % number
    )


def baseline_context(experiment: Experiment) -> dict[str, Any]:
    """What the page shows of it: `baseline_due`, None outside of one; and whether weights may
    follow the results."""
    baseline = baseline_of(experiment)
    return {
        "baseline_due": baseline_due(experiment, baseline) if baseline else None,
        "may_reweigh": baseline is None
        and experiment.state == Experiment.State.RUNNING
        and experiment.unit == Experiment.Unit.VISITOR,
        "declared": experiment.get_analysis_display()
        if experiment.baseline_days
        else _("the arms as they are"),
    }
