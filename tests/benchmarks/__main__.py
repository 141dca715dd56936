"""`make bench`: seconds and peak memory of each engine and stage, then of the network beside its
peers (`speed`), as Markdown tables. How good it looks is `python -m tests.benchmarks.quality`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys

from tests.benchmarks import speed
from tests.benchmarks.cells import MEASURES

SIDES = (512, 1024, 2048)
ONE_SIDE = ("trunk step",)
PEERS = {
    "grade": "grade, exact per pixel (peer)",
    "trunk step, ours, 256 px": "trunk step, VGG16 layout to relu4_3 (peer)",
}


def run_cell(name: str, side: int, repeats: int, threads: int) -> dict[str, float]:
    """One cell in its own process, so that peak memory is its own."""
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.benchmarks.cells",
            name,
            str(side),
            str(repeats),
            str(threads),
        ],
        env={**os.environ, "OMP_WAIT_POLICY": "passive", "OMP_NUM_THREADS": str(threads)},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(result.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", default="", help="measures whose name contains this, without speed"
    )
    parser.add_argument("--sides", type=int, nargs="+", default=list(SIDES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    print("| what | side, px | cold, s | warm median, s | peak memory, MB |")
    print("| --- | --: | --: | --: | --: |")
    warm: dict[tuple[str, int], float] = {}
    for side in chosen.sides:
        for name in MEASURES:
            if chosen.only not in name or (name.startswith(ONE_SIDE) and side != min(chosen.sides)):
                continue
            repeats = 1 if name.startswith("optimise") else chosen.repeats
            found = run_cell(name, side, repeats, chosen.threads)
            warm[name, side] = found["warm"]
            shown = 256 if name.startswith(ONE_SIDE) else side
            print(
                f"| {name} | {shown} | {found['cold']:.2f} | {found['warm']:.3f} "
                f"| {found['peak_mb']:.0f} |",
                flush=True,
            )
    print()
    for (name, side), seconds in warm.items():
        peer = PEERS.get(name)
        if peer and (peer, side) in warm:
            shown = 256 if name.startswith(ONE_SIDE) else side
            print(f"{name} at {shown} px takes {seconds / warm[peer, side]:.2f}× its peer's time.")
    if not chosen.only:
        print()
        speed.run(speed.USUAL, chosen.sides, speed.THREADS, chosen.repeats)


if __name__ == "__main__":
    main()
