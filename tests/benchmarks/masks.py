"""`python -m tests.benchmarks.masks`: product masks against exact ones, rung by rung.

Our rendered products, and the real cut-outs of ../shared/data where they are, say by their
transparency exactly where they are: each is laid on grounds as shops have them, its alpha
forgotten, and the mask that is found is held against it. Renders are made once (minutes) and kept
in var/benchmarks/masks.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shop_style.imaging.intake import Photo
from shop_style.imaging.mask import MIN_CONFIDENCE, ProductMask, find_mask
from tests.benchmarks.pictures import ROOT, SHARED

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class CutOut:
    """A product with its exact mask: rgb (H, W, 3), alpha (H, W), in [0, 1]."""

    name: str
    rgb: Floats
    alpha: Floats


@dataclass(frozen=True, kw_only=True)
class Found:
    """How near a mask came. boundary: mean distance of its outline from the true one, in ‰ of the
    picture's diagonal. usable: did it call itself sure enough?"""

    product: str
    ground: str
    origin: str
    iou: float
    boundary: float
    confidence: float
    usable: bool


def cut_outs(folder: Path, scale: float) -> list[CutOut]:
    """All rendered products, cut out."""
    from fixtures.render.picture import render
    from fixtures.render.products import SCENES

    made = []
    for name, scene in SCENES.items():
        path = folder / f"{name}-{scale:g}.png"
        if not path.exists():
            print(f"rendering {name}", flush=True)
            pixels = render(dataclasses.replace(scene(), background="alpha"), scale=scale)
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
        with Image.open(path) as opened:
            pixels = np.asarray(opened, np.float32) / 255
        made.append(CutOut(name=name, rgb=pixels[..., :3], alpha=pixels[..., 3]))
    return made


def real_cut_outs(count: int) -> list[CutOut]:
    """Photos with transparency of ../shared/data/products, a seeded choice."""
    folder = SHARED / "products"
    if not folder.is_dir():
        print("../shared/data/products is absent: our renders only")
        return []
    files = [file for file in sorted(folder.glob("*.png")) if _is_cut_out(file)]
    random.Random(0).shuffle(files)
    made = []
    for file in files[:count]:
        with Image.open(file) as opened:
            pixels = np.asarray(opened.convert("RGBA"), np.float32) / 255
        made.append(CutOut(name=file.stem, rgb=pixels[..., :3], alpha=pixels[..., 3]))
    return made


def _is_cut_out(file: Path) -> bool:
    with Image.open(file) as opened:
        if "A" not in opened.getbands() and "transparency" not in opened.info:
            return False
        alpha = np.asarray(opened.convert("RGBA"))[..., 3]
    return bool((alpha < 25).mean() > 0.1 and (alpha > 250).mean() > 0.05)


def _flat(*levels: int) -> Callable[[tuple[int, int]], Floats]:
    return lambda size: np.tile(np.float32(levels) / 255, (*size, 1))


def _gradient(size: tuple[int, int]) -> Floats:
    down = np.linspace(0.85, 0.55, size[0], dtype=np.float32)[:, None, None]
    return np.tile(down, (1, size[1], 3))


def _boards(size: tuple[int, int]) -> Floats:
    """A table of boards, photographed from above."""
    rng = np.random.default_rng(3)
    tone = rng.uniform(0.35, 0.55, 12)[(np.arange(size[1]) * 12 // size[1])]
    grain = cv2.GaussianBlur(rng.standard_normal(size).astype(np.float32), (0, 0), 1, sigmaY=30)
    wood = tone[None] + 0.15 * grain
    return np.stack([wood, 0.75 * wood, 0.5 * wood], -1).clip(0, 1).astype(np.float32)


GROUNDS: dict[str, Callable[[tuple[int, int]], Floats]] = {
    "white": _flat(255, 255, 255),
    "off-white": _flat(244, 243, 240),
    "grey": _flat(170, 170, 170),
    "teal": _flat(70, 140, 140),
    "gradient": _gradient,
    "boards": _boards,
}


def pictures(product: CutOut) -> Iterator[tuple[str, Photo]]:
    """The product on every ground, as an 8-bit photo with a little noise and a contact shadow."""
    size = product.alpha.shape
    rng = np.random.default_rng(0)
    fallen = cv2.GaussianBlur(product.alpha, (0, 0), max(size) / 60)
    shadow = np.roll(fallen, max(size) // 50, axis=0)[..., None]
    for name, ground in GROUNDS.items():
        behind = ground((size[0], size[1])) * (1 - 0.25 * shadow)
        alpha = product.alpha[..., None]
        mixed = product.rgb * alpha + behind * (1 - alpha)
        if name != "white":
            mixed = mixed + rng.normal(0, 0.006, mixed.shape)
        eight = np.rint(mixed.clip(0, 1) * 255).astype(np.float32) / np.float32(255)
        yield name, Photo(rgb=eight, alpha=None, format="PNG")


def measured(product: CutOut, ground: str, mask: ProductMask) -> Found:
    """A found mask held against the exact one."""
    found, true = mask.weights > 0.5, product.alpha > 0.5
    return Found(
        product=product.name,
        ground=ground,
        origin=mask.origin,
        iou=float((found & true).sum() / max((found | true).sum(), 1)),
        boundary=1000 * boundary_distance(found, true) / float(np.hypot(*true.shape)),
        confidence=mask.confidence,
        usable=mask.usable,
    )


def boundary_distance(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Mean distance in pixels from each outline to the other, both ways."""
    edges = [_outline(item) for item in (first, second)]
    if not all(edge.any() for edge in edges):
        return float(np.hypot(*first.shape))
    ways = []
    for one, other in (edges, edges[::-1]):
        away = cv2.distanceTransform((~other).astype(np.uint8), cv2.DIST_L2, 5)
        ways.append(float(away[one].mean()))
    return mean(ways)


def _outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    return mask & (inner == 0)


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.5, help="of the renders")
    parser.add_argument("--real", type=int, default=24, help="real cut-outs to take, at most")
    parser.add_argument("--hand", action="store_true", help="the photos outlined by hand instead")
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "benchmarks" / "masks")
    options = parser.parse_args()
    rows = list(_by_hand() if options.hand else _laid(options))
    _report(rows)
    print(f"\nsure: confidence of {MIN_CONFIDENCE} or more")


def _laid(options: argparse.Namespace) -> Iterator[Found]:
    for product in [*cut_outs(options.out, options.scale), *real_cut_outs(options.real)]:
        for ground, photo in pictures(product):
            yield measured(product, ground, find_mask(photo))


def _by_hand() -> Iterator[Found]:
    from tests.benchmarks.hand import hand_drawn

    for name, photo, mask in hand_drawn():
        product = CutOut(name=name, rgb=photo.rgb, alpha=mask)
        yield measured(product, "its own", find_mask(photo))


def _report(rows: list[Found]) -> None:
    for title, key in (("ground", "ground"), ("rung", "origin"), ("product", "product")):
        print(f"\n| {title} | pictures | IoU | boundary, ‰ | sure | IoU of these | worst |")
        print("| --- | --: | --: | --: | --: | --: | --: |")
        groups: dict[str, list[Found]] = defaultdict(list)
        for row in rows:
            groups[getattr(row, key)].append(row)
        for name, group in groups.items():
            sure = [row.iou for row in group if row.usable]
            print(
                f"| {name} | {len(group)} | {mean(row.iou for row in group):.3f} "
                f"| {mean(row.boundary for row in group):.1f} | {len(sure) / len(group):.0%} "
                + (f"| {mean(sure):.3f} | {min(sure):.3f} |" if sure else "| – | – |")
            )


if __name__ == "__main__":
    main()
