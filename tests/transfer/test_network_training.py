"""Training of the style network, at a size that takes seconds."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch
from django.core.management import CommandError, call_command
from PIL import Image
from safetensors.torch import load_file

from shop_style.transfer._palette import style_palette
from shop_style.transfer._style_model import Gains, StyleModel, load_style_model
from shop_style.transfer.built_in import BuiltInStyle
from shop_style.transfer.training.loop import TrainingError
from shop_style.transfer.training.network.export import exported_tensors, folded_network
from shop_style.transfer.training.network.objective import (
    Objective,
    ObjectiveWeights,
    colour_error,
    style_grams,
)
from shop_style.transfer.training.network.photos import Photos, TrainingStyle, load_styles
from shop_style.transfer.training.network.trainable import TrainableNetwork
from shop_style.transfer.training.network.trainer import NetworkConfig, NetworkTraining
from shop_style.transfer.training.pictures import CorpusError
from shop_style.transfer.trunk import load_trunk


def _waves(seed: int, side: int = 96) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:side, 0:side]
    pitch = rng.uniform(0.1, 0.6, 2)
    wave = 0.5 + 0.5 * np.sin(pitch[0] * rows + pitch[1] * columns)
    ends = rng.uniform(0, 255, (2, 3))
    return (wave[..., None] * ends[0] + (1 - wave[..., None]) * ends[1]).astype(np.uint8)


def _photos() -> Photos:
    white = np.full((96, 96, 3), 255, np.uint8)
    white[30:60, 30:60] = _waves(3, 30)
    return Photos(shown=[_waves(1), white, _waves(2)], held_out=[_waves(4)])


def _styles(count: int = 2) -> list[TrainingStyle]:
    def reference(seed: int) -> torch.Tensor:
        return torch.from_numpy(_waves(seed)).permute(2, 0, 1).float() / 255

    return [
        TrainingStyle(
            entry=BuiltInStyle(
                slug=f"waves-{number}", name="Waves", reference="own", licence="MIT", source="test"
            ),
            references=(reference(10 + number),),
        )
        for number in range(count)
    ]


def _config(**changes: object) -> NetworkConfig:
    values: dict[str, object] = {
        "steps": 6,
        "cooldown": 2,
        "warmup": 2,
        "batch": 2,
        "sizes": ((0, 32), (3, 40)),
        "first_styles": 1,
        "all_from": 2,
        "dial_from": 3,
        "checkpoint_every": 100,
        "measure_every": 3,
        "precision": "float32",
    }
    return NetworkConfig(**(values | changes))  # type: ignore[arg-type]


def _run(folder, config=None, until=None, styles=None) -> NetworkTraining:
    run = NetworkTraining(
        config or _config(),
        folder,
        load_trunk("distilled", "cpu"),
        _photos(),
        styles or _styles(),
        say=lambda line: None,
    )
    run.run(until)
    return run


def test_a_resumed_run_gives_the_weights_of_an_uninterrupted_one(tmp_path):
    whole = _run(tmp_path / "whole")
    for until in (1, 4, None):
        torch.manual_seed(until or 99)
        parts = _run(tmp_path / "parts", until=until)
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, parts.model.state_dict()[name]), name
        assert torch.equal(whole.average[name], parts.average[name]), name


def test_the_same_seed_gives_the_same_weights_and_another_other_ones(tmp_path):
    runs = [
        _run(tmp_path / str(number), _config(seed=seed, steps=2, cooldown=0))
        for number, seed in enumerate((0, 0, 1))
    ]
    kernels = [run.model.network.kernel("enter") for run in runs]
    assert torch.equal(kernels[0], kernels[1])
    assert not torch.equal(kernels[0], kernels[2])


def test_training_takes_on_the_style(tmp_path):
    config = _config(
        steps=60, cooldown=30, rate=5e-4, first_styles=2, dial_from=100, measure_every=60
    )
    run = NetworkTraining(
        config, tmp_path, load_trunk("distilled", "cpu"), _photos(), _styles(), say=lambda _: None
    )
    before = run.measure_row()[0]
    run.run()
    after = run.measure_row()[0]
    # Sixty steps of two small crops.
    assert after < 0.9 * before


def test_a_loss_that_is_no_number_stops_the_run_and_leaves_the_checkpoint(tmp_path):
    run = _run(tmp_path, until=2)
    saved = (tmp_path / "checkpoint.pt").read_bytes()
    with torch.no_grad():
        run.model.table.head.fill_(float("nan"))
    with pytest.raises(TrainingError, match="step 2"):
        run.run()
    assert (tmp_path / "checkpoint.pt").read_bytes() == saved


def test_a_spike_is_skipped_and_counted(tmp_path):
    run = _run(tmp_path, until=2)
    run._norms_seen = [1e-9] * 100
    before = run.model.network.kernel("enter").detach().clone()
    run.run(3)
    assert run.skipped == 1
    assert torch.equal(run.model.network.kernel("enter"), before)


def test_every_batch_holds_a_photo_on_white_and_is_a_function_of_seed_and_step():
    photos = _photos()
    assert photos.white == [1]
    first = photos.batch(seed=0, step=5, size=2, crop=40)
    assert torch.equal(first, photos.batch(seed=0, step=5, size=2, crop=40))
    assert not torch.equal(first, photos.batch(seed=0, step=6, size=2, crop=40))
    assert float(first.min()) >= 0 and float(first.max()) <= 1


def test_the_export_with_folded_norms_paints_what_the_trained_network_does(tmp_path):
    run = _run(tmp_path)
    model = run.averaged_model()
    exported = StyleModel(
        folded_network(model), {"a": model.table.code(1)}, device="cpu", dtype=torch.float32
    )
    picture = torch.rand(1, 3, 48, 56, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        wanted = model(picture, torch.tensor([1]), torch.tensor([0.6]))
        found = picture + 0.6 * exported.own_change(model.table.code(1), 0.6, Gains())(picture)
    assert torch.allclose(found, wanted, atol=1e-4)
    shapes = {name: tuple(value.shape) for name, value in exported_tensors(model).items()}
    assert shapes["styles.scale"][0] == shapes["styles.head"][0] == 2


def test_a_run_that_begins_from_a_network_paints_as_it_does(tmp_path):
    start = load_style_model("cpu", torch.float32)
    styles = _styles()
    known = dataclasses.replace(styles[0].entry, slug="munch-scream")
    styles[0] = dataclasses.replace(styles[0], entry=known)
    said: list[str] = []
    run = NetworkTraining(
        _config(),
        tmp_path,
        load_trunk("distilled", "cpu"),
        _photos(),
        styles,
        start=start,
        say=said.append,
    )
    assert "new to it: waves-1" in said[0]
    picture = torch.rand(1, 3, 48, 56, generator=torch.Generator().manual_seed(0))
    code = start.codes["munch-scream"]
    with torch.no_grad():
        wanted = start.own_change(code, 1.0, Gains())(picture)
        found = run.averaged_model().change(picture, torch.tensor([0]), torch.ones(1))
    assert torch.allclose(found, wanted, atol=1e-3)


def test_colour_error_minds_regions_and_not_strokes():
    ramp = torch.linspace(0.2, 0.8, 64).expand(1, 3, 64, 64)
    strokes = ramp + 0.1 * torch.tensor([1.0, -1.0]).repeat(32)
    assert colour_error(ramp, ramp).item() == 0
    assert colour_error(1 - ramp, ramp) > 1000 * colour_error(strokes, ramp)
    assert colour_error(ramp + 0.1, ramp).item() == pytest.approx(0.01, rel=1e-4)


def test_a_palette_leaves_white_light_and_takes_the_references_colours():
    reference = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))
    reference = reference * torch.tensor([0.2, 0.4, 0.5]).view(3, 1, 1)
    matrix, offset = style_palette([reference])
    usual = torch.full((3,), 0.55)
    # The usual colour of a shop photo becomes the references' mean.
    assert torch.allclose(matrix @ usual + offset, reference.mean((1, 2)), atol=1e-3)
    white, black = matrix @ torch.ones(3) + offset, offset
    assert bool((white > black).all())


def test_the_style_loss_is_0_for_the_reference_itself():
    trunk = load_trunk("distilled", "cpu")
    picture = torch.from_numpy(_waves(7)).permute(2, 0, 1)[None].float() / 255
    objective = Objective(
        trunk, [style_grams(trunk, [picture])], [style_palette([picture[0]])], ObjectiveWeights()
    )
    index, full = torch.zeros(1, dtype=torch.long), torch.ones(1)
    other = torch.full_like(picture, 0.5)
    same = objective.losses(picture, picture, index, full)
    # Gram matrices are multiplied in bfloat16 where the machine has it.
    assert float(same.style) < 1e-3 and float(same.content) == 0
    assert float(objective.losses(picture, other, index, full).style) > 0.1


def test_values_that_no_picture_can_show_are_pulled_back():
    trunk = load_trunk("distilled", "cpu")
    picture = torch.from_numpy(_waves(7)).permute(2, 0, 1)[None].float() / 255
    only_outside = ObjectiveWeights(style=0, colour=0, variation=0, outside=1)
    objective = Objective(
        trunk, [style_grams(trunk, [picture])], [style_palette([picture[0]])], only_outside
    )
    far = torch.full_like(picture, 3.0).requires_grad_()
    index, full = torch.zeros(1, dtype=torch.long), torch.ones(1)
    losses = objective.losses(picture, far, index, full)
    assert float(losses.outside) == pytest.approx(2.0)
    (gradient,) = torch.autograd.grad(losses.outside, far)
    assert bool((gradient > 0).all())


def test_a_style_scales_with_its_own_parameters_alone():
    model = TrainableNetwork(2).eval()
    picture = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        before = model(picture, torch.tensor([0]), torch.ones(1))
        model.table.shift[1] += 3.0
        assert torch.equal(model(picture, torch.tensor([0]), torch.ones(1)), before)


def _folders(tmp_path):
    for name, seeds in (("photos", (1, 2, 3)), ("styles", (11,))):
        (tmp_path / name).mkdir()
        for seed in seeds:
            Image.fromarray(_waves(seed)).save(tmp_path / name / f"{seed}.png")
    entry = {"slug": "a", "name": "A", "reference": "own", "licence": "MIT", "source": "test"}
    (tmp_path / "styles.json").write_text(json.dumps([entry | {"file": "11.png"}]))


def test_the_command_leaves_weights_listing_sheet_curves_and_card(tmp_path):
    _folders(tmp_path)
    run = tmp_path / "run"
    options = [
        *("--run", run, "--content", tmp_path / "photos", "--styles", tmp_path / "styles"),
        *("--listing", tmp_path / "styles.json", "--steps", 4, "--cooldown", 1, "--batch", 2),
        *("--sizes", "0:32", "--measure-every", 2, "--precision", "float32"),
    ]
    call_command("train_network", *map(str, options))
    tensors = load_file(run / "network.safetensors")
    assert tensors["layers.enter.weight"].dtype == torch.float16
    assert json.loads((run / "network_styles.json").read_text())[0]["slug"] == "a"
    for name in ("sheet.jpg", "curves.png"):
        with Image.open(run / name) as picture:
            picture.verify()
    card = (run / "model_card.md").read_text()
    assert "4 steps" in card and "| `a` A | own | MIT | test |" in card


def test_a_missing_reference_is_named(tmp_path):
    _folders(tmp_path)
    (tmp_path / "styles" / "11.png").unlink()
    with pytest.raises(CorpusError, match="11.png"):
        load_styles(tmp_path / "styles.json", [tmp_path / "styles"])
    with pytest.raises(CommandError, match="11.png"):
        call_command(
            "train_network",
            *map(str, ("--run", tmp_path / "run", "--content", tmp_path / "photos")),
            *map(str, ("--styles", tmp_path / "styles", "--listing", tmp_path / "styles.json")),
        )
