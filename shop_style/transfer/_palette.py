"""Mean and covariance of colours, and the linear map from one to another."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

Moments = tuple[Tensor, Tensor]

# Variance added on the diagonal (3 % of the range, squared), so that a flat picture is not
# stretched into noise.
FLOOR = 0.03**2


def matched_palette(picture: Tensor, references: Sequence[Tensor]) -> Tensor:
    """The picture with the references' mean colour and colour covariance, in [0, 1].

    picture: (1, 3, H, W); references: each (1, 3, h, w), weighed alike. The map is linear with a
    positive definite matrix, so that light stays light and dark stays dark.
    Source: Pitié & Kokaram, "The Linear Monge-Kantorovitch Linear Colour Mapping for
    Example-Based Colour Transfer", CVMP 2007, eq. 11.
    """
    matrix, offset = colour_map(colour_moments([picture]), colour_moments(references))
    rows = picture.flatten(2).squeeze(0).double()
    moved = matrix @ rows + offset.unsqueeze(1)
    return moved.reshape(picture.shape).to(picture.dtype).clamp(0, 1)


def colour_map(mine: Moments, theirs: Moments) -> Moments:
    """Matrix A (3, 3) and offset b (3,), float64, of A·rgb + b that carries `mine` to `theirs`."""
    root = _power(mine[1], 0.5)
    inverse = _power(mine[1], -0.5)
    matrix = inverse @ _power(root @ theirs[1] @ root, 0.5) @ inverse
    return matrix, theirs[0] - matrix @ mine[0]


def colour_moments(pictures: Sequence[Tensor]) -> Moments:
    """Mean (3,) and covariance (3, 3), float64, averaged over pictures (1, 3, H, W)."""
    each = [_moments(item) for item in pictures]
    return torch.stack([item[0] for item in each]).mean(0), torch.stack(
        [item[1] for item in each]
    ).mean(0)


def _moments(picture: Tensor) -> Moments:
    rows = picture.flatten(2).squeeze(0).double()
    mean = rows.mean(1)
    centred = rows - mean.unsqueeze(1)
    floor = FLOOR * torch.eye(3, dtype=rows.dtype, device=rows.device)
    return mean, centred @ centred.T / rows.shape[1] + floor


def _power(matrix: Tensor, exponent: float) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    scaled = vectors * values.clamp_min(1e-12) ** exponent
    product: Tensor = scaled @ vectors.T
    return product
