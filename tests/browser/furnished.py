"""A demo shop with something on every page: pictures, variants of each state, an experiment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

from shop_style.demo.catalogue import load_catalogue
from shop_style.demo.styles import load_styles
from shop_style.experiments import lifecycle
from shop_style.experiments.rollup import rollup
from shop_style.experiments.snapshot import forget_snapshot
from shop_style.generation.request import request_variants
from shop_style.generation.review import approve, publish
from shop_style.generation.runner import run
from shop_style.models import Arm, Experiment, StyleVariant
from shop_style.sources import source_image
from tests.experiments.crowd import Habits, come

FIXTURES = Path(__file__).parents[2] / "fixtures"
RENDERED = 4


@dataclass(frozen=True, kw_only=True)
class Furnished:
    """images: the demo's pictures; the first few have a variant that is published. experiment:
    runs on those. actor: a superuser."""

    images: list[Any]
    style: Any
    experiment: Any
    actor: User


def furnish() -> Furnished:
    """Render, decide, publish and play visitors; renders are real, of the quickest engine."""
    actor = User.objects.create_superuser("ada", password="ada")
    images = load_catalogue(FIXTURES).images
    style = load_styles(FIXTURES)["grade"]
    style.strength = 0.6  # a given strength takes one render; a search takes many
    style.save()
    shown, failing, waiting = images[:RENDERED], images[RENDERED], images[RENDERED + 1]
    rendered = _render(shown, style)
    approve(rendered, actor="ada", reason="looked at")
    publish(rendered, actor="ada")
    style.thresholds = {**style.thresholds, "max_delta_e": 1.0}
    style.save()
    _render([failing], style)
    style.thresholds = {}
    style.save()
    request_variants([source_image(waiting)], [style], actor="ada")
    return Furnished(images=images, style=style, experiment=_experiment(shown, style), actor=actor)


def _render(images: list[Any], style: Any) -> list[StyleVariant]:
    report = request_variants([source_image(image) for image in images], [style], actor="ada")
    for variant in report.variants:
        run(variant.pk, using="default")
    return list(StyleVariant.objects.filter(pk__in=[item.pk for item in report.variants]))


def _experiment(images: list[Any], style: Any) -> Experiment:
    experiment = Experiment.objects.create(
        slug="golden-hour", name="Golden hour", placement="listing", planned_visitors=2000
    )
    Arm.objects.create(experiment=experiment, slug="control", weight=0.5, position=0)
    Arm.objects.create(experiment=experiment, slug="grade", style=style, weight=0.5, position=1)
    lifecycle.start(experiment, actor="ada", objects=images)
    come(_Shop(experiment), "control", Habits(visitors=220, clicking=30))
    come(_Shop(experiment), "grade", Habits(visitors=220, clicking=44))
    rollup()
    forget_snapshot()
    return experiment


@dataclass(frozen=True)
class _Shop:
    experiment: Any
