"""ST-LPIPS on its own weights, which the stlpips-pytorch wheel carries.

The wheel's code is not imported: it needs IPython and torchsummary, and its blur layer is under a
non-commercial licence. Only its BSD-licensed weights are read, and only if their hash is right.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
from pathlib import Path
from typing import ClassVar, Final

import torch
from torch import Tensor
from torch.nn import functional

from styleeval.preservation.perceptual import PerceptualMetric

WEIGHTS_FILE: Final = Path("weights", "vST0.0", "alex_shift_tolerant.pth")
WEIGHTS_SHA256: Final = "b356b382f96010f77d085ee8343ecd9fd322d0a56e8de2b2d0549fafcad8b9ee"

_CONVOLUTIONS: Final = ("slice1.0", "slice2.5", "slice3.9", "slice4.11", "slice5.13")
_EPSILON: Final = 1e-10
_FIRST_PADDING: Final = 2
_STRIP: Final = 11
"""Pixels from an edge that the outermost row of the first layer, halved, is made of; odd."""


class ShiftTolerantLpips(PerceptualMetric):
    """ST-LPIPS on a shift-tolerant AlexNet, with its map.

    Source: Ghildyal & Liu, "Shift-tolerant Perceptual Similarity Metric", ECCV 2022.
    """

    name: ClassVar[str] = "ST-LPIPS (AlexNet)"

    def __init__(self, weights: bytes) -> None:
        """weights: the wheel's alex_shift_tolerant.pth."""
        state = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)
        self._shift, self._scale = state["scaling_layer.shift"], state["scaling_layer.scale"]
        self._kernels = [_channels_last(state[f"net.{name}.weight"]) for name in _CONVOLUTIONS]
        self._biases = [state[f"net.{name}.bias"] for name in _CONVOLUTIONS]
        self._blur = state["net.slice1.1.filt"][:1]
        self._first_halved = _channels_last(_in_one(self._kernels[0], self._blur))
        self._heads = [state[f"lin{layer}.model.1.weight"] for layer in range(5)]

    @staticmethod
    def wheel_weights() -> bytes:
        """The weights out of the installed wheel.

        Raises ImportError when it is not installed, OSError when its file is not the pinned one.
        """
        package = importlib.util.find_spec("stlpips_pytorch")
        if package is None or not package.submodule_search_locations:
            raise ImportError(
                "the perceptual measure needs weights; pip install stlpips-pytorch, or give "
                "alexnet_weights"
            )
        path = Path(next(iter(package.submodule_search_locations))) / WEIGHTS_FILE
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if digest != WEIGHTS_SHA256:
            raise OSError(
                f"{path} has SHA-256 {digest[:12]}…, pinned is {WEIGHTS_SHA256[:12]}…; "
                f"reinstall stlpips-pytorch 0.0.2"
            )
        return data

    def distance_maps(self, features: list[Tensor], candidates: Tensor) -> Tensor:
        height, width = candidates.shape[2:]
        total = torch.zeros(len(candidates), 1, height, width)
        pairs = zip(features, self.features(candidates), self._heads, strict=True)
        for reference, others, head in pairs:
            layer = functional.conv2d((reference - others).square(), head)
            total += functional.interpolate(layer, size=(height, width), mode="bilinear")
        return total[:, 0]

    def features(self, pictures: Tensor) -> list[Tensor]:
        """The five activations of (N, 3, H, W) in [0, 1], each of unit length over its channels;
        the first at half the size."""
        return [_unit(found) for found in self._activations(pictures)]

    def _activations(self, pictures: Tensor) -> list[Tensor]:
        # Pooling and the blur between layers take a tenth of the time with channels last.
        h = _channels_last((2 * pictures - 1 - self._shift) / self._scale)
        h = functional.relu(self._first(h))
        found = [h]
        h = self._halved(functional.max_pool2d(h, 3, stride=1))
        h = functional.relu(self._convolved(h, 1, padding=2))
        found.append(h)
        h = self._halved(functional.max_pool2d(h, 3, stride=1))
        for layer in (2, 3, 4):
            h = functional.relu(self._convolved(h, layer, padding=1))
            found.append(h)
        return found

    def _first(self, h: Tensor) -> Tensor:
        """The first layer and its blur as one convolution, in a third of the time; the outermost
        rows and columns, where the blur meets reflected pixels, by one after the other."""
        inner = functional.conv2d(
            h, self._first_halved, self._biases[0], stride=2, padding=_FIRST_PADDING
        )
        found = functional.pad(inner, (1, 1, 1, 1))
        # As many pixels from the far edge as keep the picture's phase under halving.
        bottom, right = (_STRIP + 1 - side % 2 for side in h.shape[2:])
        found[:, :, 0] = self._in_turn(h[:, :, :_STRIP])[:, :, 0]
        found[:, :, -1] = self._in_turn(h[:, :, -bottom:])[:, :, -1]
        found[..., 0] = self._in_turn(h[..., :_STRIP])[..., 0]
        found[..., -1] = self._in_turn(h[..., -right:])[..., -1]
        return found

    def _in_turn(self, h: Tensor) -> Tensor:
        return self._halved(self._convolved(h, 0, padding=_FIRST_PADDING))

    def _convolved(self, h: Tensor, layer: int, *, padding: int) -> Tensor:
        return functional.conv2d(h, self._kernels[layer], self._biases[layer], padding=padding)

    def _halved(self, h: Tensor) -> Tensor:
        """Blurred by [1, 2, 1]² and sampled at every second pixel, reflected by two at the edge."""
        channels = h.shape[1]
        h = functional.pad(h, (2, 2, 2, 2), mode="reflect")
        blur = self._blur.expand(channels, -1, -1, -1)
        return functional.conv2d(h, blur, stride=2, groups=channels)


def _unit(features: Tensor) -> Tensor:
    norm = features.square().sum(dim=1, keepdim=True).sqrt()
    return features / (norm + _EPSILON)


def _channels_last(values: Tensor) -> Tensor:
    return values.contiguous(memory_format=torch.channels_last)


def _in_one(kernels: Tensor, blur: Tensor) -> Tensor:
    """Kernels (O, I, k, k) followed by a symmetric blur (1, 1, b, b): (O, I, k + b − 1, …)."""
    wide = blur.shape[-1] - 1
    flat = kernels.reshape(-1, 1, *kernels.shape[2:])
    made = functional.conv2d(flat, blur, padding=wide)
    return made.reshape(*kernels.shape[:2], *made.shape[2:])
