"""Beginning a run from a network that was trained before, such as the one that ships."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from shop_style.transfer._style_network import (
    Maps,
    StyleNetwork,
    convolved,
    entering,
    half_features,
)
from shop_style.transfer._toning import canvases
from shop_style.transfer.style_code import StyleCode
from shop_style.transfer.training.network.trainable import TrainableNetwork


def start_from(
    model: TrainableNetwork,
    network: StyleNetwork,
    codes: Mapping[str, StyleCode],
    slugs: Sequence[str],
    sample: Tensor,
) -> list[str]:
    """Take over shared layers and the styles that are known by slug, in place.

    The encoder's norms, folded away in `network`, are made such that they change nothing on
    sample, photos (N, 3, H, W) in [0, 1], each in the colours of a style. Returns the slugs that
    were not known: they start from the mean of those that were.
    """
    model.network.load_state_dict(network.state_dict())
    _neutral_norms(model, sample)
    table = model.table
    with torch.no_grad():
        table.common_head.copy_(torch.stack([code.head for code in codes.values()]).mean(0))
    unknown = []
    mean = {
        name: torch.stack([getattr(code, name) for code in codes.values()]).mean(0)
        for name in ("scale", "shift")
    }
    for row, slug in enumerate(slugs):
        if slug in codes:
            table.fill(row, codes[slug])
            continue
        unknown.append(slug)
        with torch.no_grad():
            table.scale[row].copy_(mean["scale"])
            table.shift[row].copy_(mean["shift"])
    return unknown


def _neutral_norms(model: TrainableNetwork, sample: Tensor) -> None:
    """Give each norm the statistics of what it sees, as its scale and shift too."""

    def layer(name: str, maps: Maps) -> Maps:
        made = convolved(name, maps[0], model.network.kernel(name), model.network.bias(name))
        if name not in model.norms:
            return [made]
        norm = model.norms[name]
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None and norm.running_var is not None
        variance, mean = torch.var_mean(made, (0, 2, 3), correction=0)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(mean)
        return [made]

    rows = torch.arange(len(sample)) % len(model.table.colours)
    toned, opened = canvases(sample, model.table.colours[rows], torch.ones(len(sample)))
    with torch.no_grad():
        half_features(layer, [entering(toned, opened, torch.float32)])
