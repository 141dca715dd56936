"""The engine: dots of one ink on paper, larger where the picture is darker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageOps
from printroom.entry import HalftoneParameters
from torch import Tensor

from shop_style.exceptions import EngineParameterError
from shop_style.transfer import Engine, PreparedStyle, RenderContext, StyleSpec

PAPER = "#f4ecd8"
INKS = {"blue": "#23408e", "red": "#b3262e", "black": "#1d1b1a"}


@dataclass(frozen=True, kw_only=True)
class Press(PreparedStyle):
    """A screen and an ink."""

    parameters: HalftoneParameters


class HalftoneEngine(Engine):
    name = "halftone"
    linear_in_strength = True

    def prepare(self, style: StyleSpec) -> Press:
        if not isinstance(style.parameters, HalftoneParameters):
            raise EngineParameterError(f"style “{style.slug}”: these are no halftone's parameters")
        return Press(parameters=style.parameters)

    def stylise(
        self,
        image: Tensor,
        style: PreparedStyle,
        strength: float | Tensor,
        context: RenderContext,
    ) -> Tensor:
        assert isinstance(style, Press)
        printed = _printed(image, style.parameters)
        context.report(1, 1)
        return image + strength * (printed - image)  # strength 0: the input, bit for bit


def _printed(image: Tensor, parameters: HalftoneParameters) -> Tensor:
    rgb = (image.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    grey = np.asarray(ImageOps.grayscale(Image.fromarray(rgb)), np.float32) / 255
    # Where the screen's hill is higher than the picture is light, there is ink; the soft step
    # is one pixel wide.
    hill = _screen(grey.shape, parameters.pitch, parameters.angle)
    ink = np.clip((hill - grey) * parameters.pitch / 2 + 0.5, 0, 1)
    plate = Image.fromarray(((1 - ink) * 255).astype(np.uint8))
    print_ = ImageOps.colorize(plate, black=INKS[parameters.ink], white=PAPER)
    return torch.from_numpy(np.asarray(print_, np.float32) / 255).permute(2, 0, 1).contiguous()


def _screen(shape: tuple[int, ...], pitch: int, angle: float) -> np.ndarray:
    """Hills in [0, 1], one a dot, in rows turned by the angle."""
    down, across = np.mgrid[: shape[0], : shape[1]] * (2 * np.pi / pitch)
    turn = np.deg2rad(angle)
    along = np.cos(across * np.cos(turn) + down * np.sin(turn))
    beside = np.cos(down * np.cos(turn) - across * np.sin(turn))
    return np.asarray((along + beside) / 4 + 0.5, np.float32)
