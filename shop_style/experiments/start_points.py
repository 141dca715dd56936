"""What a start asks of a draft, point by point, and the way out where it is not so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from shop_style.conf import app_settings
from shop_style.models import Arm, Experiment
from styleeval.sentence import said

_TOLERANCE: Final = 1e-6


@dataclass(frozen=True, kw_only=True)
class Point:
    """One thing that has to be so. problems: what is not, each with its way out."""

    name: str
    title: str
    problems: tuple[str, ...] = ()

    @property
    def is_met(self) -> bool:
        """Does nothing about it keep the experiment from starting?"""
        return not self.problems


def form_points(experiment: Experiment, arms: Sequence[Arm]) -> list[Point]:
    """What the draft itself has to say before it can start; products are asked about elsewhere."""
    return [
        Point(
            name="arms",
            title=_("One arm shows the originals, and another a style"),
            problems=tuple(_of_arms(arms)),
        ),
        Point(
            name="styles",
            title=_("No two arms have the same style, and none a retired one"),
            problems=_of_styles(arms),
        ),
        Point(
            name="weights",
            title=_("Weights are above 0 and sum to 1"),
            problems=tuple(_of_weights(arms)),
        ),
        Point(
            name="visitors",
            title=_("Planned visitors are set"),
            problems=()
            if experiment.planned_visitors
            else (said("planned visitors are missing; say when the result is to be read"),),
        ),
        Point(
            name="end",
            title=_("The planned end is in the future, or there is none"),
            problems=(said("its planned end is past; choose one in the future, or none"),)
            if experiment.ends_at is not None and experiment.ends_at <= timezone.now()
            else (),
        ),
        *_baseline_points(experiment),
        Point(
            name="coverage",
            title=_("Coverage is above 0, and 1 at most"),
            problems=()
            if 0 < experiment.coverage <= 1
            else (
                said(
                    "coverage is {coverage:g}; it must be above 0, and 1 at most",
                    coverage=experiment.coverage,
                ),
            ),
        ),
        Point(
            name="layer",
            title=_("Its part of the layer is not empty"),
            problems=()
            if 0 <= experiment.layer_from < experiment.layer_to <= 1
            else (
                said("its part of the layer is empty; “from” must be below “to”, both in 0 to 1"),
            ),
        ),
    ]


def _baseline_points(experiment: Experiment) -> list[Point]:
    if not experiment.baseline_days and experiment.analysis == Experiment.Analysis.PLAIN:
        return []
    problems = tuple(_of_baseline(experiment))
    return [Point(name="baseline", title=_("The baseline fits the rest"), problems=problems)]


def _of_arms(arms: Sequence[Arm]) -> list[str]:
    problems = []
    controls = sum(arm.is_control for arm in arms)
    if controls != 1:
        problems.append(
            said(
                "it has {controls} arms without a style; exactly one shows the originals",
                controls=controls,
            )
        )
    if len(arms) < 2:
        problems.append(said("it has fewer than two arms; add one with a style"))
    return problems


def _of_styles(arms: Sequence[Arm]) -> tuple[str, ...]:
    problems = []
    styles = [arm.style_id for arm in arms if arm.style_id]
    if len(set(styles)) < len(styles):
        problems.append(said("two arms have the same style; take one away"))
    retired = [arm.style.slug for arm in arms if arm.style and arm.style.retired_at]
    if retired:
        problems.append(
            said(
                "{styles} is retired; bring it back, or take another style",
                styles=", ".join(retired),
            )
        )
    return tuple(problems)


def _of_weights(arms: Sequence[Arm]) -> list[str]:
    problems = []
    if any(arm.weight <= 0 for arm in arms):
        problems.append(said("an arm's weight is not above 0; give it one, or take the arm away"))
    total = sum(arm.weight for arm in arms)
    if abs(total - 1) > _TOLERANCE:
        problems.append(said("the weights sum to {total:g}; they must sum to 1", total=total))
    return problems


def _of_baseline(experiment: Experiment) -> list[str]:
    days, problems = experiment.baseline_days, []
    if not days and experiment.analysis == Experiment.Analysis.CUPED:
        problems.append(
            said(
                "it is decided by what visitors did in a baseline, and has none; give it days for "
                "one, or decide by the arms as they are"
            )
        )
    if days and experiment.unit == Experiment.Unit.TILE:
        problems.append(
            said(
                "a baseline is of visitors, and it draws tiles; draw visitors, or leave the "
                "baseline"
            )
        )
    if days and app_settings().EDGE_BUCKETS:
        problems.append(
            said(
                "a page cache with SHOP_STYLE['EDGE_BUCKETS'] would go on showing the baseline's "
                "pages after it; leave the baseline"
            )
        )
    if days and experiment.ends_at and experiment.ends_at <= timezone.now() + timedelta(days=days):
        problems.append(
            said(
                "its planned end lies inside its baseline of {days} days; choose a later end",
                days=days,
            )
        )
    return problems
