"""From a run to what ships: the network with its norms folded in, its styles and their listing."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from shop_style.transfer._style_model import STYLES_PREFIX
from shop_style.transfer._style_network import StyleNetwork
from shop_style.transfer.descriptor import StyleDescriptor, describe_style
from shop_style.transfer.training.export import export_weights
from shop_style.transfer.training.network.photos import TrainingStyle
from shop_style.transfer.training.network.trainable import TrainableNetwork
from shop_style.transfer.trunk import Trunk

WEIGHTS_FILE = "network.safetensors"
LISTING_FILE = "network_styles.json"


def export_network(
    model: TrainableNetwork, trunk: Trunk, styles: Sequence[TrainingStyle], folder: Path
) -> tuple[Path, str]:
    """Write weights and listing into a folder; returns the weights' file and its SHA-256."""
    listing = json.dumps(
        [dataclasses.asdict(item.entry) for item in styles], indent=2, ensure_ascii=False
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LISTING_FILE).write_text(listing + "\n", encoding="utf-8")
    path = folder / WEIGHTS_FILE
    tensors = exported_tensors(model) | described(trunk, styles)
    return path, export_weights(tensors, path)


def exported_tensors(model: TrainableNetwork) -> dict[str, Tensor]:
    """The file's tensors: shared layers by name, and the styles' tables, a row a style."""
    tensors: dict[str, Tensor] = dict(folded_network(model).state_dict())
    table = model.table
    tensors[STYLES_PREFIX + "scale"] = table.scale.detach()
    tensors[STYLES_PREFIX + "shift"] = table.shift.detach()
    tensors[STYLES_PREFIX + "head"] = (table.common_head + table.head).detach()
    tensors[STYLES_PREFIX + "head_bias"] = table.head_bias.detach()
    return tensors


def described(trunk: Trunk, styles: Sequence[TrainingStyle]) -> dict[str, Tensor]:
    """The styles' descriptions, a row a style: what finds the one nearest to a reference."""
    found = [describe_style(trunk, style.references) for style in styles]
    return {
        STYLES_PREFIX + item.name: torch.stack([getattr(one, item.name) for one in found])
        for item in dataclasses.fields(StyleDescriptor)
    }


def folded_network(model: TrainableNetwork) -> StyleNetwork:
    """The shared layers with the encoder's batch norms folded into kernels and biases."""
    network = StyleNetwork()
    network.load_state_dict(model.network.state_dict())
    with torch.no_grad():
        for name, norm in model.norms.items():
            convolution = network.layers[name]
            assert isinstance(norm, nn.BatchNorm2d) and isinstance(convolution, nn.Conv2d)
            assert norm.running_var is not None and norm.running_mean is not None
            assert convolution.bias is not None
            factor = norm.weight / (norm.running_var + norm.eps).sqrt()
            convolution.weight.mul_(factor.view(-1, 1, 1, 1))
            convolution.bias.sub_(norm.running_mean).mul_(factor).add_(norm.bias)
    return network
