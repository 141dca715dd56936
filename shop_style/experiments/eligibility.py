"""What can be compared: pictures that have a published variant in each arm's style."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils import timezone

from shop_style.experiments.snapshot import experiment_database
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

_BATCH = 500
_TOLERANCE = 1e-6


def readiness(
    experiment: Experiment, arms: Sequence[Arm], objects: Iterable[models.Model] | None = None
) -> tuple[Pictures, list[str]]:
    """What a start would enrol, and every reason why it cannot start."""
    problems = start_problems(experiment, arms)
    pictures = eligible_pictures(arms, objects)
    if not pictures and not problems:
        problems = [
            said(
                "no picture has a published variant in the style of each arm; approve and "
                "publish variants first"
            )
        ]
    return pictures, problems + overlaps(experiment, pictures)


def start_problems(experiment: Experiment, arms: Sequence[Arm]) -> list[str]:
    """What has to be put right before a start, each with its way out."""
    problems = []
    controls = [arm for arm in arms if arm.is_control]
    if len(controls) != 1:
        problems.append(
            said(
                "it has {count} arms without a style; exactly one shows the originals",
                count=len(controls),
            )
        )
    if len(arms) < 2:
        problems.append(said("it has fewer than two arms; add one with a style"))
    styles = [arm.style_id for arm in arms if arm.style_id]
    if len(set(styles)) < len(styles):
        problems.append(said("two arms have the same style; take one away"))
    if any(arm.weight <= 0 for arm in arms):
        problems.append(said("an arm's weight is not above 0; give it one, or take the arm away"))
    total = sum(arm.weight for arm in arms)
    if abs(total - 1) > _TOLERANCE:
        problems.append(said("the weights sum to {total:g}; they must sum to 1", total=total))
    if not experiment.planned_visitors:
        problems.append(said("planned visitors are missing; say when the result is to be read"))
    if experiment.ends_at is not None and experiment.ends_at <= timezone.now():
        problems.append(said("its planned end is past; choose one in the future, or none"))
    if not 0 < experiment.coverage <= 1:
        problems.append(
            said(
                "coverage is {coverage:g}; it must be above 0, and 1 at most",
                coverage=experiment.coverage,
            )
        )
    if not 0 <= experiment.layer_from < experiment.layer_to <= 1:
        problems.append(
            said("its part of the layer is empty; “from” must be below “to”, both in 0 to 1")
        )
    return problems


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
