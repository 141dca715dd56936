"""A style's row as the recipe that the pipeline renders by."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from shop_style.conf import app_settings
from shop_style.exceptions import IntakeError, StyleReferenceError
from shop_style.generation.files import storage_errors
from shop_style.generation.limits import intake_limits
from shop_style.generation.pipeline import Output, Recipe
from shop_style.imaging.encode import Format
from shop_style.imaging.intake import decode
from shop_style.models import Style, StyleReference
from shop_style.transfer.engine import StyleSpec
from shop_style.transfer.registry import engine_entry
from styleeval.preservation.gate import THRESHOLDS, Thresholds

if TYPE_CHECKING:
    from torch import Tensor


def recipe_for(style: Style, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Read a style's references and gather what its pictures depend on.

    Raises StyleReferenceError naming the file that cannot be read, EngineParameterError,
    UnknownEngine.
    """
    changes = overrides or {}
    entry = engine_entry(style.engine)
    references = tuple(_reference(style, item) for item in style.ordered_references())
    if entry.needs_references and not references:
        raise StyleReferenceError(
            f"style “{style.slug}” has no reference picture; add one in the admin"
        )
    return Recipe(
        spec=StyleSpec(
            slug=style.slug,
            engine=style.engine,
            parameters=style.checked_parameters(),
            references=references,
            artefact=_artefact(style),
        ),
        entry=entry,
        region=changes.get("region", style.region),
        keep_white=style.keep_white,
        strength=changes.get("strength", style.strength),
        thresholds=thresholds_of(style),
        digest=style.digest,
    )


def thresholds_of(style: Style) -> Thresholds:
    """The gate's thresholds for a style: its mode's, with its own overrides."""
    return dataclasses.replace(THRESHOLDS[style.gate_mode], **(style.thresholds or {}))


def output_settings() -> Output:
    """The renditions of the settings."""
    current = app_settings()
    return Output(
        widths=current.RENDITION_WIDTHS,
        # Check E005 has seen that only these are named.
        formats=cast("tuple[Format, ...]", current.RENDITION_FORMATS),
        quality=current.RENDITION_QUALITY,
    )


def configured_device() -> str | None:
    """The device of the settings; None leaves the choice to what is there."""
    device = app_settings().DEVICE
    return None if device == "auto" else device


def _reference(style: Style, item: StyleReference) -> Tensor:
    import torch

    name = item.image.name or ""
    try:
        with storage_errors(name), item.image.storage.open(name, "rb") as stream:
            data = stream.read()
    except FileNotFoundError as error:
        raise StyleReferenceError(
            f"style “{style.slug}”: reference {name} is gone from storage; upload it again"
        ) from error
    try:
        photo = decode(data, name=name, limits=intake_limits())
    except IntakeError as error:
        raise StyleReferenceError(
            f"style “{style.slug}”: reference {name} was refused: {error}"
        ) from error
    return torch.from_numpy(photo.flattened()).permute(2, 0, 1).contiguous()


def _artefact(style: Style) -> bytes | None:
    if not style.artefact:
        return None
    with style.artefact.open("rb") as stream:
        data: bytes = stream.read()
        return data
