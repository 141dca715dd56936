"""What can be compared: pictures that have a published variant in each arm's style."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from shop_style.conf import app_settings
from shop_style.experiments.edge import uneven_arms
from shop_style.experiments.snapshot import experiment_database
from shop_style.experiments.start_points import Point, form_points
from shop_style.models import (
    Arm,
    Experiment,
    Phase,
    PhaseProduct,
    PhaseVariant,
    StyleVariant,
)
from styleeval.sentence import said

Key = tuple[int, str, str]
Pictures = Mapping[Key, Mapping[int, int]]
"""Variant by arm of each picture: content type, object, field → arm → variant row numbers."""

NO_VARIANT = "no_variant"
PRODUCTS = "products"
NO_PICTURE = said(
    "no picture has a published variant in the style of each arm; "
    "approve and publish variants first"
)

_BATCH = 500


def readiness(
    experiment: Experiment, arms: Sequence[Arm], objects: Iterable[models.Model] | None = None
) -> tuple[Pictures, list[str]]:
    """What a start would enrol, and every reason why it cannot start."""
    pictures, points = start_points(experiment, arms, objects)
    problems = [problem for point in points if point.name != PRODUCTS for problem in point.problems]
    if not pictures and not problems:
        problems = [NO_PICTURE]
    return pictures, problems


def start_points(
    experiment: Experiment, arms: Sequence[Arm], objects: Iterable[models.Model] | None = None
) -> tuple[Pictures, list[Point]]:
    """What a start would enrol, and each point that it asks for, with what is wrong about it."""
    pictures = eligible_pictures(arms, objects)
    return pictures, [
        *form_points(experiment, arms),
        *edge_points(experiment, arms),
        Point(
            name=PRODUCTS,
            title=_("Products have a published variant in the style of each arm"),
            problems=() if pictures else (NO_PICTURE,),
        ),
        Point(
            name="overlaps",
            title=_("No other live experiment shows these pictures to the same visitors"),
            problems=tuple(overlaps(experiment, pictures)),
        ),
    ]


def edge_points(experiment: Experiment, arms: Sequence[Arm]) -> list[Point]:
    """What a page cache before the shop asks; nothing without one."""
    if not app_settings().EDGE_BUCKETS:
        return []
    return [
        Point(
            name="edge",
            title=_("The edge's buckets come out as the weights say"),
            problems=tuple(edge_problems(experiment, [arm.weight for arm in arms])),
        )
    ]


def edge_problems(experiment: Experiment, weights: Sequence[float]) -> list[str]:
    """What keeps the buckets of an edge from deciding as the experiment says."""
    number = app_settings().EDGE_BUCKETS
    if not number:
        return []
    if experiment.unit == Experiment.Unit.TILE:
        return [
            said(
                "it draws each tile, and with SHOP_STYLE['EDGE_BUCKETS'] whole visitors are drawn; "
                "choose the unit visitor"
            )
        ]
    part = experiment.layer_to - experiment.layer_from if experiment.layer else 1.0
    if any(weight <= 0 for weight in weights) or not (0 < experiment.coverage <= 1 and part > 0):
        return []  # said already
    uneven = uneven_arms(weights, coverage=experiment.coverage, members=part)
    if not uneven:
        return []
    return [
        said(
            "the {number} buckets of SHOP_STYLE['EDGE_BUCKETS'] come to {uneven} by arm, which is "
            "not as its weights; choose weights, coverage and layer that come out in whole buckets",
            number=number,
            uneven=uneven,
        )
    ]


def eligible_pictures(
    arms: Sequence[Arm],
    objects: Iterable[models.Model] | None,
    *,
    within: Phase | None = None,
) -> Pictures:
    """Pictures with a published variant in every arm. within: only products of this phase."""
    alias = experiment_database()
    by_style = {arm.style_id: arm.pk for arm in arms if arm.style_id}
    found: dict[Key, dict[int, int]] = {}
    for rows in _published(alias, objects):
        chosen = rows.filter(style__in=by_style, database=alias).exclude(renditions=[])
        for pk, style, kind, object_id, field in chosen.order_by("published_at", "pk").values_list(
            "pk", "style", "content_type", "object_id", "field"
        ):
            found.setdefault((kind, object_id, field), {})[by_style[style]] = pk
    complete = {key: item for key, item in found.items() if len(item) == len(by_style)}
    if within is None:
        return complete
    kept = set(
        within.products.filter(left_out_at=None).values_list("content_type", "object_id", "field")
    )
    return {key: item for key, item in complete.items() if key in kept}


def overlaps(experiment: Experiment, pictures: Pictures) -> list[str]:
    """Live experiments that show some of these pictures to the same visitors in the same place."""
    alias = experiment_database()
    live = Experiment.objects.using(alias).filter(state__in=Experiment.LIVE)
    problems = []
    for other in live.exclude(pk=experiment.pk):
        if _kept_apart(experiment, other):
            continue
        rows = PhaseProduct.objects.using(alias).filter(phase__experiment=other)
        shared = set(pictures) & set(rows.values_list("content_type", "object_id", "field"))
        if shared:
            problems.append(
                said(
                    "{count} of its pictures are in the experiment {other!r}, which is {state}; "
                    "finish that one, or give both a layer with parts that do not overlap",
                    count=len(shared),
                    other=other.slug,
                    state=other.get_state_display(),
                )
            )
    return problems


def freeze(phase: Phase, pictures: Pictures) -> None:
    """Keep which pictures take part in a phase, and which variant each arm shows of them."""
    alias = phase._state.db or experiment_database()
    PhaseProduct.objects.using(alias).bulk_create(
        (
            PhaseProduct(phase=phase, content_type_id=kind, object_id=object_id, field=field)
            for kind, object_id, field in pictures
        ),
        batch_size=_BATCH,
    )
    # Not every database gives a bulk insert's row numbers back.
    numbers = {
        (kind, object_id, field): pk
        for pk, kind, object_id, field in phase.products.values_list(
            "pk", "content_type", "object_id", "field"
        )
    }
    PhaseVariant.objects.using(alias).bulk_create(
        (
            PhaseVariant(product_id=numbers[key], arm_id=arm, variant_id=variant)
            for key, by_arm in pictures.items()
            for arm, variant in by_arm.items()
        ),
        batch_size=_BATCH,
    )


def leave_out(phase: Phase, *, but_in: Phase) -> None:
    """Keep products of an earlier phase that this one lacks as left out, so that they go on
    showing their originals in every arm."""
    columns = ("content_type_id", "object_id", "field")
    there = set(phase.products.values_list(*columns))
    gone = [key for key in but_in.products.values_list(*columns) if key not in there]
    PhaseProduct.objects.using(phase._state.db).bulk_create(
        (
            PhaseProduct(
                phase=phase,
                **dict(zip(columns, key, strict=True)),
                left_out_at=phase.started_at,
                left_out_because=NO_VARIANT,
            )
            for key in gone
        ),
        batch_size=_BATCH,
    )


def _kept_apart(one: Experiment, other: Experiment) -> bool:
    """Do they never meet on a page for the same visitor?"""
    if one.placement and other.placement and one.placement != other.placement:
        return True
    if not one.layer or one.layer != other.layer:
        return False
    return one.layer_to <= other.layer_from or other.layer_to <= one.layer_from


def _published(
    alias: str, objects: Iterable[models.Model] | None
) -> Iterable[models.QuerySet[StyleVariant]]:
    published = StyleVariant.objects.using(alias).published()
    if objects is None:
        return [published]
    by_kind: dict[int, list[str]] = {}
    for item in objects:
        kind = ContentType.objects.db_manager(alias).get_for_model(type(item))
        by_kind.setdefault(kind.pk, []).append(str(item.pk))
    return [
        published.filter(Q(content_type=kind, object_id__in=keys[start : start + _BATCH]))
        for kind, keys in by_kind.items()
        for start in range(0, len(keys), _BATCH)
    ]
