"""The engine `optimise`: what it promises about strength, size, colour, resuming and stopping."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from shop_style.exceptions import EngineError, RenderCancelled, StyleReferenceError
from shop_style.transfer._objective import Objective
from shop_style.transfer.engine import RenderContext, StyleSpec
from shop_style.transfer.optimise import OptimiseEngine
from shop_style.transfer.parameters import OptimiseParameters
from shop_style.transfer.trunk import load_trunk

QUICK = {"working_side": 64, "steps": 6, "trunk": "distilled", "checkpoint_every": 2}


def _product(height=75, width=91):
    """A dark box with a bright label on white; (3, H, W)."""
    image = torch.full((3, height, width), 1.0)
    image[:, height // 5 : -height // 5, width // 4 : -width // 4] = torch.tensor(
        [0.15, 0.2, 0.35]
    ).view(3, 1, 1)
    image[:, height // 3 : height // 2, width // 3 : width // 2] = 0.85
    return image


def _reference(side=96, seed=3):
    """Diagonal coloured stripes with some grain."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:side, :side]
    wave = np.sin((rows + columns) / 4.0) > 0
    picture = np.where(wave[None], [[[0.9]], [[0.6]], [[0.1]]], [[[0.1]], [[0.2]], [[0.6]]])
    noisy = picture + rng.normal(0, 0.03, picture.shape)
    return torch.from_numpy(noisy).float().clamp(0, 1)


def _style(engine, references=None, **parameters):
    return engine.prepare(
        StyleSpec(
            slug="stripes",
            engine="optimise",
            parameters=OptimiseParameters(**(QUICK | parameters)),
            references=(_reference(),) if references is None else references,
        )
    )


def test_strength_zero_returns_the_input_without_work():
    engine = OptimiseEngine()
    style = _style(engine)
    image = _product()

    def no_work(done, total):
        raise AssertionError("a step was taken")

    context = RenderContext(report=no_work)
    assert torch.equal(engine.stylise(image, style, 0, context), image)
    assert torch.equal(engine.stylise(image, style, 0.0, context), image)
    assert torch.equal(engine.stylise(image, style, torch.zeros(1, 75, 91), context), image)


@pytest.mark.parametrize(("height", "width"), [(75, 91), (40, 131), (64, 64), (33, 33)])
def test_size_range_and_type_are_kept(height, width):
    engine = OptimiseEngine()
    image = _product(height, width)
    out = engine.stylise(image, _style(engine, steps=3), 1.0, RenderContext())
    assert out.shape == image.shape
    assert out.dtype is torch.float32
    assert out.min() >= 0 and out.max() <= 1
    assert (out - image).abs().mean() > 0.01


def test_strength_is_linear_and_may_be_a_map():
    engine = OptimiseEngine()
    style, image = _style(engine), _product()
    full = engine.stylise(image, style, 1.0, RenderContext())
    half = engine.stylise(image, style, 0.5, RenderContext())
    assert torch.allclose(half, image + 0.5 * (full - image), atol=1e-6)
    strengths = torch.zeros(1, 75, 91)
    strengths[:, :, 50:] = 1
    mapped = engine.stylise(image, style, strengths, RenderContext())
    assert torch.equal(mapped[:, :, :50], image[:, :, :50])
    assert torch.allclose(mapped[:, :, 50:], full[:, :, 50:], atol=1e-6)


@pytest.mark.parametrize("optimiser", ["adam", "lbfgs"])
def test_style_loss_falls_to_a_fifth(optimiser):
    engine = OptimiseEngine()
    style = _style(engine, steps=30, optimiser=optimiser)
    image = _product(64, 64)
    trunk = load_trunk("distilled", "cpu")
    objective = Objective(trunk, style.grams_at(64, trunk), image[None], style.parameters)
    out = engine.stylise(image, style, 1.0, RenderContext())
    before, after = (objective.terms(item[None]).style.item() for item in (image, out))
    assert after < before / 5


@pytest.mark.parametrize("optimiser", ["adam", "lbfgs"])
def test_a_resumed_render_is_bit_identical_to_an_uninterrupted_one(optimiser):
    engine = OptimiseEngine()
    style, image = _style(engine, optimiser=optimiser, steps=8), _product()
    saved, steps = [], []
    whole = engine.stylise(image, style, 1.0, RenderContext(save_checkpoint=saved.append))
    assert len(saved) >= 2
    for checkpoint in saved:
        steps.clear()
        context = RenderContext(
            load_checkpoint=lambda data=checkpoint: data,
            report=lambda done, total: steps.append(done),
        )
        assert torch.equal(engine.stylise(image, style, 1.0, context), whole)
        assert len(steps) < 8


@pytest.mark.parametrize("damage", ["cut", "noise", "empty", "other recipe"])
def test_a_checkpoint_that_does_not_fit_is_ignored(damage):
    engine = OptimiseEngine()
    style, image = _style(engine), _product()
    saved = []
    whole = engine.stylise(image, style, 1.0, RenderContext(save_checkpoint=saved.append))
    if damage == "other recipe":
        other = _style(engine, style_weight=3.0)
        saved.clear()
        engine.stylise(image, other, 1.0, RenderContext(save_checkpoint=saved.append))
    data = {"cut": saved[0][:-9], "noise": b"\x07" * 400, "empty": b""}.get(damage, saved[0])
    context = RenderContext(load_checkpoint=lambda: data)
    assert torch.equal(engine.stylise(image, style, 1.0, context), whole)


def test_cancelling_stops_between_steps():
    engine = OptimiseEngine()
    steps = []
    context = RenderContext(
        report=lambda done, total: steps.append(done), cancelled=lambda: len(steps) >= 2
    )
    with pytest.raises(RenderCancelled, match="stripes"):
        engine.stylise(_product(), _style(engine), 1.0, context)
    assert steps == [1, 2]


def test_progress_counts_every_step_once():
    engine = OptimiseEngine()
    seen = []
    context = RenderContext(report=lambda done, total: seen.append((done, total)))
    engine.stylise(_product(), _style(engine, scales=3, steps=7), 1.0, context)
    assert seen == [(number, 7) for number in range(1, 8)]


def test_keep_colour_keeps_the_chroma():
    engine = OptimiseEngine()
    image = _product()
    out = engine.stylise(image, _style(engine, keep_colour=1.0), 1.0, RenderContext())
    change = out - image
    # Cb and Cr are differences of channels: one and the same change in all three keeps them.
    assert (change - change[:1]).abs().max() < 1e-6
    assert change.abs().max() > 0.05


def test_a_small_picture_is_not_enlarged_and_one_reference_counts_as_two_of_it():
    engine = OptimiseEngine()
    image = _product(40, 52)
    one = engine.stylise(image, _style(engine, working_side=512), 1.0, RenderContext())
    twice = _style(engine, (_reference(), _reference()), working_side=512)
    assert torch.allclose(engine.stylise(image, twice, 1.0, RenderContext()), one, atol=1e-3)


def test_the_seed_decides_the_grain():
    engine = OptimiseEngine()
    image = _product()
    outs = [
        engine.stylise(image, _style(engine, seed=seed, grain=0.05), 1.0, RenderContext())
        for seed in (1, 1, 2)
    ]
    assert torch.equal(outs[0], outs[1])
    assert not torch.equal(outs[0], outs[2])


def test_background_share_shifts_the_change_towards_the_product():
    engine = OptimiseEngine()
    image = _product(64, 64)
    mask = (image.mean(0, keepdim=True) < 0.95).float()
    ratios = []
    for share in (1.0, 0.05):
        style = _style(engine, background_share=share, steps=20, optimiser="lbfgs", palette=0.0)
        out = engine.stylise(image, style, 1.0, RenderContext(mask=mask))
        change = (out - image).abs().mean(0, keepdim=True)
        ratios.append(((change * mask).sum() / mask.sum() / change.mean()).item())
    assert ratios[1] > ratios[0]


@pytest.mark.parametrize(
    "references",
    [(), (torch.rand(3, 8, 8),), (torch.rand(1, 64, 64),), (torch.full((3, 64, 64), torch.nan),)],
)
def test_unusable_references_name_the_style(references):
    with pytest.raises(StyleReferenceError, match="stripes"):
        _style(OptimiseEngine(), references)


def test_flat_pictures_stay_finite_and_tiny_ones_are_refused():
    engine = OptimiseEngine()
    white, black = torch.ones(3, 70, 64), torch.zeros(3, 64, 64)
    for reference in (white, black, _reference()):
        out = engine.stylise(white, _style(engine, (reference,)), 1.0, RenderContext())
        assert bool(torch.isfinite(out).all())
    with pytest.raises(EngineError, match="7 × 9"):
        engine.stylise(torch.ones(3, 9, 7), _style(engine), 1.0, RenderContext())


def test_parameters_hold_their_own_bounds():
    for item in dataclasses.fields(OptimiseParameters):
        if "low" in item.metadata:
            assert item.metadata["low"] <= item.default <= item.metadata["high"], item.name
