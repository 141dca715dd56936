"""A demo shop with something on every page: pictures, variants of each state, an experiment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile

from shop_style.demo.catalogue import load_catalogue
from shop_style.demo.styles import load_styles
from shop_style.experiments import lifecycle
from shop_style.experiments.rollup import rollup
from shop_style.experiments.snapshot import forget_snapshot
from shop_style.generation import jobs
from shop_style.generation.jobs import request_preview
from shop_style.generation.request import request_variants
from shop_style.generation.review import approve, publish
from shop_style.generation.runner import run
from shop_style.models import (
    Arm,
    Experiment,
    PictureGuide,
    Status,
    Style,
    StyleJob,
    StyleReference,
    StyleVariant,
)
from shop_style.sources import source_image
from tests.experiments.crowd import Habits, come

FIXTURES = Path(__file__).parents[2] / "fixtures"
RENDERED = 3


@dataclass(frozen=True, kw_only=True)
class Furnished:
    """images: the demo's pictures; the first few have a variant that is published. experiment:
    runs on those. ready: a draft that can start; draft: one that cannot; baseline: one that is in
    its baseline. brand: a style with references of its own. jobs: one that is done and one that
    runs. guide: of the first picture. actor: a superuser."""

    images: list[Any]
    style: Any
    brand: Style
    experiment: Any
    ready: Experiment
    draft: Experiment
    baseline: Experiment
    jobs: list[StyleJob]
    guide: PictureGuide
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
    brand = _brand()
    baseline = _planned(
        "product", style, placement="product", planned_visitors=500, baseline_days=14
    )
    lifecycle.start(baseline, actor="ada", objects=shown)
    experiment = _experiment(shown, style)
    return Furnished(
        images=images,
        style=style,
        brand=brand,
        experiment=experiment,
        ready=_planned("ready", style, placement="cart", planned_visitors=500),
        draft=_planned("draft", brand, placement="cart"),
        baseline=baseline,
        jobs=[_done(style, shown[:1]), _running(style, shown)],
        guide=_guide(shown[0]),
        actor=actor,
    )


def _render(images: list[Any], style: Any) -> list[StyleVariant]:
    report = request_variants([source_image(image) for image in images], [style], actor="ada")
    for variant in report.variants:
        run(variant.pk, using="default")
    return list(StyleVariant.objects.filter(pk__in=[item.pk for item in report.variants]))


def _brand() -> Style:
    entries = json.loads((FIXTURES / "styles.json").read_text(encoding="utf-8"))
    style = Style.objects.create(slug="brand", name="Our brand", engine="optimise")
    for position, entry in enumerate(entries[:2]):
        data = ContentFile((FIXTURES / entry["file"]).read_bytes(), Path(entry["file"]).name)
        StyleReference.objects.create(
            style=style, image=data, licence=entry["licence"], source="studio", position=position
        )
    return style


def _done(style: Style, images: list[Any]) -> StyleJob:
    job = request_preview(style, [source_image(image) for image in images], actor="ada")
    token = StyleJob.objects.all().claim(job.pk, lease_seconds=60)
    assert token
    assert jobs.run_claimed(job.pk, token, using="default") == Status.READY
    return job


def _running(style: Style, images: list[Any]) -> StyleJob:
    job = request_preview(style, [source_image(image) for image in images], actor="ada")
    StyleJob.objects.all().claim(job.pk, lease_seconds=3600)
    StyleJob.objects.filter(pk=job.pk).update(progress=0.4, stage="render")
    return job


def _guide(image: Any) -> PictureGuide:
    return PictureGuide.objects.create(
        content_type=ContentType.objects.get_for_model(image),
        object_id=str(image.pk),
        field="image",
        boxes=[[0.3, 0.4, 0.6, 0.6]],
    )


def _planned(slug: str, style: Style, **columns: Any) -> Experiment:
    experiment = Experiment.objects.create(slug=slug, name=f"Golden {slug}", **columns)
    Arm.objects.create(experiment=experiment, slug="control", weight=0.5, position=0)
    Arm.objects.create(experiment=experiment, slug="grade", style=style, weight=0.5, position=1)
    return experiment


def _experiment(images: list[Any], style: Any) -> Experiment:
    experiment = _planned("hour", style, placement="listing", planned_visitors=2000)
    lifecycle.start(experiment, actor="ada", objects=images)
    come(_Shop(experiment), "control", Habits(visitors=220, clicking=30))
    come(_Shop(experiment), "grade", Habits(visitors=220, clicking=44))
    rollup()
    forget_snapshot()
    return experiment


@dataclass(frozen=True)
class _Shop:
    experiment: Any
