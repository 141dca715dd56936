"""What a run leaves behind: weights, curves, sheet, the dial and the model card."""

from __future__ import annotations

import csv
import dataclasses
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from shop_style.transfer._style_model import StyleModel
from shop_style.transfer.device import compute_dtype
from shop_style.transfer.statistics import reduced
from shop_style.transfer.training.curves import Panel, draw_curves
from shop_style.transfer.training.loop import LOSSES
from shop_style.transfer.training.network.evaluate import DialPoint, dial, draw_sheet
from shop_style.transfer.training.network.export import export_network, folded_network
from shop_style.transfer.training.network.trainer import NetworkTraining
from shop_style.transfer.training.sheet import read_picture

SHEET_SIDE = 300
SHEET_PHOTOS = 4
SHOWN_AT = 512
PANELS = (
    Panel(
        title="style and content",
        columns={"style": "Gram error, log(1 + e)", "content": "content"},
    ),
    Panel(
        title="colour, variation, out of range",
        columns={"colour": "colour", "variation": "variation", "outside": "outside"},
    ),
)


def write_results(
    training: NetworkTraining, photos: Sequence[Path], say: Callable[[str], None]
) -> None:
    """Evaluate the averaged network and write everything into the run's folder.

    photos: pictures of the sheet; without any, photos that were held out.
    """
    folder = training.folder
    model = training.averaged_model()
    weights, digest = export_network(model, training.objective.trunk, training.styles, folder)
    styled_model = StyleModel(
        folded_network(model),
        {style.entry.slug: model.table.code(row) for row, style in enumerate(training.styles)},
        device="cpu",
        dtype=compute_dtype("cpu"),
    )
    pictures = [reduced(read_picture(path), SHOWN_AT) for path in photos]
    draw_sheet(styled_model, pictures or _held_out(training), folder / "sheet.jpg", side=SHEET_SIDE)
    points = dial(
        styled_model,
        training.objective,
        training.photos.held_out_batch(index=2, size=4, crop=192),
    )
    for point in points:
        say(
            f"strength {point.strength:.2f}: style gain {point.style_gain:.3f}, "
            f"content loss {point.content_loss:.3f}"
        )
    draw_curves(folder / LOSSES, folder / "curves.png", PANELS)
    card = model_card(training, weights, digest, points)
    (folder / "model_card.md").write_text(card, encoding="utf-8")
    say(f"{weights}  SHA-256 {digest}")


def _held_out(training: NetworkTraining) -> list[Tensor]:
    pictures = random.Random(0).sample(
        list(training.photos.held_out), min(SHEET_PHOTOS, len(training.photos.held_out))
    )
    return [torch.from_numpy(item.copy()).permute(2, 0, 1).float() / 255 for item in pictures]


def model_card(
    training: NetworkTraining, weights: Path, digest: str, points: Sequence[DialPoint]
) -> str:
    """The card as Markdown: facts, the dial, last losses, configuration, styles."""
    parameters = sum(item.numel() for item in training.average.values())
    trunk = training.objective.trunk
    lines = [
        "# Style network: model card of this run",
        "",
        f"- weights: {parameters:,} parameters, {weights.stat().st_size / 1e6:.2f} MB as "
        f"float16, SHA-256 `{digest}`",
        f"- losses by the trunk `{trunk.name}`, SHA-256 `{trunk.weights_sha256}`",
        f"- photos: {len(training.photos.shown):,} ({len(training.photos.white)} on white), "
        f"{len(training.photos.held_out)} held out",
        f"- trained: {training.step:,} steps in {training.seconds / 3600:.2f} hours, "
        f"{training.config.threads} thread(s), {training.precision}, torch {torch.__version__}; "
        f"{training.skipped} steps skipped as spikes",
        "",
        "| strength | style gain | content loss |",
        "| --: | --: | --: |",
        *(
            f"| {point.strength:.2f} | {point.style_gain:.3f} | {point.content_loss:.3f} |"
            for point in points
        ),
        "",
        "Style gain is 1 − style loss of the styled photo / that of the photo as it is, over all "
        "styles and held-out photos, judged by the trunk it was trained on: "
        "docs/benchmarks.md has an independent judge.",
        "",
        _losses(training),
        "",
        "| setting | value |",
        "| --- | --- |",
        *(f"| {name} | {value} |" for name, value in dataclasses.asdict(training.config).items()),
        "",
        "| style | reference | licence | source |",
        "| --- | --- | --- | --- |",
        *(
            f"| `{style.entry.slug}` {style.entry.name} | {style.entry.reference} | "
            f"{style.entry.licence} | {style.entry.source} |"
            for style in training.styles
        ),
        "",
    ]
    return "\n".join(lines)


def _losses(training: NetworkTraining) -> str:
    with (training.folder / LOSSES).open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["kind"] == "held-out"]
    if not rows:
        return "No measurement on held-out photos yet."
    found = ", ".join(f"{name} {float(rows[-1][name]):.3f}" for name in training.columns)
    return f"Held-out losses at step {int(rows[-1]['step']):,}, strength 1: {found}."
