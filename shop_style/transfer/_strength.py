"""A strength, or a map of strengths, as a few levels that the network is run at."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

_BETWEEN: Final = (0.25, 0.5, 0.75)


def strength_levels(strength: float | Tensor) -> list[float]:
    """Strengths above 0 to run the network at, ascending; none means the input as it is.

    A map that holds one or two values is run at just those; any other between its smallest and
    its largest at quarters too, and its values lie on straight lines between them.
    """
    if not isinstance(strength, Tensor):
        return [float(strength)] if strength > 0 else []
    low, high = float(strength.min()), float(strength.max())
    if bool(((strength == low) | (strength == high)).all()):
        found = {low, high}
    else:
        found = {low, high, *(level for level in _BETWEEN if low < level < high)}
    return sorted(level for level in found if level > 0)


def level_shares(strength: float | Tensor, levels: list[float]) -> list[float | Tensor]:
    """How much each level counts at each place: a number, or maps (1, H, W).

    The shares of a place sum to 1, less what belongs to strength 0.
    """
    if not isinstance(strength, Tensor):
        return [1.0]
    nodes = [0.0, *levels]
    shares: list[float | Tensor] = []
    for number, level in enumerate(levels, start=1):
        rising = (strength - nodes[number - 1]) / (level - nodes[number - 1])
        share = rising.clamp(0, 1)
        if number + 1 < len(nodes):
            falling = (nodes[number + 1] - strength) / (nodes[number + 1] - level)
            share = torch.minimum(share, falling.clamp(0, 1))
        shares.append(share)
    return shares
