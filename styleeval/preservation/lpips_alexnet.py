"""LPIPS by the `lpips` package, its AlexNet trunk filled from bytes in place of a download."""

from __future__ import annotations

import io
from typing import ClassVar

import torch
from torch import Tensor

from styleeval.preservation import backbones
from styleeval.preservation.perceptual import PerceptualMetric

# Layer numbers of torchvision's `alexnet().features`, as lpips slices them.
_CONVOLUTIONS = {0: "slice1.0", 3: "slice2.3", 6: "slice3.6", 8: "slice4.8", 10: "slice5.10"}


class AlexNetLpips(PerceptualMetric):
    """LPIPS v0.1 on AlexNet, with its map.

    Source: Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual
    Metric", CVPR 2018.
    """

    name: ClassVar[str] = "LPIPS (AlexNet)"

    def __init__(self, alexnet: bytes) -> None:
        """alexnet: torchvision's AlexNet state dict as saved by torch.save."""
        backbones.torchvision()
        import lpips

        self._metric = lpips.LPIPS(net="alex", spatial=True, pnet_rand=True, verbose=False)
        state = torch.load(io.BytesIO(alexnet), map_location="cpu", weights_only=True)
        trunk = {
            f"{slice_name}.{part}": state[f"features.{number}.{part}"]
            for number, slice_name in _CONVOLUTIONS.items()
            for part in ("weight", "bias")
        }
        self._metric.net.load_state_dict(trunk, strict=True)

    def features(self, pictures: Tensor) -> Tensor:
        """The pictures themselves: the package compares them in one go."""
        return pictures

    def distance_maps(self, features: Tensor, candidates: Tensor) -> Tensor:
        maps: Tensor = self._metric(features.expand_as(candidates), candidates, normalize=True)
        return maps[:, 0]
