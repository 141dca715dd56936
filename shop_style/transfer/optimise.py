"""The engine `optimise`: Gatys' optimisation of the pixels themselves, coarse to fine."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from shop_style.exceptions import (
    EngineParameterError,
    PictureUnsuitable,
    StyleReferenceError,
)
from shop_style.transfer._objective import luma
from shop_style.transfer._optimisation import (
    SMALLEST_SIDE,
    OptimisedStyle,
    nominal_sides,
    optimised,
    reduced,
)
from shop_style.transfer._pyramid import resized
from shop_style.transfer.device import best_device
from shop_style.transfer.engine import Engine, PreparedStyle, RenderContext, StyleSpec
from shop_style.transfer.parameters import OptimiseParameters
from shop_style.transfer.trunk import load_trunk
from styleeval.sentence import said

SMALLEST_PICTURE = 8


class OptimiseEngine(Engine):
    """Gatys, Ecker & Bethge, "Image Style Transfer Using Convolutional Neural Networks",
    CVPR 2016, started from the content picture and run over a Laplacian pyramid."""

    name: ClassVar[str] = "optimise"
    linear_in_strength: ClassVar[bool] = True

    def prepare(self, style: StyleSpec) -> OptimisedStyle:
        """Reduce the references and compute their Gram matrices at the nominal scales.

        Raises StyleReferenceError without a usable reference, WeightsError without a trunk.
        """
        parameters = style.parameters
        if not isinstance(parameters, OptimiseParameters):
            raise EngineParameterError(
                f"style “{style.slug}”: the engine optimise takes OptimiseParameters, "
                f"not {type(parameters).__name__}"
            )
        if not style.references:
            raise StyleReferenceError(
                said(
                    "style “{style}” has no reference picture; add one, the engine optimise takes "
                    "its strokes from it",
                    style=style.slug,
                )
            )
        for number, reference in enumerate(style.references, start=1):
            _check_reference(reference, number, style.slug)
        trunk = load_trunk(parameters.trunk)
        prepared = OptimisedStyle(
            slug=style.slug,
            parameters=parameters,
            references=tuple(
                reduced(item.unsqueeze(0), parameters.working_side).squeeze(0)
                for item in style.references
            ),
        )
        for side in nominal_sides(parameters.working_side, parameters.scales):
            prepared.grams_at(side, trunk)
        return prepared

    def stylise(
        self,
        image: Tensor,
        style: PreparedStyle,
        strength: float | Tensor,
        context: RenderContext,
    ) -> Tensor:
        """The picture plus strength × the change found at the working size.

        Raises RenderCancelled when told to stop, PictureUnsuitable when the picture is too small,
        EngineError when the optimisation diverges.
        """
        if _is_zero(strength):
            return image
        if not isinstance(style, OptimisedStyle):
            raise EngineParameterError(
                f"the engine optimise was handed a {type(style).__name__}; prepare the style first"
            )
        change = self._change(image, style, context)
        # The sum of a difference and its subtrahend may pass 1 by a rounding.
        return (image + change * strength).clamp(0, 1)

    def describe(self, style: PreparedStyle) -> str:
        """The trunk that was there: VGG16 paints other pixels than ours."""
        if not isinstance(style, OptimisedStyle):
            return ""
        trunk = load_trunk(style.parameters.trunk)
        return f"trunk {trunk.name} {trunk.weights_sha256[:8]}"

    def _change(self, image: Tensor, style: OptimisedStyle, context: RenderContext) -> Tensor:
        """(3, H, W): what strength 1 adds; it never leads out of [0, 1]."""
        if min(image.shape[-2:]) < SMALLEST_PICTURE:
            raise PictureUnsuitable(
                said(
                    "the picture is {width} × {height} pixels; the engine optimise needs at least "
                    "{smallest_picture} a side",
                    width=image.shape[-1],
                    height=image.shape[-2],
                    smallest_picture=SMALLEST_PICTURE,
                )
            )
        trunk = load_trunk(style.parameters.trunk, context.device or best_device())
        side = min(style.parameters.working_side, *image.shape[-2:])
        content = reduced(image.unsqueeze(0), side).to(trunk.device)
        change = optimised(trunk, style, content, context) - content
        size = (image.shape[-2], image.shape[-1])
        full = resized(change, size).squeeze(0).to(image.device)
        return _within(image, full, style.parameters.keep_colour)


def _within(image: Tensor, change: Tensor, keep_colour: float) -> Tensor:
    """The change, its chroma reduced by `keep_colour`, and kept from leaving [0, 1]."""
    coloured = (image + change).clamp(0, 1) - image
    if keep_colour == 0:
        return coloured
    # One step of luma for all three channels leaves Cb and Cr as they are.
    grey = luma(change.unsqueeze(0)).squeeze(0)
    grey = torch.minimum(grey, 1 - image.amax(0, keepdim=True))
    grey = torch.maximum(grey, -image.amin(0, keepdim=True)).expand_as(image)
    return torch.lerp(coloured, grey, keep_colour)


def _is_zero(strength: float | Tensor) -> bool:
    if isinstance(strength, Tensor):
        return not bool(strength.any())
    return strength == 0


def _check_reference(reference: Tensor, number: int, slug: str) -> None:
    shaped = reference.ndim == 3 and reference.shape[0] == 3
    if not shaped or min(reference.shape[-2:]) < SMALLEST_SIDE:
        raise StyleReferenceError(
            said(
                "style “{slug}”: reference {number} is {shape}; it must be (3, H, W) with at "
                "least {smallest_side} pixels a side",
                slug=slug,
                number=number,
                shape=tuple(reference.shape),
                smallest_side=SMALLEST_SIDE,
            )
        )
    if not bool(torch.isfinite(reference).all()):
        raise StyleReferenceError(
            said(
                "style “{slug}”: reference {number} holds values that are no number",
                slug=slug,
                number=number,
            )
        )
