"""Where the network's normalisation statistics come from: measured once, then frozen.

Frozen statistics make every output pixel a function of its surroundings alone. That is what makes
tiles agree with the whole, the pictures of a gallery with each other, and the frames of a clip.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor
from torch.nn import functional

from shop_style.transfer._palette import Moments

EPSILON: Final = 1.0
"""Added to a variance. Layers' outputs vary by 2 to 20; a flat picture must not have its rounding
noise blown up to that."""

THUMBNAIL_SIDE: Final = 384
_NOT_WORTH_REDUCING: Final = 1.5
_MIN_PRODUCT: Final = 0.002

LayerMoments = Mapping[str, tuple[Tensor, Tensor]]
"""Mean and standard deviation (1, C, 1, 1), float32, by layer."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Statistics:
    """What a render is normalised by. colours: mean (3,) and covariance (3, 3), float64, of the
    pixels that are carried to the style's."""

    layers: LayerMoments
    colours: Moments


def moments(features: Tensor, weight: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation a channel, (N, C, 1, 1) float32, over places.

    features: (N, C, H, W). weight: (N, 1, H, W), not negative, or None.
    """
    # Places in rows, as channels-last memory has them: nothing is copied. Shifting by nothing is
    # safe here: the layers' outputs are of the order of their spread.
    rows = features.permute(0, 2, 3, 1).flatten(1, 2).float()
    if weight is None:
        mean = rows.mean(1)
        square = (rows * rows).mean(1)
    else:
        shares = weight.permute(0, 2, 3, 1).flatten(1, 2).float()
        shares = shares / shares.sum(1, keepdim=True).clamp_min(1e-6)
        mean = (rows * shares).sum(1)
        square = (rows * rows * shares).sum(1)
    deviation = (square - mean.square()).clamp_min(0).add(EPSILON).sqrt()
    return mean[..., None, None], deviation[..., None, None]


class Recorder:
    """Pools the moments of a layer over pictures, each counted alike."""

    def __init__(self, weights: Sequence[Tensor | None]) -> None:
        """weights: a map (1, 1, H, W) of the places that count, a picture; None counts all."""
        self._weights = weights
        self.found: dict[str, tuple[Tensor, Tensor]] = {}

    def pooled(self, layer: str, features: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Mean and deviation of a layer over the pictures' maps (1, C, H, W), kept by name."""
        pairs = [
            moments(item, _reduced(weight, item))
            for item, weight in zip(features, self._weights, strict=True)
        ]
        mean = torch.stack([pair[0] for pair in pairs]).mean(0)
        square = torch.stack([pair[1].square() + pair[0].square() for pair in pairs]).mean(0)
        deviation = (square - mean.square()).clamp_min(EPSILON).sqrt()
        self.found[layer] = (mean, deviation)
        return mean, deviation


def _reduced(weight: Tensor | None, features: Tensor) -> Tensor | None:
    if weight is None:
        return None
    size = (features.shape[-2], features.shape[-1])
    return functional.interpolate(weight, size=size, mode="area")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A picture to measure on: image (3, H, W) in [0, 1]; weight (1, H, W) or None."""

    image: Tensor
    weight: Tensor | None = None


class StatisticsProvider(ABC):
    """Says on which pictures the statistics of a render are measured."""

    name: ClassVar[str]

    belongs_to_picture: ClassVar[bool] = True
    """Must it be measured anew for each picture?"""

    def kept(self, key: Hashable, measure: Callable[[], Statistics]) -> Statistics:
        """What `measure` gives; a provider for many pictures measures once a key."""
        return measure()

    @abstractmethod
    def samples(self, image: Tensor, mask: Tensor | None) -> list[Sample]:
        """Pictures to measure on for `image` (3, H, W) with its product mask (1, H, W)."""


class ThisImage(StatisticsProvider):
    """The picture itself, at full size."""

    name = "image"

    def samples(self, image: Tensor, mask: Tensor | None) -> list[Sample]:
        return [Sample(image=image)]


class Thumbnail(StatisticsProvider):
    """The picture reduced to `side` pixels on its short side, where it is much larger."""

    name = "thumbnail"

    def __init__(self, side: int = THUMBNAIL_SIDE) -> None:
        self.side = side

    def samples(self, image: Tensor, mask: Tensor | None) -> list[Sample]:
        if min(image.shape[-2:]) <= _NOT_WORTH_REDUCING * self.side:
            return [Sample(image=image)]
        return [Sample(image=reduced(image, self.side))]


class ProductOnly(Thumbnail):
    """The product's own places, so that how much background there is changes nothing."""

    name = "product"

    def samples(self, image: Tensor, mask: Tensor | None) -> list[Sample]:
        weight = None if mask is None else reduced(mask.float(), self.side)
        if weight is not None and float(weight.mean()) < _MIN_PRODUCT:
            weight = None
        return [Sample(image=reduced(image, self.side), weight=weight)]


class Gallery(StatisticsProvider):
    """The same pictures for every render: one product's gallery, or a sample of a catalogue."""

    name = "gallery"
    belongs_to_picture = False

    def __init__(self, samples: Sequence[Sample], side: int = THUMBNAIL_SIDE) -> None:
        """samples: pictures of any sizes, with the weight of their places or None."""
        self._samples = [
            Sample(
                image=reduced(item.image, side),
                weight=None if item.weight is None else reduced(item.weight, side),
            )
            for item in samples
        ]
        self._kept: dict[Hashable, Statistics] = {}

    def samples(self, image: Tensor, mask: Tensor | None) -> list[Sample]:
        return self._samples

    def kept(self, key: Hashable, measure: Callable[[], Statistics]) -> Statistics:
        if key not in self._kept:
            self._kept[key] = measure()
        return self._kept[key]


class Clip(Gallery):
    """Frames taken evenly from a clip: what does not change in time cannot flicker."""

    name = "clip"

    def __init__(
        self, frames: Sequence[Tensor], count: int = 8, side: int = THUMBNAIL_SIDE
    ) -> None:
        """frames: (3, H, W) each; `count` of them are measured."""
        step = max(1, len(frames) // count)
        super().__init__([Sample(image=frame) for frame in frames[::step][:count]], side)


def reduced(picture: Tensor, side: int) -> Tensor:
    """(C, H, W) with its short side at most `side`, by area."""
    height, width = picture.shape[-2:]
    scale = side / min(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    return functional.interpolate(picture[None], size=size, mode="area")[0]
