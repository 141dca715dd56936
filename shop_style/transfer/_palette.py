"""A first guess at a styled picture: the product in the reference's palette."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

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
    mine = _moments(picture)
    theirs = [_moments(item) for item in references]
    mean = torch.stack([item[0] for item in theirs]).mean(0)
    covariance = torch.stack([item[1] for item in theirs]).mean(0)
    root = _power(mine[1], 0.5)
    inverse = _power(mine[1], -0.5)
    matrix = inverse @ _power(root @ covariance @ root, 0.5) @ inverse
    rows = picture.flatten(2).squeeze(0).double()
    moved = matrix @ (rows - mine[0].unsqueeze(1)) + mean.unsqueeze(1)
    return moved.reshape(picture.shape).to(picture.dtype).clamp(0, 1)


def _moments(picture: Tensor) -> tuple[Tensor, Tensor]:
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
