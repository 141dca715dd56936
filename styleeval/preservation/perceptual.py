"""Learned perceptual distance: LPIPS where AlexNet's weights are at hand, ST-LPIPS elsewhere."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Floats = NDArray[np.float32]
Weights = bytes | Path | None

_MIN_SIDE = 64


class PerceptualMetric(ABC):
    """A distance with a value at each pixel; 0 is equal."""

    name: ClassVar[str]
    """What reports call it. The two metrics' numbers must never be compared."""

    @abstractmethod
    def features(self, pictures: Tensor) -> Any:
        """What is computed of pictures (N, 3, H, W), sRGB in [0, 1], before they are compared."""

    @abstractmethod
    def distance_maps(self, features: Any, candidates: Tensor) -> Tensor:
        """(N, H, W): the distances of N pictures (N, 3, H, W) to the one with these features."""

    def reference(self, original: Floats) -> PerceptualReference:
        """A picture (H, W, 3) in [0, 1] that others will be held against: it passes once."""
        return PerceptualReference(self, original)

    def maps(self, original: Floats, candidates: Sequence[Floats]) -> list[Floats]:
        """One (H, W) distance map per candidate (H, W, 3) in [0, 1]."""
        return self.reference(original).maps(candidates)


class PerceptualReference:
    """One picture's features, and the distances of others to it."""

    def __init__(self, metric: PerceptualMetric, original: Floats) -> None:
        import torch

        self._metric = metric
        self._shape = original.shape[:2]
        with torch.no_grad():
            self._features = metric.features(self._batch([original]))

    def maps(self, candidates: Sequence[Floats]) -> list[Floats]:
        """One (H, W) distance map per candidate (H, W, 3) in [0, 1]."""
        import torch

        height, width = self._shape
        with torch.no_grad():
            found = self._metric.distance_maps(self._features, self._batch(candidates))
        return [one[:height, :width].numpy() for one in found.cpu()]

    def _batch(self, pictures: Sequence[Floats]) -> Tensor:
        import torch

        missing = [(0, max(0, _MIN_SIDE - side)) for side in self._shape]
        padded = np.stack([np.pad(one, [*missing, (0, 0)], mode="edge") for one in pictures])
        return torch.from_numpy(padded).permute(0, 3, 1, 2).contiguous()


def perceptual_metric(alexnet_weights: Weights = None) -> PerceptualMetric:
    """The metric to use, loaded once per process. Nothing is ever downloaded.

    alexnet_weights: torchvision's AlexNet state dict, as a file's bytes or path; None takes
    ST-LPIPS, whose weights come with its wheel.
    """
    if alexnet_weights is None:
        return _shift_tolerant()
    data = alexnet_weights if isinstance(alexnet_weights, bytes) else alexnet_weights.read_bytes()
    return _alexnet(hashlib.sha256(data).hexdigest(), _Handed(data))


class _Handed:
    """Bytes that do not take part in a cache key."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Handed)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=1)
def _alexnet(digest: str, handed: _Handed) -> PerceptualMetric:
    from styleeval.preservation.lpips_alexnet import AlexNetLpips

    return AlexNetLpips(handed.data)


@lru_cache(maxsize=1)
def _shift_tolerant() -> PerceptualMetric:
    from styleeval.preservation.shift_tolerant import ShiftTolerantLpips

    return ShiftTolerantLpips(ShiftTolerantLpips.wheel_weights())
