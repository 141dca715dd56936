"""What each arm's pictures weigh: a heavier arm loads later, and the test would be of that too."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from django.utils.translation import gettext as _

from shop_style.experiments.eligibility import Pictures, eligible_pictures
from shop_style.experiments.snapshot import experiment_database
from shop_style.models import Arm, Experiment, PhaseVariant, StyleVariant
from shop_style.models.variant import narrowest_first

NOTABLE: Final = 1.25
"""Bytes of an arm's picture beside the original's from which it is worth a look: at 37 KB a tile
and 5 Mbit/s a quarter more is 15 ms of each picture. This project's choice, as is the next."""

HEAVY: Final = 2.0
MOST: Final = 300
"""Pictures compared: enough for a mean, and a report stays as quick with ten thousand products."""

_BEST_FIRST: Final = ("avif", "webp", "jpeg")
_TILE_WIDTH: Final = 640

Files = Sequence[Mapping[str, Any]]
Severity = Literal["right", "notice", "wrong"]


@dataclass(frozen=True, kw_only=True)
class ArmFiles:
    """An arm's files beside those that the control is served.

    pictures: how many were compared. ratio: of bytes, the geometric mean over widths and pictures;
    None where no file's size is known. kilobytes, control_kilobytes: mean of a picture at the width
    nearest to 640 px. heaviest: the picture with the largest ratio, and that. other_pixels,
    other_files: pictures of another size, or in other formats and widths. unlisted: pictures whose
    control is the shop's own file, of no known size.
    """

    arm: str
    name: str
    pictures: int
    ratio: float | None
    kilobytes: float
    control_kilobytes: float
    heaviest: tuple[str, float]
    other_pixels: int
    other_files: int
    unlisted: int


@dataclass(frozen=True, kw_only=True)
class FileFinding:
    """One thing to know of an arm's files. code: `arm_bytes`, `arm_pixels`, `arm_formats` or
    `control_files`."""

    code: str
    arm: str
    severity: Severity
    text: str
    next_step: str = ""


def arm_files(
    experiment: Experiment, pictures: Pictures | None = None, *, arms: Sequence[Arm] | None = None
) -> list[ArmFiles]:
    """Each style's files beside the control's, as the placement serves them.

    pictures: what a start would enrol; None takes what the last phase froze, or a draft's own.
    arms: the experiment's, where they were read already. Of more than MOST pictures every so many
    is compared. A constant number of queries; no storage is asked.
    """
    arms = list(experiment.arms.select_related("style")) if arms is None else arms
    frozen: Mapping[Any, Mapping[int, int]]
    frozen = _frozen(experiment) if pictures is None else pictures
    if pictures is None and not frozen:
        frozen = eligible_pictures(arms, None)
    frozen = _sample(frozen)
    rows = _rows({pk for by_arm in frozen.values() for pk in by_arm.values()})
    shown = [
        {arm: rows[pk] for arm, pk in by_arm.items() if pk in rows} for by_arm in frozen.values()
    ]
    return [_compared(arm, shown) for arm in arms if not arm.is_control]


def file_findings(found: Iterable[ArmFiles]) -> list[FileFinding]:
    """What there is to say of each arm, what bends the result first."""
    return [finding for item in found for finding in _findings_of(item)]


def _frozen(experiment: Experiment) -> dict[Any, dict[int, int]]:
    phase = experiment.phases.order_by("number").last()
    if phase is None:
        return {}
    rows = PhaseVariant.objects.using(experiment._state.db).filter(
        product__phase=phase, product__left_out_at=None, variant__isnull=False
    )
    found: dict[Any, dict[int, int]] = {}
    for product, arm, variant in rows.values_list("product", "arm", "variant"):
        found.setdefault(product, {})[arm] = variant
    return found


def _sample(frozen: Mapping[Any, Mapping[int, int]]) -> Mapping[Any, Mapping[int, int]]:
    keys = sorted(frozen)
    return {key: frozen[key] for key in keys[:: max(1, -(-len(keys) // MOST))]}


def _rows(wanted: set[int]) -> dict[int, StyleVariant]:
    alias, listed = experiment_database(), sorted(wanted)
    columns = ("source_name", "width", "height", "renditions", "original_renditions")
    rows = StyleVariant.objects.using(alias).filter(pk__in=listed)
    return {row.pk: row for row in rows.only(*columns)}


def _compared(arm: Arm, shown: Sequence[Mapping[int, StyleVariant]]) -> ArmFiles:
    ratios: list[tuple[float, str]] = []
    weights: list[tuple[int, int]] = []
    pixels = formats = unlisted = pictures = 0
    for by_arm in shown:
        own = by_arm.get(arm.pk)
        if own is None:
            continue
        pictures += 1
        model = _model(by_arm.values())
        control: Files = model.original_renditions
        if not control:
            unlisted += 1
            continue
        pixels += _pixels(own.renditions) != _pixels(control)
        formats += _kinds(own.renditions) != _kinds(control)
        pairs = _pairs(own.renditions, control)
        if pairs:
            logs = [math.log(mine / theirs) for _width, mine, theirs in pairs]
            ratios.append((math.exp(math.fsum(logs) / len(logs)), own.source_name))
            near = min(pairs, key=lambda pair: abs(pair[0] - _TILE_WIDTH))
            weights.append((near[1], near[2]))
    number = max(1, len(weights))
    worst = max(ratios, default=(1.0, ""))
    mean = math.fsum(math.log(ratio) for ratio, _name in ratios) / len(ratios) if ratios else 0.0
    return ArmFiles(
        arm=arm.slug,
        name=arm.style.name if arm.style else "",
        pictures=pictures,
        ratio=math.exp(mean) if ratios else None,
        kilobytes=sum(mine for mine, _ in weights) / number / 1000,
        control_kilobytes=sum(theirs for _, theirs in weights) / number / 1000,
        heaviest=(worst[1], worst[0]),
        other_pixels=pixels,
        other_files=formats,
        unlisted=unlisted,
    )


def _model(variants: Iterable[StyleVariant]) -> StyleVariant:
    """The variant whose originals the control is served, as the placement chooses it."""
    return min(variants, key=lambda item: (not item.original_renditions, item.pk))


def _pixels(files: Files) -> tuple[int, int]:
    return max(((int(item["width"]), int(item["height"])) for item in files), default=(0, 0))


def _kinds(files: Files) -> set[tuple[str, int]]:
    return {(str(item["format"]), int(item["width"])) for item in files}


def _pairs(own: Files, control: Files) -> list[tuple[int, int, int]]:
    """Width and bytes of either side, of each width that both have, in the format that a browser
    of today takes from each: the best there is."""
    mine, theirs = _best(own), _best(control)
    return [
        (width, mine[width], theirs[width])
        for width in sorted(mine)
        if mine[width] and theirs.get(width)
    ]


def _best(files: Files) -> dict[int, int]:
    for kind in _BEST_FIRST:
        there = narrowest_first([dict(item) for item in files], kind)
        if there:
            return {int(item["width"]): int(item.get("bytes") or 0) for item in there}
    return {}


def _findings_of(item: ArmFiles) -> Iterable[FileFinding]:
    if item.unlisted:
        yield FileFinding(
            code="control_files",
            arm=item.arm,
            severity="wrong",
            text=_(
                "%(number)d of %(all)d pictures: the control is served the shop's own file, in one "
                "size and format, and %(name)s in several."
            )
            % {"number": item.unlisted, "all": item.pictures, "name": item.name},
            next_step=_("Request these variants again: originals are now kept beside them."),
        )
    if item.other_pixels:
        yield FileFinding(
            code="arm_pixels",
            arm=item.arm,
            severity="wrong",
            text=_("%(number)d of %(all)d pictures of %(name)s have other pixels than the control.")
            % {"number": item.other_pixels, "all": item.pictures, "name": item.name},
            next_step=_(
                "The pictures were replaced or rendered with other settings; request the variants "
                "of all arms again."
            ),
        )
    if item.other_files:
        yield FileFinding(
            code="arm_formats",
            arm=item.arm,
            severity="wrong",
            text=_(
                "%(number)d of %(all)d pictures of %(name)s come in other formats or widths than "
                "the control."
            )
            % {"number": item.other_files, "all": item.pictures, "name": item.name},
            next_step=_(
                "RENDITION_FORMATS or RENDITION_WIDTHS changed between two renders; request the "
                "variants of all arms again."
            ),
        )
    yield _bytes_finding(item)


def _bytes_finding(item: ArmFiles) -> FileFinding:
    if item.ratio is None:
        return FileFinding(
            code="arm_bytes",
            arm=item.arm,
            severity="notice",
            text=_("What the pictures of %(name)s weigh beside the originals is not known.")
            % {"name": item.name},
            next_step=_("Request the variants again: their bytes are then kept."),
        )
    apart = max(item.ratio, 1 / item.ratio)
    words = {
        "name": item.name,
        "percent": f"{100 * (item.ratio - 1):+.0f}".replace("-", "−"),
        "own": f"{item.kilobytes:.0f}",
        "control": f"{item.control_kilobytes:.0f}",
        "picture": item.heaviest[0],
        "worst": f"{item.heaviest[1]:.1f}",
    }
    text = _(
        "A picture of %(name)s weighs %(percent)s %% beside its original (%(own)s KB and "
        "%(control)s KB at about 640 px); the heaviest, %(picture)s, %(worst)s times as much."
    )
    return FileFinding(
        code="arm_bytes",
        arm=item.arm,
        severity="right" if apart < NOTABLE else "notice" if apart < HEAVY else "wrong",
        text=text % words,
        next_step=""
        if apart < NOTABLE
        else _(
            "Part of the result will be loading time, which a shopper of the shipped style has as "
            "well. To compare looks alone lower the style's strength or its grain, or raise "
            "compression for all arms in RENDITION_QUALITY and render again; read load failures "
            "and viewable pictures by arm beside the result."
        ),
    )
