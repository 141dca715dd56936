"""Where a fit starts, and all of a first look: the nearest built-in style, in other colours."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from shop_style.transfer._palette import colour_map
from shop_style.transfer._style_model import Gains, StyleModel
from shop_style.transfer.descriptor import StyleDescriptor, describe_style
from shop_style.transfer.style_code import StyleCode
from shop_style.transfer.training.network.objective import Losses, Objective
from shop_style.transfer.training.network.photos import Photos
from shop_style.transfer.training.network.trainable import Conditions, Painted
from shop_style.transfer.trunk import Trunk

CANDIDATES: Final = 4
MEASURED_CROP: Final = 192
MEASURED_CROPS: Final = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Start:
    """code: the built-in style `slug` in the references' colours.

    gain: its style gain. plain_gain: that of the built-in style as it is.
    """

    slug: str
    code: StyleCode
    gain: float
    plain_gain: float


def nearest_start(
    model: StyleModel,
    trunk: Trunk,
    objective: Objective,
    references: Sequence[Tensor],
    photos: Photos,
) -> Start:
    """Of the built-in styles nearest by description, the one with the most style gain."""
    wanted = describe_style(trunk, references)
    nearest = sorted(model.codes, key=lambda slug: model.descriptors[slug].distance(wanted))[
        :CANDIDATES
    ]
    starts = []
    for slug in nearest:
        plain = model.codes[slug]
        toned = dataclasses.replace(plain, colours=wanted.colours)
        codes = (plain, toned, in_colours(plain, model.descriptors[slug], wanted))
        gains = [style_gain(objective, photos, _renderer(model, code)) for code in codes]
        best = 1 if gains[1] > gains[2] else 2
        starts.append(Start(slug=slug, code=codes[best], gain=gains[best], plain_gain=gains[0]))
    return max(starts, key=lambda start: start.gain)


def in_colours(code: StyleCode, own: StyleDescriptor, wanted: StyleDescriptor) -> StyleCode:
    """The style toned to the wanted colours, and the colours of its strokes carried there.

    Strokes are taken as painted by the features alone: what they take from the pixels below them
    is carried along, though those are in the wanted colours already.
    """
    matrix, _ = colour_map(
        (own.colour_mean.double(), own.colour_covariance.double()),
        (wanted.colour_mean.double(), wanted.colour_covariance.double()),
    )
    matrix = matrix.float()
    return dataclasses.replace(
        code,
        head=torch.einsum("ab,bihw->aihw", matrix, code.head),
        head_bias=matrix @ code.head_bias,
        colours=wanted.colours,
    )


def style_gain(objective: Objective, photos: Photos, render: Callable[[Tensor], Tensor]) -> float:
    """1 − style loss of styled photos / that of the photos as they are, on photos held back."""
    photo = photos.held_out_batch(index=0, size=MEASURED_CROPS, crop=MEASURED_CROP)
    photo = photo.to(objective.trunk.device)
    index = torch.zeros(len(photo), dtype=torch.long, device=photo.device)
    conditions = Conditions(index=index, strength=torch.ones(len(photo), device=photo.device))
    with torch.no_grad():
        losses: list[Losses] = [
            objective.losses(photo, Painted(photo, picture), conditions)
            for picture in (photo, render(photo))
        ]
    return 1 - float(losses[1].style) / float(losses[0].style)


def _renderer(model: StyleModel, code: StyleCode) -> Callable[[Tensor], Tensor]:
    def render(photos: Tensor) -> Tensor:
        change = model.own_change(code, 1.0, Gains())
        return torch.cat([photo[None] + change(photo[None]) for photo in photos])

    return render
