"""One picture through the stages, intake to encode. No rows, no queue: bytes in, bytes out."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shop_style import __version__
from shop_style.generation.budget import Found, strongest
from shop_style.generation.limits import faces_allowed, intake_limits
from shop_style.generation.photographs import Photograph
from shop_style.generation.recipe import configured_segmenter
from shop_style.generation.specification import Output, Recipe
from shop_style.generation.stylist import Stylist
from shop_style.imaging.composite import require_mask
from shop_style.imaging.encode import Rendition, encode
from shop_style.imaging.evidence import evidence_sheet
from shop_style.imaging.faces import refuse_faces
from shop_style.imaging.guide import Guide
from shop_style.imaging.intake import IntakeLimits, Photo, decode
from shop_style.imaging.mask import ProductMask, find_mask
from shop_style.imaging.provenance import digital_source_type, xmp_packet
from shop_style.imaging.segmenter import Segmenter
from shop_style.imaging.text import print_boxes
from shop_style.transfer.engine import RenderContext
from styleeval.preservation.gate import Verdict
from styleeval.preservation.report import Scorecard

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.float32]

STAGES = (
    "claim",
    "intake",
    "mask",
    "stylise",
    "composite",
    "score",
    "gate",
    "encode",
    "publish",
    "commit",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rendering:
    """What came out. rgb: (H, W, 3) float32 sRGB in [0, 1]. seconds: wall time of all stages.

    bound_by: the limit that kept a searched strength from going further, empty for none.
    evidence: a WebP file, see `evidence_sheet`.

    originals: the untouched picture in the same widths and formats, so that an experiment can
    show it to the control as it shows the variant to the others.
    """

    photo: Photo
    mask: ProductMask
    rgb: Pixels
    card: Scorecard
    verdict: Verdict
    strength: float
    bound_by: str
    evidence: bytes
    renditions: list[Rendition]
    originals: list[Rendition]
    digital_source_type: str
    device: str
    engine_detail: str
    seconds: float


def _ignore_stage(stage: str) -> None:
    return None


def render(
    data: bytes,
    recipe: Recipe,
    *,
    name: str,
    limits: IntakeLimits | None = None,
    output: Output | None = None,
    context: RenderContext | None = None,
    segmenter: Segmenter | None = None,
    allow_faces: bool = True,
    guide: Guide | None = None,
    on_stage: Callable[[str], None] = _ignore_stage,
) -> Rendering:
    """Style one picture file.

    name: what to call the file in errors. segmenter: asked where the product cannot be told
    otherwise. allow_faces: False refuses pictures out of which people look. guide: what the
    merchant says of the picture. on_stage: told each stage as it begins.
    Raises IntakeError, FacesRefused, GuideUnusable, MaskUncertain, EngineError, WeightsError,
    RenderCancelled.
    """
    started = time.perf_counter()
    on_stage("intake")
    photo = decode(data, name=name, limits=limits or IntakeLimits())
    if not allow_faces:
        refuse_faces(photo, name=name)
    on_stage("mask")
    drawn = None if guide is None else guide.mask_for(photo.size, picture=name)
    mask = find_mask(photo, merchant=drawn, segmenter=segmenter)
    _require_mask(mask, recipe, name)
    on_stage("stylise")
    stylist = _stylist(photo, mask, recipe, context or RenderContext(), guide)
    found = _found(stylist, recipe, on_stage)
    candidate = found.candidate
    on_stage("encode")
    uri = digital_source_type(
        trained=recipe.entry.trained,
        region=recipe.region,
        original=photo.digital_source_type,
        minor=recipe.entry.enhances,
    )
    made = output or Output()
    maker = f"django-shop-style {recipe.entry.name}"
    # An original keeps the type it came with, and is never given one.
    own = photo.digital_source_type
    return Rendering(
        photo=photo,
        mask=mask,
        rgb=candidate.rgb,
        card=candidate.comparison.card,
        verdict=candidate.verdict,
        strength=candidate.strength,
        bound_by=found.bound_by,
        evidence=evidence_sheet(mask.weights, candidate.comparison.maps),
        renditions=_encoded(
            candidate.rgb,
            candidate.alpha,
            made,
            xmp_packet(uri, system=maker, version=__version__),
        ),
        originals=_encoded(photo.rgb, photo.alpha, made, xmp_packet(own) if own else b""),
        digital_source_type=uri,
        device=stylist.device,
        engine_detail=stylist.detail,
        seconds=time.perf_counter() - started,
    )


def _require_mask(mask: ProductMask, recipe: Recipe, name: str) -> None:
    needed = "background" if recipe.entry.needs_mask else recipe.region
    require_mask(mask, needed, name=name)


def _stylist(
    photo: Photo, mask: ProductMask, recipe: Recipe, context: RenderContext, guide: Guide | None
) -> Stylist:
    marked = () if guide is None else guide.boxes
    places = print_boxes(photo, mask, marked) if recipe.text_lock else ()
    clean = _cleaned(photo, mask, context) if recipe.restore_first else photo
    return Stylist(recipe, clean, mask, context, original=photo, places=places, marked=marked)


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """A photograph that was taken in, with its product told: ready for any number of recipes."""

    photo: Photo
    mask: ProductMask

    def stylist(self, recipe: Recipe, context: RenderContext, of: Photograph) -> Stylist:
        """Whoever styles it by a recipe. Raises MaskUncertain where that needs the product."""
        _require_mask(self.mask, recipe, of.name)
        return _stylist(self.photo, self.mask, recipe, context, of.guide)


def look_at(photograph: Photograph, *, longest: int) -> Seen:
    """Take a photograph in by the shop's settings, scaled down to a longest side in pixels.

    Raises IntakeError, FacesRefused, GuideUnusable.
    """
    photo = decode(photograph.data, name=photograph.name, limits=intake_limits())
    if not faces_allowed():
        refuse_faces(photo, name=photograph.name)
    guide = photograph.guide
    drawn = None if guide is None else guide.mask_for(photo.size, picture=photograph.name)
    mask = find_mask(photo, merchant=drawn, segmenter=configured_segmenter())
    return Seen(
        photo=dataclasses.replace(
            photo,
            rgb=_smaller(photo.rgb, longest),
            alpha=None if photo.alpha is None else _smaller(photo.alpha, longest),
        ),
        mask=dataclasses.replace(mask, weights=_smaller(mask.weights, longest)),
    )


def _smaller(plane: Pixels, longest: int) -> Pixels:
    import cv2
    import numpy as np

    height, width = plane.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return plane
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: Pixels = cv2.resize(plane, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.ascontiguousarray(small.clip(0, 1))


def _found(stylist: Stylist, recipe: Recipe, on_stage: Callable[[str], None]) -> Found:
    """At the asked-for strength, or at the strongest that passes."""
    if recipe.strength is not None:
        return Found(candidate=stylist.candidate(recipe.strength, on_stage), bound_by="")
    return strongest(lambda strength: stylist.candidate(strength, on_stage))


def _cleaned(photo: Photo, mask: ProductMask, context: RenderContext) -> Photo:
    """The photo without what a restoration finds wrong with it."""
    from shop_style.transfer.parameters import RestoreParameters
    from shop_style.transfer.restoration import restored

    apart = mask.origin in ("alpha", "merchant", "white", "plain")
    weights = mask.weights if apart else None
    rgb, _ = restored(photo.rgb, weights, RestoreParameters(), cancelled=context.cancelled)
    return dataclasses.replace(photo, rgb=rgb)


def _encoded(rgb: Pixels, alpha: Pixels | None, output: Output, xmp: bytes) -> list[Rendition]:
    return encode(
        rgb,
        alpha,
        widths=output.widths,
        formats=output.formats,
        quality=output.quality,
        xmp=xmp,
    )
