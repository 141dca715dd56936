"""What a style looks like in a few hundred numbers: to find the built-in one nearest to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from shop_style.transfer._palette import colour_moments
from shop_style.transfer._student import TEACHER_CHANNELS
from shop_style.transfer.trunk import Trunk

FEATURES = 2 * sum(TEACHER_CHANNELS)


@dataclass(frozen=True, kw_only=True, eq=False)
class StyleDescriptor:
    """features: (FEATURES,), mean and deviation of every channel of the trunk's taps.
    colour_mean (3,), colour_covariance (3, 3): of sRGB. float32."""

    features: Tensor
    colour_mean: Tensor
    colour_covariance: Tensor

    @property
    def colours(self) -> Tensor:
        """(3, 4), [covariance | mean], as a StyleCode keeps them."""
        return torch.cat([self.colour_covariance, self.colour_mean[:, None]], 1)

    def distance(self, other: StyleDescriptor) -> float:
        """Mean over taps of the relative distance of their statistics; 0 is the same look."""
        found = []
        for mine, theirs in zip(_by_tap(self.features), _by_tap(other.features), strict=True):
            scale = (mine.norm() * theirs.norm()).clamp_min(1e-9)
            found.append(float((mine - theirs).square().sum() / scale))
        return sum(found) / len(found)


def describe_style(trunk: Trunk, references: Sequence[Tensor]) -> StyleDescriptor:
    """The mean description of references, each (3, H, W) in [0, 1]."""
    with torch.no_grad():
        rows = [_features(trunk, item) for item in references]
    mean, covariance = colour_moments([item[None] for item in references])
    return StyleDescriptor(
        features=torch.stack(rows).mean(0),
        colour_mean=mean.float(),
        colour_covariance=covariance.float(),
    )


def _features(trunk: Trunk, picture: Tensor) -> Tensor:
    parts = []
    for features in trunk.taps(picture[None]).values():
        deviation, mean = torch.std_mean(features.float(), (2, 3))
        parts += [mean[0], deviation[0]]
    return torch.cat(parts).cpu()


def _by_tap(features: Tensor) -> list[Tensor]:
    return list(torch.split(features, [2 * width for width in TEACHER_CHANNELS]))
