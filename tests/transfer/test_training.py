"""Training of the trunk, at a size that takes seconds."""

from __future__ import annotations

import numpy as np
import torch

from shop_style.transfer.training.corpus import Corpus
from shop_style.transfer.training.distillation import (
    Distillation,
    DistillationConfig,
)
from shop_style.transfer.training.teacher import Teacher

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
