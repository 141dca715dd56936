"""One picture through the stages, intake to encode. No rows, no queue: bytes in, bytes out."""

from __future__ import annotations

import dataclasses
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shop_style import __version__
from shop_style.imaging.composite import composite, require_mask
from shop_style.imaging.encode import Format, Rendition, encode
from shop_style.imaging.faces import refuse_faces
from shop_style.imaging.intake import IntakeLimits, Photo, decode
from shop_style.imaging.locks import lock_colour
from shop_style.imaging.mask import ProductMask, find_mask
from shop_style.imaging.provenance import Region, digital_source_type, xmp_packet
from shop_style.imaging.segmenter import Segmenter
from shop_style.transfer.engine import Engine, PreparedStyle, RenderContext, StyleSpec
from shop_style.transfer.registry import EngineEntry
from shop_style.transfer.weights import weight_file
from styleeval.preservation.gate import Thresholds, Verdict, judge
from styleeval.preservation.report import Scorecard, scorecard

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

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
AUTO_STRENGTHS = (1.0, 0.85, 0.7, 0.55, 0.4, 0.25)
_PREPARED_AT_MOST = 8


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides a variant's pixels and its verdict.

    colour_lock: how far the product keeps its own colours, 0–1.
    strength: in [0, 1], or None to search the largest that passes the gate.
    digest: the style's own, under which its prepared form is kept.
    """

    spec: StyleSpec
    entry: EngineEntry
    region: Region
    keep_white: bool
    colour_lock: float
    strength: float | None
    thresholds: Thresholds
    digest: str


@dataclass(frozen=True, kw_only=True)
class Output:
    """Which renditions to make. widths in pixels; quality 1–100 by format."""

    widths: tuple[int, ...] = (320, 640, 1024)
    formats: tuple[Format, ...] = ("webp", "jpeg")
    quality: Mapping[str, int] = field(default_factory=lambda: {"webp": 86, "jpeg": 90})


@dataclass(frozen=True, kw_only=True, eq=False)
class Rendering:
    """What came out. rgb: (H, W, 3) float32 sRGB in [0, 1]. seconds: wall time of all stages.

    originals: the untouched picture in the same widths and formats, so that an experiment can
    show it to the control as it shows the variant to the others.
    """

    photo: Photo
    mask: ProductMask
    rgb: Pixels
    card: Scorecard
    verdict: Verdict
    strength: float
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
    on_stage: Callable[[str], None] = _ignore_stage,
) -> Rendering:
    """Style one picture file.

    name: what to call the file in errors. segmenter: asked where the product cannot be told
    otherwise. allow_faces: False refuses pictures out of which people look. on_stage: told each
    stage as it begins.
    Raises IntakeError, FacesRefused, MaskUncertain, EngineError, WeightsError, RenderCancelled.
    """
    started = time.perf_counter()
    on_stage("intake")
    photo = decode(data, name=name, limits=limits or IntakeLimits())
    if not allow_faces:
        refuse_faces(photo, name=name)
    on_stage("mask")
    mask = find_mask(photo, segmenter=segmenter)
    require_mask(mask, recipe.region, name=name)
    on_stage("stylise")
    offered = context or RenderContext()
    stylist = _Stylist(recipe, photo, mask, offered)
    candidate = _best(stylist, recipe, on_stage)
    on_stage("encode")
    uri = digital_source_type(
        trained=recipe.entry.trained,
        region=recipe.region,
        original=photo.digital_source_type,
        minor=not recipe.entry.trained,
    )
    made = output or Output()
    maker = f"django-shop-style {recipe.entry.name}"
    # An original keeps the type it came with, and is never given one.
    own = photo.digital_source_type
    return Rendering(
        photo=photo,
        mask=mask,
        rgb=candidate.rgb,
        card=candidate.card,
        verdict=candidate.verdict,
        strength=candidate.strength,
        renditions=_encoded(
            photo, candidate.rgb, made, xmp_packet(uri, system=maker, version=__version__)
        ),
        originals=_encoded(photo, photo.rgb, made, xmp_packet(own) if own else b""),
        digital_source_type=uri,
        device=stylist.device,
        engine_detail=stylist.detail,
        seconds=time.perf_counter() - started,
    )


def _encoded(photo: Photo, rgb: Pixels, output: Output, xmp: bytes) -> list[Rendition]:
    return encode(
        rgb,
        photo.alpha,
        widths=output.widths,
        formats=output.formats,
        quality=output.quality,
        xmp=xmp,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Candidate:
    strength: float
    rgb: Pixels
    card: Scorecard
    verdict: Verdict


class _Stylist:
    """One picture in one style at whatever strengths are asked for."""

    def __init__(
        self, recipe: Recipe, photo: Photo, mask: ProductMask, context: RenderContext
    ) -> None:
        import torch

        from shop_style.transfer.device import best_device

        self._recipe = recipe
        self._photo = photo
        self._mask = mask
        self._engine = recipe.entry.load()
        self._prepared = _prepared(self._engine, recipe)
        self.detail = self._engine.describe(self._prepared)
        self._image = _tensor(photo.rgb)
        self._full: Tensor | None = None
        self.device = str(context.device or best_device())
        weights = None if mask.origin == "none" else torch.from_numpy(mask.weights)[None]
        self._context = dataclasses.replace(context, mask=weights, device=self.device)

    def candidate(self, strength: float, on_stage: Callable[[str], None]) -> _Candidate:
        styled = self._styled(strength)
        on_stage("composite")
        pixels = styled.permute(1, 2, 0).contiguous().numpy()
        share = self._recipe.colour_lock
        rgb = composite(
            self._photo,
            lock_colour(self._photo.rgb, pixels, self._mask.weights, share=share),
            self._mask,
            region=self._recipe.region,
            keep_white=self._recipe.keep_white,
        )
        on_stage("score")
        card = scorecard(
            self._photo.flattened(),
            dataclasses.replace(self._photo, rgb=rgb).flattened(),
            self._mask.weights,
            mask_confidence=self._mask.confidence,
            alexnet_weights=_alexnet(),
        )
        on_stage("gate")
        verdict = judge(card, self._recipe.thresholds)
        return _Candidate(strength=strength, rgb=rgb, card=card, verdict=verdict)

    def _styled(self, strength: float) -> Tensor:
        # An optimiser's whole change is worth minutes: searching a strength reuses it.
        if not (self._engine.linear_in_strength and self._recipe.strength is None):
            return self._stylise(strength)
        if self._full is None:
            self._full = self._stylise(1.0)
        return self._image + strength * (self._full - self._image)

    def _stylise(self, strength: float) -> Tensor:
        return self._engine.stylise(self._image, self._prepared, strength, self._context)


def _best(stylist: _Stylist, recipe: Recipe, on_stage: Callable[[str], None]) -> _Candidate:
    """The asked-for strength; or the largest that passes, else the weakest that was tried."""
    if recipe.strength is not None:
        return stylist.candidate(recipe.strength, on_stage)
    for strength in AUTO_STRENGTHS:
        candidate = stylist.candidate(strength, on_stage)
        if candidate.verdict.passed:
            break
    return candidate


_prepared_styles: OrderedDict[tuple[str, str], PreparedStyle] = OrderedDict()


def _prepared(engine: Engine, recipe: Recipe) -> PreparedStyle:
    """The style's own part of the work, done once a process and style."""
    key = (recipe.entry.path, recipe.digest)
    if key in _prepared_styles:
        _prepared_styles.move_to_end(key)
        return _prepared_styles[key]
    made = engine.prepare(recipe.spec)
    _prepared_styles[key] = made
    while len(_prepared_styles) > _PREPARED_AT_MOST:
        _prepared_styles.popitem(last=False)
    return made


@cache
def _alexnet() -> Path | None:
    """AlexNet's weights where an operator brought them, checked once a process."""
    weights = weight_file("alexnet")
    if weights.path() is None:
        return None
    weights.verify()
    return weights.path()


def _tensor(rgb: Any) -> Tensor:
    import torch

    return torch.from_numpy(rgb).permute(2, 0, 1).contiguous()
