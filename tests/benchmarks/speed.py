"""`python -m tests.benchmarks.speed`: our network beside its peer and Johnson's, in one run.

Square float32 pictures, decoding and encoding of files excluded. Every cell is a process of its
own, started and given its first picture alone; then the processes of a size take turns, another
one first each round, so that what drifts on a shared machine hits all alike.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.speed_plot import plot
from tests.benchmarks.speed_subjects import DEFAULT, FULL_SIZE, JOHNSON, PEER, SUBJECTS
from tests.benchmarks.speed_worker import Cold, Worker, WorkerFailed
from tests.benchmarks.vault import FOLDER

SIDES = (512, 1024, 2048)
THREADS = (1, 2)
USUAL = (FULL_SIZE, DEFAULT, PEER, JOHNSON)
GOAL_SIDE = 1024
GOALS = {PEER: 0.5, JOHNSON: 0.1}
COLD_ROW = "network, default, prepare + first picture (cold)"
# Thread pools that spin a while after their turn must be asleep before the next one's.
PAUSE = 0.1


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What was measured of one subject at one size. Seconds and MB."""

    name: str
    side: int
    threads: int
    cold: Cold
    warm: Sequence[float]
    peak_mb: float

    @property
    def median(self) -> float:
        return statistics.median(self.warm)


def measure(names: Sequence[str], side: int, threads: int, repeats: int) -> list[Cell]:
    """All subjects at one size. One that cannot run is left out, and said so."""
    workers: dict[str, Worker] = {}
    for name in names:
        try:
            workers[name] = Worker(name, side, threads)
        except WorkerFailed as error:
            print(f"not measured: {name} at {side} px: {error}", flush=True)
    warm: dict[str, list[float]] = {name: [] for name in workers}
    order = list(workers)
    for _ in range(repeats):
        for name in order:
            time.sleep(PAUSE)
            warm[name].append(workers[name].turn())
        order = order[1:] + order[:1]
    return [
        Cell(
            name=name,
            side=side,
            threads=threads,
            cold=worker.cold,
            warm=warm[name],
            peak_mb=worker.finish(),
        )
        for name, worker in workers.items()
    ]


def table(cells: Sequence[Cell]) -> Iterator[str]:
    """Every cell."""
    yield (
        "| what | side, px | threads | imports, s | prepare, s | first picture, s "
        "| warm median, s | warm range, s | peak memory, MB |"
    )
    yield "| --- | --: | --: | --: | --: | --: | --: | --: | --: |"
    for cell in cells:
        yield (
            f"| {cell.name} | {cell.side} | {cell.threads} | {cell.cold.imports:.2f} "
            f"| {cell.cold.prepare:.3f} | {cell.cold.first:.3f} | {cell.median:.3f} "
            f"| {min(cell.warm):.3f}–{max(cell.warm):.3f} | {cell.peak_mb:.0f} |"
        )


def ratios(cells: Sequence[Cell]) -> Iterator[str]:
    """Ours beside the peer and Johnson's, the same sizes and threads, memory too."""
    found = {(cell.name, cell.side, cell.threads): cell for cell in cells}
    yield (
        "| ours | side, px | threads | ours, s | time, ours / peer | time, ours / Johnson "
        "| memory, ours / peer |"
    )
    yield "| --- | --: | --: | --: | --: | --: | --: |"
    for side, threads in dict.fromkeys((cell.side, cell.threads) for cell in cells):
        peer, johnson = (found.get((name, side, threads)) for name in (PEER, JOHNSON))
        for name in (FULL_SIZE, DEFAULT):
            own = found.get((name, side, threads))
            if own is not None:
                yield (
                    f"| {name} | {side} | {threads} | {own.median:.3f} "
                    f"| {_ratio(own, peer, _warm)} "
                    f"| {_ratio(own, johnson, _warm)} "
                    f"| {_ratio(own, peer, _memory)} |"
                )
        own = found.get((DEFAULT, side, threads))
        if own is not None:
            yield (
                f"| {COLD_ROW} | {side} | {threads} | {own.cold.prepared_and_first:.3f} "
                f"| {_ratio(own, peer, _cold)} | {_ratio(own, johnson, _cold)} | |"
            )


def verdicts(cells: Sequence[Cell]) -> Iterator[str]:
    """Whether the goals hold, warm, at GOAL_SIDE."""
    found = {(cell.name, cell.threads): cell for cell in cells if cell.side == GOAL_SIDE}
    for name in (FULL_SIZE, DEFAULT):
        for threads in dict.fromkeys(cell.threads for cell in cells):
            for other, goal in GOALS.items():
                own, beside = found.get((name, threads)), found.get((other, threads))
                if own is not None and beside is not None:
                    ratio = own.median / beside.median
                    word = "holds" if ratio <= goal else "MISSED"
                    yield (
                        f"- {word}: {name}, {GOAL_SIDE} px, {threads} thread(s), takes {ratio:.2f} "
                        f"of the time of {other}; the goal is at most {goal:g}."
                    )


def peaks(threads: Sequence[int], repeats: int) -> Iterator[str]:
    """The machine's own convolutions."""
    yield "| threads | float32 3×3 convolution, GFLOP/s | bfloat16, GFLOP/s |"
    yield "| --: | --: | --: |"
    for count in threads:
        result = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.peak", str(count), str(repeats)],
            env={**os.environ, "OMP_WAIT_POLICY": "passive", "OMP_NUM_THREADS": str(count)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        found = json.loads(result.stdout.strip().splitlines()[-1])
        yield f"| {count} | {found['float32']:.0f} | {found['bfloat16']:.0f} |"


def run(names: Sequence[str], sides: Sequence[int], threads: Sequence[int], repeats: int) -> None:
    """Measure and print everything."""
    for line in peaks(threads, 9):
        print(line, flush=True)
    cells: list[Cell] = []
    for side in sides:
        for count in threads:
            print(f"\n{side} px, {count} thread(s) …", file=sys.stderr, flush=True)
            cells += measure(names, side, count, repeats)
    for part in (table(cells), ratios(cells), verdicts(cells)):
        print()
        for line in part:
            print(line)
    picture = FOLDER / "speed.png"
    plot([(cell.name, cell.side, cell.threads, cell.median) for cell in cells], picture)
    print(f"\nwritten to {FOLDER.name}/: {picture.name}")


def _ratio(own: Cell, other: Cell | None, measure: Callable[[Cell], float]) -> str:
    return f"{measure(own) / measure(other):.2f}" if other is not None else "–"


def _warm(cell: Cell) -> float:
    return cell.median


def _cold(cell: Cell) -> float:
    return cell.cold.prepared_and_first


def _memory(cell: Cell) -> float:
    return cell.peak_mb


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sides", type=int, nargs="+", default=list(SIDES))
    parser.add_argument("--threads", type=int, nargs="+", default=list(THREADS))
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument(
        "--only", nargs="+", choices=list(SUBJECTS), default=list(USUAL), metavar="NAME",
        help="subjects: " + "; ".join(SUBJECTS),
    )  # fmt: skip
    options = parser.parse_args(arguments)
    run(options.only, options.sides, options.threads, options.repeats)


if __name__ == "__main__":
    main()
