"""Steps of an experiment's page: which are open, what they would do, what is said afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shop_style.admin.experiment_baseline import begin, is_in_baseline
from shop_style.exceptions import ExperimentError
from shop_style.experiments import lifecycle
from shop_style.experiments.arm_files import FileFinding, arm_files, file_findings
from shop_style.experiments.eligibility import start_points
from shop_style.experiments.ending import ending
from shop_style.experiments.preview import preview_link
from shop_style.experiments.start_points import Point
from shop_style.models import Arm, Experiment, Status, Style, StyleVariant
from shop_style.models.variant import Review
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
    """One thing to do with an experiment. states: in which it is open; take: says what was done;
    when: what else it asks of the experiment."""

    name: str
    states: tuple[str, ...]
    take: Callable[[Experiment, str, dict[str, Any]], str]
    when: Callable[[Experiment], bool] = bool


@dataclass(frozen=True, kw_only=True)
class Checklist:
    """How far a draft is from a start. eligible: products with a published variant in each arm.

    points: all that a start asks for, met or not. missing: what each style lacks.
    files: what there is to know of the arms' files; it keeps nobody from starting.
    """

    eligible: int
    points: tuple[Point, ...]
    missing: tuple[Missing, ...] = ()
    files: tuple[FileFinding, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """What is not met."""
        return tuple(problem for point in self.points for problem in point.problems)


@dataclass(frozen=True, kw_only=True)
class Missing:
    """What a style of a draft has that is not published yet: the way to eligible products."""

    style: Style
    published: int
    approved: int
    to_review: int


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
    return experiment.state in step.states and step.when(experiment)


def start_checklist(experiment: Experiment) -> Checklist:
    """What `start` would find wrong, without starting."""
    arms = list(experiment.arms.select_related("style"))
    pictures, points = start_points(experiment, arms)
    missing = () if pictures else tuple(_missing(experiment, arms))
    files = tuple(file_findings(arm_files(experiment, pictures))) if pictures else ()
    return Checklist(
        eligible=len(pictures), points=tuple(map(_in_words, points)), missing=missing, files=files
    )


def _in_words(point: Point) -> Point:
    return replace(point, problems=tuple(map(in_words, point.problems)))


def _missing(experiment: Experiment, arms: Sequence[Arm]) -> Iterator[Missing]:
    styles = {arm.style_id: arm.style for arm in arms if arm.style}
    ready = StyleVariant.objects.using(experiment._state.db).live().filter(status=Status.READY)
    shown = Q(published_at__isnull=False, review=Review.APPROVED)
    counted = (
        ready.filter(style__in=styles)
        .order_by()
        .values("style")
        .annotate(
            published=Count("pk", filter=shown),
            approved=Count("pk", filter=Q(review=Review.APPROVED, published_at=None)),
            to_review=Count("pk", filter=Q(review=Review.UNREVIEWED)),
        )
    )
    found = {row.pop("style"): row for row in counted}
    none = {"published": 0, "approved": 0, "to_review": 0}
    for pk, style in styles.items():
        yield Missing(style=style, **found.get(pk, none))


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
        Step(name="begin_test", states=(State.RUNNING,), take=begin, when=is_in_baseline),
        Step(name="pause", states=(State.RUNNING,), take=_pause),
        Step(name="resume", states=(State.PAUSED,), take=_resume),
        Step(name="raise_coverage", states=(State.RUNNING,), take=_raise_coverage),
        Step(name="finish", states=DECIDABLE, take=_finish),
    )
}
