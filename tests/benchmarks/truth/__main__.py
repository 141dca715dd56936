"""Plant, score, choose thresholds on one half of the products, report on the other."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from styleeval.preservation import THRESHOLDS, Thresholds
from styleeval.preservation.gate import COLOUR_LOCKED
from tests.benchmarks.truth.calibrate import calibrated
from tests.benchmarks.truth.cards import measure
from tests.benchmarks.truth.report import by_change, mistakes, summary
from tests.benchmarks.truth.subjects import subjects
from tests.benchmarks.truth.table import MODES
from tests.benchmarks.vault import FOLDER


def main() -> None:
    """Print the tables, and with --calibrate the thresholds that the half would choose."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.truth")
    parser.add_argument("--subjects", type=int, default=24, help="products, ours first")
    parser.add_argument("--modes", nargs="+", default=list(MODES), choices=MODES)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=FOLDER / "truth")
    parser.add_argument("--calibrate", action="store_true", help="print thresholds, and use them")
    parser.add_argument("--mistakes", action="store_true", help="list every wrong verdict")
    options = parser.parse_args()
    found = subjects(options.subjects)
    rows = measure(found, tuple(options.modes), options.out, workers=options.workers)
    limits = {mode: _shipped(mode) for mode in options.modes}
    if options.calibrate:
        for mode in options.modes:
            half = [row for row in rows if row.mode == mode and row.calibrates]
            limits[mode] = calibrated(half, limits[mode])
            print(f"\n{mode}: {_text(limits[mode])}")
    held_out = [row for row in rows if not row.calibrates]
    products = len({row.subject for row in held_out})
    ours = sum(subject.ours for subject in found if not subject.calibrates)
    print(f"\n{products} products that no threshold was chosen on, {ours} of them rendered\n")
    print("\n".join(summary(held_out, limits)), "\n")
    print("\n".join(by_change(held_out, limits)))
    if options.mistakes:
        print("\n" + "\n".join(mistakes(held_out, limits)))


def _shipped(mode: str) -> Thresholds:
    if mode != "locked":
        return THRESHOLDS[mode]
    return dataclasses.replace(THRESHOLDS["artistic"], **COLOUR_LOCKED["artistic"])


def _text(limits: Thresholds) -> str:
    values = {
        name: value for name, value in dataclasses.asdict(limits).items() if value is not None
    }
    return "Thresholds(" + ", ".join(f"{name}={value}" for name, value in values.items()) + ")"


if __name__ == "__main__":
    main()
