"""Restoration as an engine: the variant is the same picture without its faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from shop_style.exceptions import EngineParameterError
from shop_style.transfer.engine import Engine, PreparedStyle, RenderContext, StyleSpec
from shop_style.transfer.parameters import RestoreParameters
from shop_style.transfer.restoration import restored


@dataclass(frozen=True, kw_only=True, eq=False)
class RestoreStyle(PreparedStyle):
    """Nothing is learned from references."""

    parameters: RestoreParameters


class RestoreEngine(Engine):
    """Takes out blocks, grain, blur, a cast and flatness, as far as the picture shows them."""

    name: ClassVar[str] = "restore"
    linear_in_strength: ClassVar[bool] = True

    def prepare(self, style: StyleSpec) -> RestoreStyle:
        if not isinstance(style.parameters, RestoreParameters):
            raise EngineParameterError(
                f"style “{style.slug}”: restore takes RestoreParameters, not "
                f"{type(style.parameters).__name__}"
            )
        return RestoreStyle(parameters=style.parameters)

    def stylise(
        self,
        image: Tensor,
        style: PreparedStyle,
        strength: float | Tensor,
        context: RenderContext,
    ) -> Tensor:
        if not isinstance(style, RestoreStyle):
            raise EngineParameterError(f"restore cannot use a {type(style).__name__}")
        if not isinstance(strength, Tensor) and strength == 0:
            return image.clone()
        pixels = image.detach().cpu().permute(1, 2, 0).contiguous().numpy()
        weights = None if context.mask is None else context.mask.detach().cpu()[0].numpy()
        made, _ = restored(
            pixels,
            weights,
            style.parameters,
            report=context.report,
            cancelled=context.cancelled,
        )
        full = torch.from_numpy(made).permute(2, 0, 1).to(image.device)
        return (image + strength * (full - image)).clamp(0, 1)
