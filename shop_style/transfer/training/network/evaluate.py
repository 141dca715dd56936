"""What a trained network does, in pictures and numbers: sheets, the dial, flat grey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from shop_style.transfer._style_model import Gains, StyleModel, padded
from shop_style.transfer._style_network import STRIDE
from shop_style.transfer.style_code import StyleCode
from shop_style.transfer.training.network.objective import Objective
from shop_style.transfer.training.network.trainable import Conditions, Painted
from shop_style.transfer.training.sheet import Cell, save_sheet

DIAL = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, kw_only=True)
class DialPoint:
    """Means over styles and photos at one strength. gain: 1 − style loss / the photo's own."""

    strength: float
    style_gain: float
    content_loss: float


def styled(model: StyleModel, code: StyleCode, image: Tensor, strength: float = 1.0) -> Tensor:
    """A picture (3, H, W) in a style, by its own statistics, clamped to [0, 1]."""
    height, width = image.shape[-2:]
    with torch.inference_mode():
        change = model.own_change(code, strength, Gains())(padded(image[None], STRIDE))
    return (image + strength * change[0, :, :height, :width]).clamp(0, 1)


def draw_sheet(
    model: StyleModel, photos: Sequence[Tensor], path: Path, *, strength: float = 1.0, side: int
) -> None:
    """A row a photo: the photo, then each style."""
    rows = []
    for photo in photos:
        cells = [Cell(caption="", picture=photo)]
        for slug, code in model.codes.items():
            cells.append(Cell(caption=slug, picture=styled(model, code, photo, strength)))
        rows.append(cells)
    save_sheet(rows, path, side)


def dial(
    model: StyleModel, objective: Objective, photos: Tensor, strengths: Sequence[float] = DIAL
) -> list[DialPoint]:
    """Style gained and content lost along the strength dial, over photos (N, 3, H, W)."""
    points = []
    for strength in strengths:
        gains, contents = [], []
        for row, code in enumerate(model.codes.values()):
            index = torch.full((len(photos),), row)
            conditions = Conditions(index=index, strength=torch.ones(len(photos)))
            pictures = torch.stack([styled(model, code, photo, strength) for photo in photos])
            with torch.no_grad():
                before = objective.losses(photos, Painted(photos, photos), conditions)
                after = objective.losses(photos, Painted(photos, pictures), conditions)
            gains.append(1 - float(after.style) / float(before.style))
            contents.append(float(after.content))
        points.append(
            DialPoint(
                strength=strength,
                style_gain=sum(gains) / len(gains),
                content_loss=sum(contents) / len(contents),
            )
        )
    return points
