"""How far a student's taps are from its teacher's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


class _OneSidedError(torch.autograd.Function):
    """Σe² with e = a − t where t > 0, relu(a) where t = 0.

    Unlike (relu(a) − t)² it has a gradient where a is wrongly negative; unlike (a − t)² it lets
    a be any negative number where the teacher is silent. Written by hand to pass over the
    largest tensors of the step once, in their own format.
    """

    @staticmethod
    def forward(ctx: Any, adapted: Tensor, target: Tensor) -> Tensor:
        error = torch.where(target > 0, adapted - target, adapted.clamp_min(0))
        ctx.save_for_backward(error)
        norm: Tensor = torch.linalg.vector_norm(error, dtype=torch.float32)
        return norm.square()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (error,) = ctx.saved_tensors
        return error * (2 * gradients[0]).to(error.dtype), None


@dataclass(frozen=True, kw_only=True)
class TapErrors:
    """Relative errors, one scalar tensor a tap. 0 is perfect, 1 what a silent student scores."""

    features: list[Tensor]
    grams: list[Tensor]

    def total(self, gram_weight: float) -> Tensor:
        """The training loss: mean feature error plus weighted mean Gram error."""
        return torch.stack(self.features).mean() + gram_weight * torch.stack(self.grams).mean()


def mean_errors(errors: Sequence[TapErrors]) -> TapErrors:
    """Tap by tap, the mean over batches."""
    features = zip(*(item.features for item in errors), strict=True)
    grams = zip(*(item.grams for item in errors), strict=True)
    return TapErrors(
        features=[torch.stack(row).mean() for row in features],
        grams=[torch.stack(row).mean() for row in grams],
    )


def tap_errors(adapted: Sequence[Tensor], targets: Sequence[Tensor]) -> TapErrors:
    """Relative squared errors of features and of Gram matrices.

    adapted: the student's adapter outputs before ReLU, targets: the teacher's relu taps; both
    (N, C, H, W) with equal shapes.
    """
    features, grams = [], []
    for mine, theirs in zip(adapted, targets, strict=True):
        target = theirs.to(mine.dtype)
        energy = torch.linalg.vector_norm(target, dtype=torch.float32).square()
        features.append(_OneSidedError.apply(mine, target) / energy.clamp_min(1e-12))  # type: ignore[no-untyped-call]
        difference = _gram(mine.relu()) - _gram(target)
        scale = _gram(target).square().sum((1, 2)).clamp_min(1e-12)
        grams.append((difference.square().sum((1, 2)) / scale).mean())
    return TapErrors(features=features, grams=grams)


def _gram(features: Tensor) -> Tensor:
    rows = features.permute(0, 2, 3, 1).flatten(1, 2)
    return torch.bmm(rows.transpose(1, 2), rows).float() / rows.shape[1]
