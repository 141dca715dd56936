"""One picture through the stages, intake to encode. No rows, no queue: bytes in, bytes out."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shop_style import __version__
from shop_style.generation.budget import Found, strongest
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
    needed = "background" if recipe.entry.needs_mask else recipe.region
    require_mask(mask, needed, name=name)
    on_stage("stylise")
    offered = context or RenderContext()
    marked = () if guide is None else guide.boxes
    places = print_boxes(photo, mask, marked) if recipe.text_lock else ()
    clean = _cleaned(photo, mask, offered) if recipe.restore_first else photo
    stylist = Stylist(recipe, clean, mask, offered, original=photo, places=places, marked=marked)
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
