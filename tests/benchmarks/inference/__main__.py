"""`python -m tests.benchmarks.inference`: thousands of simulated experiments against what
`styleeval.inference` claims, as a Markdown table, and a picture with `--figure FILE`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.inference import bandit, many, past, single
from tests.benchmarks.inference.cells import Finding, table
from tests.benchmarks.inference.figure import false_positives
from tests.benchmarks.inference.worlds import Crowd, skewed

EVEN, SKEWED = Crowd(), Crowd(traffic=skewed)
LOYAL = Crowd(concentration=2.0)
"""Visitors whose rates differ widely: there is a habit to be known."""


def cells(simulations: int) -> dict[str, list[Callable[[], list[Finding]]]]:
    """What can be asked for by name, in the order of the table."""
    n = simulations
    return {
        "looks": [
            lambda: single.looked_at("even traffic", EVEN, simulations=n, visitors=2000),
            lambda: single.looked_at("skewed traffic", SKEWED, simulations=n, visitors=2000),
        ],
        "end": [
            lambda: single.at_the_end(
                "even traffic", EVEN, lift=0.0, simulations=n, visitors=1000, seed=111
            ),
            lambda: single.at_the_end(
                "even traffic", EVEN, lift=0.15, simulations=n, visitors=1000, seed=112
            ),
            lambda: single.at_the_end(
                "skewed traffic", SKEWED, lift=0.15, simulations=n, visitors=4000, seed=113
            ),
        ],
        "small": [lambda: single.too_small(EVEN, simulations=n)],
        "bayes": [lambda: many.posteriors(EVEN, simulations=n, visitors=1000)],
        "products": [
            lambda: many.products(simulations=n, deviation=0.0),
            lambda: many.products(simulations=n, deviation=0.1),
            lambda: many.products(simulations=n, deviation=0.3),
        ],
        "past": [
            lambda: past.adjusted(
                "even traffic", LOYAL, back=0.9, lift=0.0, simulations=n, visitors=1000
            ),
            lambda: past.adjusted(
                "even traffic", LOYAL, back=0.9, lift=0.15, simulations=n, visitors=1000
            ),
            lambda: past.adjusted(
                "skewed traffic", SKEWED, back=0.3, lift=0.15, simulations=n, visitors=4000
            ),
        ],
        "bandit": [
            lambda: bandit.equal_arms(EVEN, simulations=n),
            lambda: bandit.better_arm(EVEN, simulations=n),
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=10_000, help="in each cell")
    parser.add_argument("--only", nargs="+", choices=sorted(cells(1)), help="groups of cells")
    parser.add_argument("--figure", type=Path, help="write false positives as SVG (needs looks)")
    arguments = parser.parse_args()
    began, found = time.monotonic(), []
    for name, group in cells(arguments.simulations).items():
        if arguments.only is None or name in arguments.only:
            for cell in group:
                part = cell()
                found.append(part)
                print(table(part) if len(found) == 1 else table(part).split("\n", 2)[2], flush=True)
    every = [one for part in found for one in part]
    held = [one.holds for one in every if one.holds is not None]
    print(
        f"\n{arguments.simulations:,} simulations a cell; {sum(held)} of {len(held)} goals held; "
        f"{time.monotonic() - began:.0f} s"
    )
    if arguments.figure:
        arguments.figure.write_text(false_positives(found[0]))


if __name__ == "__main__":
    main()
