"""A style's row as the recipe that the pipeline renders by."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from shop_style.conf import app_settings
from shop_style.exceptions import IntakeError, StyleArtefactError, StyleReferenceError
from shop_style.generation.files import read_if_there
from shop_style.generation.limits import intake_limits
from shop_style.generation.specification import Output, Recipe
from shop_style.imaging.encode import Format, writable
from shop_style.imaging.intake import Photo, decode
from shop_style.imaging.segmenter import Segmenter, installed_segmenter
from shop_style.models import Style, StyleReference
from shop_style.models.style import Region
from shop_style.transfer.cube import ENDING
from shop_style.transfer.engine import StyleSpec
from shop_style.transfer.registry import engine_entry
from styleeval.preservation.gate import (
    COLOUR_LOCKED,
    LOCKED_FROM,
    THRESHOLDS,
    WHITE_KEPT,
    Thresholds,
)
from styleeval.sentence import gettext_noop, said

_NO_REFERENCE: Final = gettext_noop(
    "style “{style}” has no reference picture; add one in the admin"
)
_NO_LOOK: Final = gettext_noop(
    "style “{style}” has no reference picture; add one or a .cube file in the admin"
)

if TYPE_CHECKING:
    from torch import Tensor


def recipe_for(style: Style, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Read a style's references and gather what its pictures depend on.

    Raises StyleReferenceError naming the file that cannot be read, EngineParameterError,
    UnknownEngine.
    """
    artefact = _artefact(style)
    # A fitted style has learned its references: decoding them for every picture is wasted.
    references = references_of(style) if artefact is None else ()
    entry = engine_entry(style.engine)
    if entry.needs_references and artefact is None and not references:
        lacks = _NO_LOOK if entry.artefact_ending == ENDING else _NO_REFERENCE
        raise StyleReferenceError(said(lacks, style=style.slug))
    return _recipe(style, references, artefact, style.digest, overrides or {})


def fitted_recipe(style: Style, artefact: bytes) -> Recipe:
    """The recipe of a style with parameters that it does not have yet, for a look at them."""
    parameters = json.dumps(style.checked_parameters().as_dict(), sort_keys=True)
    digest = hashlib.sha256(artefact + parameters.encode()).hexdigest()
    return _recipe(style, (), artefact, digest, {})


def references_of(style: Style) -> tuple[Tensor, ...]:
    """A style's reference pictures, (3, H, W) float32 sRGB in [0, 1], in the order that counts.

    Raises StyleReferenceError naming the file that cannot be read.
    """
    return tuple(_reference(style, item) for item in style.ordered_references())


def _recipe(
    style: Style,
    references: Sequence[Tensor],
    artefact: bytes | None,
    digest: str,
    changes: Mapping[str, Any],
) -> Recipe:
    return Recipe(
        spec=StyleSpec(
            slug=style.slug,
            engine=style.engine,
            parameters=style.checked_parameters(),
            references=tuple(references),
            artefact=artefact,
        ),
        entry=engine_entry(style.engine),
        region=changes.get("region", style.region),
        keep_white=style.keep_white,
        colour_lock=style.colour_lock,
        product_strength=style.product_strength,
        text_lock=style.text_lock,
        restore_first=style.restore_first,
        strength=changes.get("strength", style.strength),
        thresholds=thresholds_of(style, changes.get("region")),
        digest=digest,
    )


def picture_tensor(photo: Photo) -> Tensor:
    """A decoded picture on white as engines take it: (3, H, W) float32 sRGB in [0, 1]."""
    import torch

    return torch.from_numpy(photo.flattened()).permute(2, 0, 1).contiguous()


def thresholds_of(style: Style, region: str | None = None) -> Thresholds:
    """The gate's thresholds for a style: its mode's, and what its options promise besides (the
    product's own colours, a white ground), with the shop's and its own in their place.

    region: where it is not the style's own.
    """
    mode = style.gate_mode
    shipped = THRESHOLDS[mode]
    if style.colour_lock >= LOCKED_FROM:
        shipped = dataclasses.replace(shipped, **COLOUR_LOCKED.get(mode, {}))
    if keeps_white(style, region or style.region):
        shipped = dataclasses.replace(shipped, min_white_kept=WHITE_KEPT)
    of_shop = app_settings().THRESHOLDS.get(mode, {})
    return dataclasses.replace(shipped, **{**of_shop, **(style.thresholds or {})})


def keeps_white(style: Style, region: str) -> bool:
    """Does a white ground stay white? It cannot where the ground itself is styled; an engine that
    works on the product alone leaves it by itself, but for the product's edge."""
    styled_alone = region == Region.BACKGROUND or engine_entry(style.engine).needs_mask
    return style.keep_white and not styled_alone


def output_settings() -> Output:
    """The renditions of the settings."""
    current = app_settings()
    return Output(
        widths=current.RENDITION_WIDTHS,
        # Check E005 has seen that only these are named, W010 says which cannot be written.
        formats=writable(cast("tuple[Format, ...]", current.RENDITION_FORMATS)),
        quality=current.RENDITION_QUALITY,
    )


def configured_device() -> str | None:
    """The device of the settings; None leaves the choice to what is there."""
    device = app_settings().DEVICE
    return None if device == "auto" else device


def configured_segmenter() -> Segmenter | None:
    """The segmenter of the settings. Raises SegmenterError when it cannot be made."""
    name = app_settings().SEGMENTER
    return installed_segmenter(name) if name else None


def _reference(style: Style, item: StyleReference) -> Tensor:
    name = item.image.name or ""
    data = read_if_there(item.image.storage, name)
    if data is None:
        raise StyleReferenceError(
            said(
                "style “{style}”: reference {name} is gone from storage; upload it again",
                style=style.slug,
                name=name,
            )
        )
    try:
        photo = decode(data, name=name, limits=intake_limits())
    except IntakeError as error:
        raise StyleReferenceError(
            said(
                "style “{style}”: reference {name} was refused: {why}",
                style=style.slug,
                name=name,
                why=error,
            )
        ) from error
    return picture_tensor(photo)


def _artefact(style: Style) -> bytes | None:
    if not style.has_own_artefact:
        return None
    name = style.artefact.name or ""
    data = read_if_there(style.artefact.storage, name)
    if data is None:
        raise StyleArtefactError(
            said(
                "style “{style}”: its file {name} is gone from storage; fit it again, or give "
                "it its .cube file again",
                style=style.slug,
                name=name,
            )
        )
    return data
