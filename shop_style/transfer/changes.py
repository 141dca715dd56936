"""A 3D table of colour changes as torch applies it: fast, in floats, on any device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, kw_only=True, eq=False)
class ChangeTable:
    """Changes of sRGB, looked up trilinearly.

    atlas: (6, (N − 1) · (N + 2), N), the N − 1 cells of blue one under the other as pictures of
    green by red: three planes of changes and three of their slope along blue. One 2D look-up,
    which torch has vectorised, then does the work of a 3D one, which it has not. Each picture
    repeats its first and last row, so that rounding never reaches into the next.
    """

    atlas: Tensor
    side: int

    @classmethod
    def of(cls, changes: NDArray[np.float32]) -> Self:
        """changes: (3, N, N, N), indexed [channel, blue, green, red]."""
        planes = torch.from_numpy(changes)
        side = planes.shape[-1]
        cells = torch.cat([planes[:, :-1], planes[:, 1:] - planes[:, :-1]])
        framed = torch.cat([cells[:, :, :1], cells, cells[:, :, -1:]], dim=2)
        return cls(atlas=framed.reshape(6, (side - 1) * (side + 2), side), side=side)

    def to(self, device: torch.device) -> ChangeTable:
        """The same table there."""
        return ChangeTable(atlas=self.atlas.to(device), side=self.side)

    def graded(self, band: Tensor, strength: float | Tensor) -> Tensor:
        """band + strength · change, the whole change clipped to [0, 1] first.

        band: (3, H, W) in [0, 1]. strength: a number or (1, H, W).
        """
        # torch shares a look-up out by batch only.
        parts = _divisor(band.shape[1], torch.get_num_threads() if band.is_cpu else 1)
        split = band.reshape(3, parts, -1, band.shape[2]).transpose(0, 1)
        whole = self._looked_up(split).add_(split).clamp_(0, 1)
        full = whole.transpose(0, 1).reshape(band.shape)
        if not isinstance(strength, Tensor) and strength == 1:
            return full
        return torch.lerp(band, full, strength)

    def _looked_up(self, bands: Tensor) -> Tensor:
        """Changes (B, 3, H, W) for colours (B, 3, H, W)."""
        last, stride = self.side - 1, self.side + 2
        blue = bands[:, 2] * last
        cell = blue.floor().clamp_(max=last - 1)
        blue -= cell
        # From nodes to grid_sample's −1…1 over the atlas.
        scale = 2 / (last * stride - 1)
        where = torch.empty((*blue.shape, 2), dtype=bands.dtype, device=bands.device)
        torch.mul(bands[:, 0], 2, out=where[..., 0])
        where[..., 0] -= 1
        cell.mul_(stride * scale).add_(scale - 1)
        torch.add(cell, bands[:, 1], alpha=last * scale, out=where[..., 1])
        found = functional.grid_sample(
            self.atlas.expand(len(bands), -1, -1, -1),
            where,
            mode="bilinear",
            padding_mode="border",
            align_corners=True,
        )
        return torch.addcmul(found[:, :3], found[:, 3:], blue[:, None])


def _divisor(number: int, wanted: int) -> int:
    """The largest divisor of number up to wanted."""
    return next(part for part in range(max(1, wanted), 0, -1) if number % part == 0)
