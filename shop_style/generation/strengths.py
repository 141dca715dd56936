"""One photograph at several strengths in each region, each held to its gate: a worker's job."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from shop_style.exceptions import MaskUncertain, SourceError
from shop_style.generation.job_result import JobResult
from shop_style.generation.photographs import Photograph, named_pictures
from shop_style.models import Style, StyleJob
from shop_style.models.style import Region
from shop_style.sources import SourceImage
from styleeval.sentence import said

if TYPE_CHECKING:
    from PIL import Image

    from shop_style.generation.pipeline import Seen
    from shop_style.generation.specification import Recipe

STRENGTHS: Final = (0.25, 0.5, 0.75, 1.0)
REGIONS: Final = (Region.PRODUCT, Region.BACKGROUND, Region.WHOLE)
LONGEST: Final = 768
"""Longest side, in pixels, that the photograph is shown and judged at: twelve renders must not
take a quarter of an hour."""


def request_strengths(style: Style, pictures: Sequence[SourceImage], *, actor: str) -> StyleJob:
    """Ask for the first of the pictures at every strength in every region.

    Raises SourceError when there is no picture.
    """
    if not pictures:
        raise SourceError(
            said("there is no picture to show strengths on; add one to a product first")
        )
    job: StyleJob = StyleJob.objects.using(style._state.db).create(
        kind=StyleJob.Kind.STRENGTHS,
        style=style,
        payload={"pictures": named_pictures(pictures[:1])},
        requested_by=actor,
    )
    return job


def strengths_sheet(
    photograph: Photograph,
    style: Style,
    *,
    report: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> JobResult:
    """Render the sheet: a row a region, the photograph first, then a cell a strength.

    A region whose product cannot be told costs its own row; the report says why.
    Raises what `render` raises otherwise.
    """
    from shop_style.generation.pipeline import look_at
    from shop_style.generation.preview_sheet import laid_out, small_cell
    from shop_style.generation.recipe import recipe_for

    seen = look_at(photograph, longest=LONGEST)
    recipe = recipe_for(style)
    rows: list[list[Image.Image]] = []
    told: list[dict[str, Any]] = []
    first = small_cell(seen.photo.flattened())
    for index, region in enumerate(REGIONS):
        told.append({"region": region.value})
        try:
            cells = _row(
                seen,
                _recipe_in(recipe, style, region.value),
                photograph,
                report=_share(report, index),
                cancelled=cancelled,
            )
        except MaskUncertain as error:
            told[-1]["error"] = str(error)
            continue
        told[-1] |= {"row": len(rows), "cells": [cell for cell, _ in cells]}
        rows.append([first, *(picture for _, picture in cells)])
    return JobResult(
        sheet=laid_out(rows) if rows else None,
        report={"strengths": told, "picture": photograph.name, "size": list(first.size)},
    )


def _recipe_in(recipe: Recipe, style: Style, region: Any) -> Recipe:
    from shop_style.generation.recipe import thresholds_of

    # No strength of its own: an engine whose change is linear then works once a region.
    return dataclasses.replace(
        recipe, region=region, strength=None, thresholds=thresholds_of(style, region)
    )


def _row(
    seen: Seen,
    recipe: Recipe,
    photograph: Photograph,
    *,
    report: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> list[tuple[dict[str, Any], Image.Image]]:
    from shop_style.generation.preview_sheet import small_cell
    from shop_style.generation.recipe import configured_device
    from shop_style.transfer.engine import RenderContext

    done = 0

    def report_share(part: int, total: int) -> None:
        report(round(1000 * (done + (part / total if total else 0))), 1000 * len(STRENGTHS))

    context = RenderContext(device=configured_device(), report=report_share, cancelled=cancelled)
    stylist = seen.stylist(recipe, context, photograph)
    cells = []
    for strength in STRENGTHS:
        candidate = stylist.candidate(strength, lambda stage: None)
        verdict = candidate.verdict
        shown = dataclasses.replace(seen.photo, rgb=candidate.rgb, alpha=candidate.alpha)
        cell = {
            "strength": strength,
            "passed": verdict.passed,
            "reasons": [reason.code for reason in verdict.reasons],
        }
        cells.append((cell, small_cell(shown.flattened())))
        done += 1
        report_share(0, 1)
    return cells


def _share(report: Callable[[int, int], None], index: int) -> Callable[[int, int], None]:
    """Progress of one region as a part of the whole."""

    def report_part(done: int, total: int) -> None:
        report(index * total + done, total * len(REGIONS))

    return report_part
