"""`python -m tests.benchmarks.scoring`: seconds a variant takes to score, in a batch on two cores.

Our rendered products at 1,024 pixels, each against itself graded: half on the ground they had,
half on another. A process a core, as workers run.
"""

from __future__ import annotations

import argparse
import time
from multiprocessing import get_context

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from styleeval.preservation import Original
from tests.benchmarks.masks import CutOut, cut_outs
from tests.benchmarks.truth.subjects import laid_on
from tests.benchmarks.vault import FOLDER

Floats = NDArray[np.float32]


def score(job: tuple[CutOut, bool, int]) -> float:
    """Processor seconds of one variant, the original made ready included."""
    product, other_ground, side = job
    scale = side / min(product.alpha.shape)
    size = (round(product.alpha.shape[1] * scale), round(product.alpha.shape[0] * scale))
    rgb, alpha = (
        cv2.resize(item, size, interpolation=cv2.INTER_AREA)
        for item in (product.rgb, product.alpha)
    )
    photo = laid_on(rgb, alpha, np.ones_like(rgb))
    graded = np.clip(rgb * np.float32([1.02, 1, 0.95]), 0, 1).astype(np.float32)
    ground = np.full_like(rgb, 0.6 if other_ground else 1.0)
    variant = laid_on(graded, alpha, ground)
    started = time.process_time()
    Original(photo, alpha, use_ocr=False).compare(variant)
    return time.process_time() - started


def _one_thread() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def main() -> None:
    """Print wall seconds a variant, and processor seconds by kind."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scoring")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    products = cut_outs(FOLDER / "masks", 0.5)
    jobs = [
        (products[number // 2 % len(products)], number % 2 == 1, options.side)
        for number in range(options.count)
    ]
    with get_context("spawn").Pool(options.cores, initializer=_one_thread) as pool:
        pool.map(score, jobs[: 2 * options.cores], chunksize=1)
        started = time.perf_counter()
        seconds = pool.map(score, jobs, chunksize=1)
        wall = time.perf_counter() - started
    print(f"{wall / options.count:.2f} s a variant on {options.cores} processes, OCR off")
    for name, part in (("own ground", seconds[::2]), ("other ground", seconds[1::2])):
        print(f"{name}: {np.median(part):.2f} processor seconds, at most {max(part):.2f}")


if __name__ == "__main__":
    main()
