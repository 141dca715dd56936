"""Fabric: a swatch laid over the product, under the product's own light and along its folds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shop_style.exceptions import (
    EngineParameterError,
    MaskUncertain,
    PictureUnsuitable,
    RenderCancelled,
    StyleReferenceError,
)
from shop_style.imaging.cloth import largest_colour
from shop_style.imaging.coverage import resurfaced
from shop_style.imaging.shading import Shading, product_size, shading, solid
from shop_style.transfer._drape import flattened, laid, lit, relief
from shop_style.transfer._quilting import quilt
from shop_style.transfer.engine import Engine, PreparedStyle, RenderContext, StyleSpec
from shop_style.transfer.parameters import FabricParameters
from styleeval.sentence import said

Floats = NDArray[np.float32]

SMALLEST_SIDE: Final = 64
"""Short side of a reference after trimming, in pixels."""

_MOST: Final = 512
"""Short side that a reference is reduced to before it is quilted."""

_EVEN: Final = 1 / 6
"""Deviation of the Gaussian over which a swatch's light is evened, of its short side."""

_QUILTED: Final = 3.0
"""Sides of the quilted piece, of the reference's short side; beyond them it repeats."""

_MIN_PRODUCT: Final = 0.002
_SMALLEST_PRODUCT: Final = 4.0
"""Least share of the picture, and least size in pixels, of a product."""

_MIN_PART: Final = 0.1
"""Least size of the largest colour, of the product's."""

_STEPS: Final = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class FabricStyle(PreparedStyle):
    """A piece of cloth. swatch: (h, w, 3) sRGB in [0, 1], tileable. short: how many of its pixels
    the reference's short side was."""

    swatch: Floats
    short: int
    parameters: FabricParameters


class FabricEngine(Engine):
    """Quilts the first reference to a large piece and drapes it over the product.

    Source: Efros & Freeman, SIGGRAPH 2001 (quilting); Fang & Hart, "Textureshop: Texture
    Synthesis as a Photograph Editing Tool", SIGGRAPH 2004 (shading kept, texture bent by it).
    """

    name: ClassVar[str] = "fabric"
    linear_in_strength: ClassVar[bool] = True

    def prepare(self, style: StyleSpec) -> FabricStyle:
        parameters = style.parameters
        if not isinstance(parameters, FabricParameters):
            raise EngineParameterError(
                f"style “{style.slug}”: fabric takes FabricParameters, not "
                f"{type(parameters).__name__}"
            )
        reference = _reference(style, parameters.trim)
        short = min(reference.shape[:2])
        tiles = parameters.method == "tile"
        even = flattened(reference, parameters.flatten, sigma=_EVEN * short, tiles=tiles)
        if tiles:
            return FabricStyle(swatch=even, short=short, parameters=parameters)
        side = round(_QUILTED * short)
        made = quilt(
            even,
            size=(side, side),
            patch=max(16, round(parameters.patch * short)),
            seed=parameters.seed,
        )
        # Patches chosen at random leave light and dark places larger than any motif.
        swatch = flattened(made.pixels, parameters.flatten, sigma=_EVEN * short, tiles=True)
        return FabricStyle(swatch=swatch, short=short, parameters=parameters)

    def stylise(
        self,
        image: Tensor,
        style: PreparedStyle,
        strength: float | Tensor,
        context: RenderContext,
    ) -> Tensor:
        """As `Engine.stylise`.

        Raises MaskUncertain where the context has no product mask, PictureUnsuitable where the
        product has no colour to speak of.
        """
        if not isinstance(style, FabricStyle):
            raise EngineParameterError(f"fabric cannot use a {type(style).__name__}")
        if not isinstance(strength, Tensor) and strength == 0:
            return image.clone()
        pixels = np.ascontiguousarray(image.detach().cpu().permute(1, 2, 0).numpy())
        covered = _covered(pixels, _mask(context, image), style, context)
        full = torch.from_numpy(covered).permute(2, 0, 1).to(image)
        mixed = (image + strength * (full - image)).clamp(0, 1)
        context.report(_STEPS, _STEPS)
        # Not the sum: an untouched pixel must be the original's to the bit.
        return torch.where((full == image) | torch.eq(_map_of(strength, image), 0), image, mixed)


def _map_of(strength: float | Tensor, image: Tensor) -> Tensor:
    if isinstance(strength, Tensor):
        return strength.to(image)
    return torch.full((1, 1, 1), strength, dtype=image.dtype, device=image.device)


def _reference(style: StyleSpec, trim: float) -> Floats:
    """The first reference, trimmed and reduced, (h, w, 3). Raises StyleReferenceError."""
    if not style.references:
        raise StyleReferenceError(
            said(
                "style “{style}”: fabric needs a picture of the fabric as a reference; add one",
                style=style.slug,
            )
        )
    picture = style.references[0].detach().cpu().permute(1, 2, 0).numpy()
    if not np.isfinite(picture).all():
        raise StyleReferenceError(
            said(
                "style “{style}”: its reference holds values that are no number; replace it",
                style=style.slug,
            )
        )
    edges = [round(trim * length) for length in picture.shape[:2]]
    kept = picture[edges[0] : picture.shape[0] - edges[0], edges[1] : picture.shape[1] - edges[1]]
    if min(kept.shape[:2]) < SMALLEST_SIDE:
        raise StyleReferenceError(
            said(
                "style “{style}”: {width} × {height} pixels of its reference are left after "
                "trimming; give a picture with at least {smallest_side} a side",
                style=style.slug,
                width=kept.shape[1],
                height=kept.shape[0],
                smallest_side=SMALLEST_SIDE,
            )
        )
    scale = _MOST / min(kept.shape[:2])
    if scale < 1:
        size = (round(kept.shape[1] * scale), round(kept.shape[0] * scale))
        kept = cv2.resize(kept, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(kept, np.float32).clip(0, 1)


def _mask(context: RenderContext, image: Tensor) -> Floats:
    """The product mask (H, W). Raises MaskUncertain where there is none to cover."""
    mask = np.zeros(image.shape[1:], np.float32)
    if context.mask is not None:
        given = np.ascontiguousarray(context.mask.detach().cpu()[0].numpy(), np.float32)
        if given.shape != mask.shape:
            raise ValueError(f"the mask is {given.shape}, the picture {mask.shape}")
        mask = solid(given)
    if mask.mean() < _MIN_PRODUCT or product_size(mask) < _SMALLEST_PRODUCT:
        raise MaskUncertain(
            said(
                "fabric: it is not known where the product is, and the fabric would cover its "
                "background too; use a transparent PNG or a photo on a plain background"
            )
        )
    return mask


def _covered(pixels: Floats, mask: Floats, style: FabricStyle, context: RenderContext) -> Floats:
    """The picture (H, W, 3) with the product wholly under the fabric."""
    wanted = style.parameters
    _advance(context, 0)
    plain = largest_colour(pixels, mask, shading(pixels, mask).light)
    _advance(context, 1)
    found = shading(pixels, mask, plain=plain)
    part = plain if wanted.region == "largest colour" else mask
    if product_size(part * (part > 0.5)) < _MIN_PART * product_size(mask):
        raise PictureUnsuitable(
            said(
                "fabric: no colour covers enough of this product to be called its cloth; set "
                "the style's region to “product”, or leave this picture out"
            )
        )
    _advance(context, 2)
    cloth = _draped(style, part, found)
    _advance(context, 3)
    usual = np.float32(np.median(found.light[part > 0.5])) if (part > 0.5).any() else 0
    light = wanted.shading * (found.light - usual) + wanted.detail * found.detail
    return resurfaced(pixels, part, lit(cloth, light.astype(np.float32)))


def _draped(style: FabricStyle, mask: Floats, found: Shading) -> Floats:
    size = product_size(mask)
    wanted = style.parameters
    rows, columns = (np.flatnonzero((mask > 0.5).any(axis=axis)) for axis in (1, 0))
    random = np.random.default_rng(wanted.seed)
    return laid(
        style.swatch,
        shape=(mask.shape[0], mask.shape[1]),
        centre=((rows[0] + rows[-1]) / 2, (columns[0] + columns[-1]) / 2),
        pixels=wanted.scale * size / style.short,
        degrees=wanted.rotation,
        offset=(float(random.random()), float(random.random())),
        shift=relief(found.light, size, wanted.warp),
    )


def _advance(context: RenderContext, done: int) -> None:
    if context.cancelled():
        raise RenderCancelled("the fabric was told to stop")
    context.report(done, _STEPS)
