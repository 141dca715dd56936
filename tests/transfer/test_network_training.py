"""Training of the style network, at a size that takes seconds."""

from __future__ import annotations

import dataclasses
import json
from itertools import product

import numpy as np
import pytest
import torch
from django.core.management import CommandError, call_command
from PIL import Image
from safetensors.torch import load_file

from shop_style.transfer._style_model import Gains, StyleModel, load_style_model
from shop_style.transfer.built_in import BuiltInStyle
from shop_style.transfer.training.loop import TrainingError
from shop_style.transfer.training.network.export import exported_tensors, folded_network
from shop_style.transfer.training.network.photos import Photos, TrainingStyle, load_styles
from shop_style.transfer.training.network.trainable import (
    Conditions,
    TrainableNetwork,
)
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
    code = model.table.code(1)
    exported = StyleModel(folded_network(model), {"a": code}, device="cpu", dtype=torch.float32)
    picture = torch.ones(1, 3, 48, 56)
    noise = torch.rand(3, 24, 24, generator=torch.Generator().manual_seed(0))
    picture[..., 12:36, 12:36] = 0.2 + 0.3 * noise
    for strength, keep in product((0.4, 0.8), (False, True)):
        conditions = Conditions(
            index=torch.tensor([1]), strength=torch.tensor([strength]), keep_ground=keep
        )
        change = exported.own_change(code, strength, Gains(), keep_ground=keep)
        with torch.no_grad():
            wanted = model(picture, conditions).styled
            found = picture + strength * change(picture)
        assert torch.allclose(found, wanted, atol=1e-4), (strength, keep)
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
        conditions = Conditions(index=torch.tensor([0]), strength=torch.ones(1))
        model = run.averaged_model()
        model.table.colours[0] = code.colours
        found = model(picture, conditions).styled - picture
    assert torch.allclose(found, wanted, atol=1e-3)


def test_a_style_scales_with_its_own_parameters_alone():
    model = TrainableNetwork(2).eval()
    picture = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        conditions = Conditions(index=torch.tensor([0]), strength=torch.ones(1))
        before = model(picture, conditions).styled
        model.table.shift[1] += 3.0
        assert torch.equal(model(picture, conditions).styled, before)


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
