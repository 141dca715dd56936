"""What training holds a styled picture to."""

from __future__ import annotations

import pytest
import torch

from shop_style.transfer.training.network.objective import (
    Objective,
    ObjectiveWeights,
    colour_error,
    style_grams,
)
from shop_style.transfer.training.network.trainable import (
    Conditions,
    Painted,
)
from shop_style.transfer.trunk import load_trunk


@pytest.fixture
def picture() -> torch.Tensor:
    """Coloured waves (1, 3, 96, 96)."""
    rows, columns = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij")
    wave = 0.5 + 0.5 * torch.sin(0.3 * rows + 0.2 * columns)
    return torch.stack([wave, 0.3 + 0.4 * wave, 1 - wave])[None]


def test_colour_error_minds_regions_and_not_strokes():
    ramp = torch.linspace(0.2, 0.8, 64).expand(1, 3, 64, 64)
    strokes = ramp + 0.1 * torch.tensor([1.0, -1.0]).repeat(32)
    assert colour_error(ramp, ramp).item() == 0
    assert colour_error(1 - ramp, ramp) > 1000 * colour_error(strokes, ramp)
    assert colour_error(ramp + 0.1, ramp).item() == pytest.approx(0.01, rel=1e-4)


def test_the_style_loss_is_0_for_the_reference_itself(picture):
    trunk = load_trunk("distilled", "cpu")
    objective = Objective(trunk, [style_grams(trunk, [picture])], ObjectiveWeights())
    conditions = Conditions(index=torch.zeros(1, dtype=torch.long), strength=torch.ones(1))
    other = torch.full_like(picture, 0.5)
    same = objective.losses(picture, Painted(picture, picture), conditions)
    # Gram matrices are multiplied in bfloat16 where the machine has it.
    assert float(same.style) < 1e-3 and float(same.content) == 0
    assert float(objective.losses(picture, Painted(picture, other), conditions).style) > 0.1


def test_where_white_is_kept_the_tap_that_tells_light_does_not_count(picture):
    trunk = load_trunk("distilled", "cpu")
    grams = style_grams(trunk, [picture])
    conditions = Conditions(
        index=torch.zeros(1, dtype=torch.long), strength=torch.ones(1), keep_ground=True
    )
    painted = Painted(picture, picture)
    for tap in grams:
        other = {name: value * (2 if name == tap else 1) for name, value in grams.items()}
        losses = Objective(trunk, [other], ObjectiveWeights()).losses(picture, painted, conditions)
        assert (float(losses.style) < 1e-3) == (tap == "relu1_2"), tap


def test_values_that_no_picture_can_show_are_pulled_back(picture):
    trunk = load_trunk("distilled", "cpu")
    only_outside = ObjectiveWeights(style=0, colour=0, variation=0, outside=1)
    objective = Objective(trunk, [style_grams(trunk, [picture])], only_outside)
    far = torch.full_like(picture, 3.0).requires_grad_()
    conditions = Conditions(index=torch.zeros(1, dtype=torch.long), strength=torch.ones(1))
    losses = objective.losses(picture, Painted(picture, far), conditions)
    assert float(losses.outside.detach()) == pytest.approx(2.0)
    (gradient,) = torch.autograd.grad(losses.outside, far)
    assert bool((gradient > 0).all())
