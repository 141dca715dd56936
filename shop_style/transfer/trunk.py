"""The trunk whose features carry style: VGG16 where a shop has it, else our distilled one."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from typing import Literal

import torch
from safetensors.torch import load as load_safetensors
from torch import Tensor, nn

from shop_style.exceptions import WeightsMismatch
from shop_style.transfer._student import DEPTHS, MEAN, STD, TAPS, TEACHER_CHANNELS, StudentTrunk
from shop_style.transfer.device import best_device, compute_dtype
from shop_style.transfer.weights import weight_file
from styleeval.sentence import said

Preference = Literal["auto", "vgg16", "distilled"]


class Trunk:
    """Frozen features of pictures at four depths, and their Gram matrices.

    Convolutions run in the device's fast format; taps come out in it, Gram matrices in float32.
    """

    def __init__(self, name: str, weights_sha256: str, layers: nn.Module, device: str) -> None:
        """layers: maps sRGB (N, 3, H, W) in [0, 1] to the relu taps, as many as asked for."""
        self.name = name
        self.weights_sha256 = weights_sha256
        self.device = device
        self._layers = layers.eval().requires_grad_(False).to(device)

    def taps(self, image: Tensor, last: str = TAPS[-1]) -> dict[str, Tensor]:
        """Features relu1_2 … `last` of pictures (N, 3, H, W), float32 sRGB in [0, 1].

        Maps are (N, C, H/2^k, W/2^k), rounded down, with C = 64, 128, 256, 512 and k = 0…3, not
        negative. H and W at least 8. Gradients flow to the image, never to the weights.
        """
        wanted = TAPS[: TAPS.index(last) + 1]
        features: list[Tensor] = self._layers(image.to(self.device), len(wanted))
        return dict(zip(wanted, features, strict=True))

    @staticmethod
    def gram(features: Tensor, weight: Tensor | None = None) -> Tensor:
        """Gram matrices (N, C, C) in float32: mean over places of the channels' products.

        features: (N, C, H, W). weight: (N, 1, H, W) or (1, 1, H, W), not negative; then a
        weighted mean. Source: Gatys et al., CVPR 2016, eq. 3, over places instead of summed, so
        that the size of a picture does not matter.
        """
        rows = features.float().permute(0, 2, 3, 1).flatten(1, 2)
        if weight is None:
            return rows.transpose(1, 2) @ rows / rows.shape[1]
        shares = weight.float().flatten(2).transpose(1, 2)
        shares = shares / shares.sum(1, keepdim=True).clamp_min(1e-6)
        return rows.transpose(1, 2) @ (rows * shares)


class _Normalised(nn.Module):
    """Picture → the layers' input, channels last, in the format of their weights."""

    def __init__(self) -> None:
        super().__init__()
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor, dtype: torch.dtype) -> Tensor:
        normalised = (image - self.mean) / self.std
        return normalised.to(dtype).contiguous(memory_format=torch.channels_last)


class DistilledLayers(nn.Module):
    """Our student with its adapters: relu(adapter(student(image))) at each tap."""

    def __init__(self, student: StudentTrunk, dtype: torch.dtype) -> None:
        super().__init__()
        self.normalise = _Normalised()
        self.student = student.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.dtype = dtype

    def forward(self, image: Tensor, count: int = len(TAPS)) -> list[Tensor]:
        return [tap.relu() for tap in self.student(self.normalise(image, self.dtype), count)]


class Vgg16Layers(nn.Module):
    """torchvision's VGG16 up to conv4_3, without torchvision."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.normalise = _Normalised()
        self.dtype = dtype
        layers: list[nn.Module] = []
        channels = 3
        for index, (width, depth) in enumerate(zip(TEACHER_CHANNELS, DEPTHS, strict=True)):
            if index:
                layers.append(nn.MaxPool2d(2))
            for _ in range(depth):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
        # Named and numbered as torchvision does, so that its state dict fits.
        self.features = nn.Sequential(*layers)
        self.features.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, image: Tensor, count: int = len(TAPS)) -> list[Tensor]:
        features = self.normalise(image, self.dtype)
        taps: list[Tensor] = []
        for layer in self.features:
            if isinstance(layer, nn.MaxPool2d):
                taps.append(features)
                if len(taps) == count:
                    return taps
            features = layer(features)
        return [*taps, features]


def load_trunk(preference: Preference = "auto", device: str | None = None) -> Trunk:
    """The trunk, loaded once per process, device and kind.

    auto: VGG16 where its weights were imported or cached, else the distilled trunk that ships.
    Raises WeightsError when the weights are missing, WeightsMismatch when they are not those
    that were pinned.
    """
    name = preference
    if preference == "auto":
        name = "vgg16" if weight_file("vgg16").path() else "distilled"
    return _load(name, device or best_device())


@cache
def _load(name: str, device: str) -> Trunk:
    dtype = compute_dtype(device)
    layers: nn.Module
    if name == "vgg16":
        file = weight_file("vgg16")
        layers = Vgg16Layers(dtype)
        stored = torch.load(io.BytesIO(file.read()), weights_only=True)
        kept = {k: v for k, v in stored.items() if k in layers.state_dict()}
        _fill(layers, kept, file.file_name)
    else:
        file = weight_file("trunk")
        student = StudentTrunk()
        _fill(student, load_safetensors(file.read()), file.file_name)
        layers = DistilledLayers(student, dtype)
    return Trunk(name, file.sha256, layers, device)


def _fill(module: nn.Module, tensors: Mapping[str, Tensor], file_name: str) -> None:
    wanted = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    found = {name: tuple(value.shape) for name, value in tensors.items()}
    if wanted != found:
        wrong = sorted(n for n in wanted.keys() | found.keys() if wanted.get(n) != found.get(n))
        raise WeightsMismatch(
            said(
                "{file_name} does not fit this version: {names} ({count} tensors) are "
                "missing, unknown or of another shape",
                file_name=file_name,
                names=", ".join(wrong[:4]),
                count=len(wrong),
            )
        )
    module.load_state_dict({name: value.float() for name, value in tensors.items()})
