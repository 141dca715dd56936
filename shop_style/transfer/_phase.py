"""Resize-convolutions computed before the resize: the same numbers, a quarter of the memory.

A nearest ×2 enlargement followed by a 3×3 convolution reads only 3×3 cells of the small map for
each of the four output phases. Folding the kernel so keeps what makes resize-convolutions free of
checkerboards: on a flat map all four phases agree (Odena et al., "Deconvolution and Checkerboard
Artifacts", Distill 2016).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

# Which cell (before, own, after) tap −1, 0, +1 of an even and of an odd output row reads.
_CELL_OF_TAP = torch.tensor(
    [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 0.0]],
        [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    ]
)
# The same for a map at full size: [output phase, cell, input phase, tap].
_PHASE_OF_TAP = torch.zeros(2, 3, 2, 3)
for _output, _tap in ((a, t) for a in (0, 1) for t in (0, 1, 2)):
    _row = _output + _tap - 1
    _PHASE_OF_TAP[_output, _row // 2 + 1, _row % 2, _tap] = 1.0


def enlarging_kernel(kernel: Tensor) -> Tensor:
    """(O, I, 3, 3) over an enlarged map → (O·4, I, 3, 3) over the small one."""
    rule = _CELL_OF_TAP.to(kernel)
    folded = torch.einsum("auy,bvx,oiyx->oabiuv", rule, rule, kernel)
    return folded.reshape(kernel.shape[0] * 4, kernel.shape[1], 3, 3)


def unshuffled_kernel(kernel: Tensor) -> Tensor:
    """(O, I, 3, 3) over a map at full size → (O·4, I·4, 3, 3) over its `pixel_unshuffle`."""
    rule = _PHASE_OF_TAP.to(kernel)
    folded = torch.einsum("aupy,bvqx,oiyx->oabipquv", rule, rule, kernel)
    return folded.reshape(kernel.shape[0] * 4, kernel.shape[1] * 4, 3, 3)


def phases_apart(image: Tensor, factor: int, dtype: torch.dtype) -> Tensor:
    """(N, C, H, W) → (N, C·factor², H/factor, W/factor) in channels-last memory.

    As `pixel_unshuffle`; converting first makes it several times faster on a CPU.
    """
    arranged = image.to(dtype).contiguous(memory_format=torch.channels_last)
    return functional.pixel_unshuffle(arranged, factor).contiguous(
        memory_format=torch.channels_last
    )


def phases_together(features: Tensor) -> Tensor:
    """(N, C·4, H, W) → (N, C, 2H, 2W), as `pixel_shuffle`, staying in channels-last memory."""
    number, channels, height, width = features.shape
    parts = features.permute(0, 2, 3, 1).reshape(number, height, width, channels // 4, 2, 2)
    woven = parts.permute(0, 1, 4, 2, 5, 3).reshape(number, 2 * height, 2 * width, channels // 4)
    return woven.permute(0, 3, 1, 2)
