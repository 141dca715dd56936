"""The classic network of Johnson et al. with random weights: its time does not depend on them."""

from __future__ import annotations

from torch import Tensor, nn


class _Convolution(nn.Sequential):
    """Reflection padding, a convolution, instance normalisation and ReLU where asked for."""

    def __init__(
        self,
        before: int,
        after: int,
        side: int,
        *,
        stride: int = 1,
        enlarge: bool = False,
        normed: bool = True,
        relu: bool = True,
    ) -> None:
        layers: list[nn.Module] = []
        if enlarge:
            layers.append(nn.Upsample(scale_factor=2, mode="nearest"))
        layers += [nn.ReflectionPad2d(side // 2), nn.Conv2d(before, after, side, stride)]
        if normed:
            layers.append(nn.InstanceNorm2d(after, affine=True))
        if relu:
            layers.append(nn.ReLU())
        super().__init__(*layers)


class _Residual(nn.Module):
    """Two 3×3 convolutions beside the identity, without ReLU after the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            _Convolution(channels, channels, 3), _Convolution(channels, channels, 3, relu=False)
        )

    def forward(self, features: Tensor) -> Tensor:
        return features + self.inner(features)


class JohnsonNetwork(nn.Sequential):
    """(N, 3, H, W) → (N, 3, H, W) for sides that are multiples of 4; 1.68 million weights.

    Source: Johnson, Alahi & Fei-Fei, "Perceptual Losses for Real-Time Style Transfer and
    Super-Resolution", ECCV 2016, and its supplement, with what became usual soon after: instance
    normalisation (Ulyanov et al., arXiv 1607.08022) and nearest-neighbour enlargement before a
    convolution (Odena et al., Distill 2016).
    """

    def __init__(self) -> None:
        super().__init__(
            _Convolution(3, 32, 9),
            _Convolution(32, 64, 3, stride=2),
            _Convolution(64, 128, 3, stride=2),
            *(_Residual(128) for _ in range(5)),
            _Convolution(128, 64, 3, enlarge=True),
            _Convolution(64, 32, 3, enlarge=True),
            _Convolution(32, 3, 9, normed=False, relu=False),
        )
