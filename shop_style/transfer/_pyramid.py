"""A picture as a Laplacian pyramid: large changes of colour then take as few steps as fine ones."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional


def resized(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """(N, C, H, W) → (N, C, *size), bicubic and anti-aliased; unchanged when the size fits."""
    if tuple(picture.shape[-2:]) == size:
        return picture
    return functional.interpolate(
        picture, size=size, mode="bicubic", antialias=True, align_corners=False
    )


def decompose(picture: Tensor, levels: int) -> list[Tensor]:
    """Differences from fine to coarse, then the coarsest picture; halved while a side is > 8.

    Source of the use: Kolkin et al., "Style Transfer by Relaxed Optimal Transport and
    Self-Similarity" (STROTSS), CVPR 2019, §2.4.
    """
    parts = []
    for _ in range(levels - 1):
        height, width = picture.shape[-2:]
        if min(height, width) <= 8:
            break
        smaller = resized(picture, ((height + 1) // 2, (width + 1) // 2))
        parts.append(picture - _enlarged(smaller, picture))
        picture = smaller
    return [*parts, picture]


def compose(parts: Sequence[Tensor]) -> Tensor:
    """The picture of these parts; compose(decompose(x)) is x up to rounding."""
    picture = parts[-1]
    for part in reversed(parts[:-1]):
        picture = part + _enlarged(picture, part)
    return picture


def _enlarged(picture: Tensor, like: Tensor) -> Tensor:
    return functional.interpolate(
        picture, size=tuple(like.shape[-2:]), mode="bilinear", align_corners=False
    )
