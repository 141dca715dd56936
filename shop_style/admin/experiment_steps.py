"""Steps of an experiment's page: which are open, what they would do, what is said afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shop_style.exceptions import ExperimentError
from shop_style.experiments import lifecycle
from shop_style.experiments.eligibility import readiness
from shop_style.experiments.ending import ending
from shop_style.experiments.preview import preview_link
from shop_style.models import Experiment
from shop_style.words import in_words

PERMISSION = "shop_style.run_experiment"
State = Experiment.State


class StepForm(forms.Form):
    """What a step's button posts. ship: the arm to ship; empty reverts to the originals."""

    reason = forms.CharField(required=False, max_length=500)
    coverage = forms.FloatField(
        required=False,
        error_messages={"invalid": gettext_lazy("Coverage is a number from 0 to 1.")},
    )
    ship = forms.SlugField(required=False)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do with an experiment. states: in which it is open; take: says what was done."""

    name: str
    states: tuple[str, ...]
    take: Callable[[Experiment, str, dict[str, Any]], str]


@dataclass(frozen=True, kw_only=True)
class Checklist:
    """How far a draft is from a start. eligible: products with a published variant in each arm."""

    eligible: int
    problems: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to end. ship: slug of an arm, or empty for the originals; name: of its look.

    disturbed: products of other live experiments that would lose a variant, by their slug.
    """

    ship: str
    name: str
    publish: int
    withdraw: int
    disturbed: tuple[tuple[str, int], ...]


def may_run(request: HttpRequest) -> bool:
    """May this person start, pause and finish?"""
    return request.user.has_perm(PERMISSION)


def is_open(step: Step, experiment: Experiment) -> bool:
    """Can the experiment take this step in its present state?"""
    return experiment.state in step.states


def start_checklist(experiment: Experiment) -> Checklist:
    """What `start` would find wrong, without starting."""
    arms = list(experiment.arms.select_related("style"))
    pictures, problems = readiness(experiment, arms)
    return Checklist(eligible=len(pictures), problems=tuple(map(in_words, problems)))


def ways_to_end(experiment: Experiment) -> list[Way]:
    """Each arm that can be shipped, then the way back, with what it does to variants.

    Of a finished one, those that would change what it decided.
    """
    looks = {
        arm.slug: arm.style.name for arm in experiment.arms.select_related("style") if arm.style
    }
    decided = experiment.shipped_arm if experiment.state == State.FINISHED else None
    return [
        _way(experiment, slug, name) for slug, name in [*looks.items(), ("", "")] if slug != decided
    ]


def way_to_end(experiment: Experiment, ship: str) -> Way | None:
    """The way that a button named; None where there is none such."""
    return next((way for way in ways_to_end(experiment) if way.ship == ship), None)


def _way(experiment: Experiment, ship: str, name: str) -> Way:
    end = ending(experiment, ship)
    return Way(
        ship=ship,
        name=name,
        publish=end.publish.count(),
        withdraw=end.withdraw.count(),
        disturbed=tuple(end.disturbed.items()),
    )


def previews(experiment: Experiment) -> list[tuple[str, str]]:
    """Each arm's look, and a link to the storefront as its visitors see it; of what has ended none.

    Signed anew for whoever opens the experiment's page, which takes the permission to view it.
    """
    if experiment.state == State.FINISHED:
        return []
    arms = experiment.arms.select_related("style")
    return [(arm.style.name if arm.style else _("Originals"), preview_link(arm)) for arm in arms]


def _start(experiment: Experiment, actor: str, values: dict[str, Any]) -> str:
    number = lifecycle.start(experiment, actor=actor).products.count()
    return ngettext("It runs with %d product.", "It runs with %d products.", number) % number


def _pause(experiment: Experiment, actor: str, values: dict[str, Any]) -> str:
    lifecycle.pause(experiment, actor=actor, reason=values["reason"])
    return _("It is paused: everybody sees the originals until it is resumed.")


def _resume(experiment: Experiment, actor: str, values: dict[str, Any]) -> str:
    lifecycle.resume(experiment, actor=actor, reason=values["reason"])
    return _("It goes on.")


def _raise_coverage(experiment: Experiment, actor: str, values: dict[str, Any]) -> str:
    if values["coverage"] is None:
        raise ExperimentError(_("Say which share of visitors is to take part, from 0 to 1."))
    lifecycle.raise_coverage(experiment, values["coverage"], actor=actor)
    return _("Coverage is %(share)g now.") % {"share": experiment.coverage}


def _finish(experiment: Experiment, actor: str, values: dict[str, Any]) -> str:
    way = _way(experiment, values["ship"], "")
    if values["ship"]:
        lifecycle.ship(experiment, values["ship"], actor=actor, reason=values["reason"])
    else:
        lifecycle.revert(experiment, actor=actor, reason=values["reason"])
    numbers = {"publish": way.publish, "withdraw": way.withdraw}
    return (
        _("It is finished. Variants published anew: %(publish)d; withdrawn: %(withdraw)d.")
        % numbers
    )


DECIDABLE = (*Experiment.LIVE, State.FINISHED)
STEPS = {
    step.name: step
    for step in (
        Step(name="start", states=(State.DRAFT,), take=_start),
        Step(name="pause", states=(State.RUNNING,), take=_pause),
        Step(name="resume", states=(State.PAUSED,), take=_resume),
        Step(name="raise_coverage", states=(State.RUNNING,), take=_raise_coverage),
        Step(name="finish", states=DECIDABLE, take=_finish),
    )
}
