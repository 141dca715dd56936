"""`python -m tests.benchmarks.restore`: known faults, restored, held against the sound picture.

Our renders always; shop photos too where ../shared/data/products is. Each picture is given each
fault, restored with every step on auto and nothing told (but the place of a mark), and compared
with itself before the fault. The control is what one line of OpenCV does.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median

import cv2
import numpy as np
from numpy.typing import NDArray

from shop_style.imaging.restoration.blocks import ORDER, coefficients, whole_blocks
from shop_style.imaging.restoration.upscale import doubled
from shop_style.transfer.parameters import RestoreParameters
from shop_style.transfer.restoration import restored
from styleeval.preservation.colour import delta_e_map
from styleeval.preservation.structure import luma, ssim
from tests.benchmarks.harm import HARMS, Harmed, eight_bit, plain_remedy
from tests.benchmarks.pictures import Product, catalogue, real_products

Floats = NDArray[np.float32]
SOUND = 0.5
"""ΔE00 that a sound picture may change by."""


@dataclass(frozen=True, kw_only=True)
class Nearness:
    """How near a picture comes to the sound one. edges: mean gradient of its hundredth of strongest
    edges, print among them, and texture: fine energy of its cloth and grain, both as shares of the
    sound picture's."""

    psnr: float
    ssim: float
    delta_e: float
    edges: float
    texture: float


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One picture with one fault: before, restored, and by the plain remedy."""

    fault: str
    picture: str
    ground: str
    before: Nearness
    after: Nearness
    control: Nearness | None
    steps: tuple[str, ...]
    seconds: float

    @property
    def better(self) -> bool:
        """Did the restored picture come nearer, by PSNR or by ΔE00?"""
        return nearer(self.after, self.before)


def nearer(after: Nearness, before: Nearness) -> bool:
    """By PSNR or by ΔE00, and by more than rounding."""
    return bool(after.psnr > before.psnr + 0.01 or after.delta_e < before.delta_e - 0.01)


def nearness(made: Floats, sound: Floats) -> Nearness:
    """Measure a picture against the sound one, both (H, W, 3) in [0, 1]."""
    error = float(np.mean(np.square(made - sound)))
    return Nearness(
        psnr=min(99.0, -10 * math.log10(max(error, 1e-12))),
        ssim=ssim(made, sound),
        delta_e=float(delta_e_map(made[::2, ::2], sound[::2, ::2]).mean()),
        edges=_edges_kept(made, sound),
        texture=_texture_kept(made, sound),
    )


def _edges_kept(made: Floats, sound: Floats) -> float:
    own, was = (_gradient(luma(item)) for item in (made, sound))
    strong = was >= np.quantile(was, 0.99)
    return float(own[strong].mean() / max(was[strong].mean(), 1e-6))


def _gradient(grey: Floats) -> Floats:
    return np.hypot(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1))


def _texture_kept(made: Floats, sound: Floats) -> float:
    """What of the sound picture's texture is there: fine coefficients projected on its own, in
    blocks that are neither smooth nor hold an edge. Grain that was added counts for nothing."""
    fine = ORDER >= 4
    own, was = (
        coefficients(np.ascontiguousarray(whole_blocks(luma(item) * 255)))
        .transpose(0, 2, 1, 3)
        .reshape(-1, 8, 8)[:, fine]
        for item in (made, sound)
    )
    energy = np.sqrt(np.square(was).mean(axis=1))
    woven = (energy > 1.5) & (energy < 8)
    if woven.sum() < 50:
        return float("nan")
    return float((own[woven] * was[woven]).sum() / np.square(was[woven]).sum())


def trial(fault: str, product: Product) -> Trial:
    """Give a picture a fault, restore it, and measure."""
    sound = np.ascontiguousarray(product.picture.permute(1, 2, 0).numpy())
    height, width = (side - side % 2 for side in sound.shape[:2])
    sound = eight_bit(sound[:height, :width])
    harmed = HARMS[fault](sound)
    started = time.process_time()
    made, steps = _remedied(harmed)
    seconds = time.process_time() - started
    plain = plain_remedy(fault, harmed)
    return Trial(
        fault=fault,
        picture=product.slug,
        ground="light" if product.background in {"white", "alpha"} else product.background,
        before=nearness(_full_size(harmed), sound),
        after=nearness(eight_bit(made), sound),
        control=None if plain is None else nearness(eight_bit(plain), sound),
        steps=steps,
        seconds=seconds,
    )


def _remedied(harmed: Harmed) -> tuple[Floats, tuple[str, ...]]:
    if harmed.halved:
        return doubled(harmed.rgb), ("doubled",)
    made, report = restored(harmed.rgb, None, RestoreParameters(), marked=harmed.marked)
    return made, tuple(f"{name} {told:.2f}" for name, told in report.done)


def _full_size(harmed: Harmed) -> Floats:
    """A halved picture as a browser shows it."""
    if not harmed.halved:
        return harmed.rgb
    return cv2.resize(harmed.rgb, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)


def head() -> None:
    """The head of the table."""
    print(
        "| fault | pictures | PSNR, dB | SSIM | ΔE00 | edges | texture | better "
        "| control: PSNR | ΔE00 | edges | texture | better | CPU s |\n"
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |"
    )


def lines(trials: Sequence[Trial]) -> None:
    """One line a fault; casts by the kind of ground as well."""
    groups: dict[str, list[Trial]] = defaultdict(list)
    for item in trials:
        groups[item.fault].append(item)
        if item.fault.startswith("cast"):
            kind = "light ground" if item.ground == "light" else "other ground"
            groups[f"{item.fault}: {kind}"].append(item)
    for name, group in groups.items():
        print(_row(name, group), flush=True)


def _row(name: str, group: Sequence[Trial]) -> str:
    before, after = [item.before for item in group], [item.after for item in group]
    control = [item.control for item in group if item.control]
    pairs = [(item.control, item.before) for item in group if item.control]
    cells = [name, str(len(group))]
    for measure, places in (("psnr", 1), ("ssim", 3), ("delta_e", 2), ("edges", 2), ("texture", 2)):
        cells.append(f"{_mean(before, measure):.{places}f} → {_mean(after, measure):.{places}f}")
    cells.append(f"{mean(float(item.better) for item in group):.0%}")
    for measure, places in (("psnr", 1), ("delta_e", 2), ("edges", 2), ("texture", 2)):
        cells.append(f"{_mean(control, measure):.{places}f}" if control else "–")
    cells.append(f"{mean(float(nearer(*pair)) for pair in pairs):.0%}" if pairs else "–")
    cells.append(f"{median(item.seconds for item in group):.2f}")
    return "| " + " | ".join(cells) + " |"


def _mean(found: Sequence[Nearness], measure: str) -> float:
    return float(np.nanmean([getattr(item, measure) for item in found]))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=1024, help="long side of the pictures")
    parser.add_argument("--renders", type=int, help="how many of our renders; all by default")
    parser.add_argument("--real", type=int, default=40, help="shop photos beside our renders")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="faults whose name contains this")
    parser.add_argument("--worse", action="store_true", help="list what did not get better")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    products = catalogue(options.side, options.renders)
    products += real_products(options.side, options.real, options.seed)
    trials: list[Trial] = []
    head()
    for fault in (name for name in HARMS if options.only in name):
        found = [trial(fault, product) for product in products]
        lines(found)
        trials += found
    sound = [item for item in trials if item.fault == "none"]
    if sound:
        kept = [float(item.after.delta_e <= SOUND) for item in sound]
        same = mean(float(not item.steps) for item in sound)
        print(
            f"\nSound pictures: {same:.0%} untouched bit for bit, "
            f"{mean(kept):.0%} changed by ΔE00 ≤ {SOUND}; the most is "
            f"{max(item.after.delta_e for item in sound):.2f}."
        )
    for item in trials:
        changed = item.fault == "none" and item.steps
        if options.worse and (changed or (item.fault != "none" and not item.better)):
            before, after = item.before, item.after
            print(
                f"{item.fault}, {item.picture} ({item.ground}): "
                f"PSNR {before.psnr:.2f} → {after.psnr:.2f}, "
                f"ΔE00 {before.delta_e:.2f} → {after.delta_e:.2f}; "
                f"{', '.join(item.steps) or 'nothing done'}"
            )


if __name__ == "__main__":
    main()
