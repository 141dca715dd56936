"""The colour grade at one size: seconds beside Pillow's table, and how near it is to its exact map.

`python -m tests.benchmarks.grade [--side 2048] [--threads 1 2] [--photos FOLDER]`
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.cells import photo, reference

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
REPEATS = 25


def calls(side: int) -> dict[str, Callable[[], Any]]:
    """What is timed. Ours takes floats and gives floats, Pillow's bytes; reading none counts."""
    import torch
    from PIL import Image, ImageFilter

    from shop_style.transfer import RenderContext, StyleSpec
    from shop_style.transfer.cube import Cube, grid, write_cube
    from shop_style.transfer.grade import GradeEngine
    from shop_style.transfer.parameters import AS_AUTHORED, GradeParameters

    pixels = photo(side)
    image = torch.from_numpy(pixels).permute(2, 0, 1).contiguous()
    mask = torch.from_numpy((pixels.min(-1) < 0.99).astype(np.float32))[None]
    engine = GradeEngine()

    def spec(parameters: GradeParameters, **look: Any) -> StyleSpec:
        return StyleSpec(slug="bench", engine="grade", parameters=parameters, **look)

    by_references = engine.prepare(spec(GradeParameters(), references=(reference(),)))
    cube = by_references.cube()
    whole = GradeParameters(**AS_AUTHORED)
    large = Cube(values=cube.at(grid(65)))
    by_cube, by_large = (
        engine.prepare(spec(whole, artefact=write_cube(item))) for item in (cube, large)
    )
    context = RenderContext(mask=mask)
    theirs = Image.fromarray(np.rint(pixels * 255).astype(np.uint8))
    table = ImageFilter.Color3DLUT(33, cube.values.reshape(-1).tolist())
    return {
        "grade by references, palette and table included": lambda: engine.stylise(
            image, by_references, 1.0, context
        ),
        "the same at strength 0.7": lambda: engine.stylise(image, by_references, 0.7, context),
        "grade by a .cube of 33": lambda: engine.stylise(image, by_cube, 1.0, context),
        "grade by a .cube of 65": lambda: engine.stylise(image, by_large, 1.0, context),
        "Pillow's Color3DLUT of 33, bytes (peer)": lambda: theirs.filter(table),
    }


def time_them(side: int, threads: int) -> dict[str, list[float]]:
    """Best wall and median process seconds of rounds in which all take turns.

    On a machine that others use too, these two hold: processor time counts no waiting.
    """
    import torch

    torch.set_num_threads(threads)
    timed = calls(side)
    walls: dict[str, list[float]] = {name: [] for name in timed}
    processes: dict[str, list[float]] = {name: [] for name in timed}
    for round_ in range(REPEATS + 1):
        for name, call in timed.items():
            wall, process = time.perf_counter(), time.process_time()
            call()
            if round_:
                walls[name].append(time.perf_counter() - wall)
                processes[name].append(time.process_time() - process)
    return {name: [min(walls[name]), statistics.median(processes[name])] for name in timed}


def apart(names: Sequence[Path]) -> list[tuple[float, float, float]]:
    """ΔE00 of the 33³ table from the exact map, each picture's mean and p99, and the mean that
    rounding the exact map to bytes costs alone."""
    import torch
    from PIL import Image
    from skimage.color import deltaE_ciede2000, rgb2lab

    from shop_style.transfer import stylise
    from shop_style.transfer.lookup import exact
    from shop_style.transfer.palette import monge_kantorovich, palette_of
    from shop_style.transfer.parameters import GradeParameters

    found = []
    look = reference()
    wanted_palette = palette_of(look.permute(1, 2, 0).numpy())
    for name in names:
        opened = Image.open(name).convert("RGB")
        opened.thumbnail((512, 512))
        rgb = np.asarray(opened, np.float32) / 255
        mapping = monge_kantorovich(palette_of(rgb), wanted_palette)
        goal = exact(rgb.astype(np.float64), mapping, GradeParameters())
        image = torch.from_numpy(rgb).permute(2, 0, 1).contiguous()
        ours = stylise(image, references=[look]).permute(1, 2, 0).numpy()
        goal_lab = rgb2lab(goal)
        distance = deltaE_ciede2000(rgb2lab(ours), goal_lab)
        rounded = deltaE_ciede2000(rgb2lab(np.rint(goal * 255) / 255), goal_lab)
        found.append(
            (float(distance.mean()), float(np.percentile(distance, 99)), float(rounded.mean()))
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=2048)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--photos", type=Path, help="a folder of pictures besides our renders")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.worker:
        print(json.dumps(time_them(chosen.side, chosen.worker)))
        return
    print(f"{chosen.side} × {chosen.side}, {REPEATS} rounds\n")
    print("| threads | what | best wall, s | median processor time, s | that beside the peer |")
    print("| --: | --- | --: | --: | --: |")
    for threads in chosen.threads:
        rows = _in_own_process(chosen.side, threads)
        peer = next(process for name, (_, process) in rows.items() if "peer" in name)
        for name, (wall, process) in rows.items():
            print(f"| {threads} | {name} | {wall:.3f} | {process:.3f} | {process / peer:.2f} |")
    print("\n| pictures | ΔE00 from the exact map, mean | p99, mean | p99, worst | bytes alone |")
    print("| --- | --: | --: | --: | --: |")
    sets = {"our renders": sorted((FIXTURES / "catalogue").glob("*.*g"))}
    if chosen.photos:
        sets[chosen.photos.name] = sorted(
            path for path in chosen.photos.iterdir() if path.suffix in (".jpg", ".webp", ".png")
        )
    for label, names in sets.items():
        if not names:
            print(f"| {label} | none there |  |  |  |")
            continue
        mean, p99, rounded = np.array(apart(names)).T
        print(
            f"| {len(names)} {label} | {mean.mean():.3f} | {p99.mean():.2f} | {p99.max():.2f} "
            f"| {rounded.mean():.3f} |"
        )


def _in_own_process(side: int, threads: int) -> dict[str, list[float]]:
    command = [sys.executable, "-m", "tests.benchmarks.grade"]
    result = subprocess.run(
        [*command, "--side", str(side), "--worker", str(threads)],
        env={**os.environ, "OMP_WAIT_POLICY": "passive", "OMP_NUM_THREADS": str(threads)},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, list[float]] = json.loads(result.stdout.strip().splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
