"""`python -m tests.benchmarks.simulator`: does the report find a launch effect that was planted?

Shoppers choose among the tiles of a page, so that one tile's clicks are its neighbours' loss. Runs
with the visitor as unit, then tile by tile, through the services in this process; a few through a
gunicorn on loopback. All by the rows of a database of their own.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings.test")
django.setup()

import numpy as np  # noqa: E402
from django.conf import settings  # noqa: E402
from django.test.utils import get_runner, override_settings  # noqa: E402

from shop_style.experiments.readout import build_report  # noqa: E402
from shop_style.experiments.report import ExperimentReport  # noqa: E402
from shop_style.experiments.snapshot import forget_snapshot  # noqa: E402
from tests.api.server import running_server  # noqa: E402
from tests.simulation.coverage import Coverage, bounds  # noqa: E402
from tests.simulation.network import Network  # noqa: E402
from tests.simulation.runs import simulated, sweep, visits  # noqa: E402
from tests.simulation.shop import Shop, open_shop  # noqa: E402
from tests.simulation.shopper import USUAL  # noqa: E402
from tests.simulation.transport import Live  # noqa: E402
from tests.simulation.truth import launch, launch_effect, tile_effect  # noqa: E402


@dataclass
class Series:
    """The same experiment many times over."""

    lifts: list[Any] = field(default_factory=list)
    differences: list[Any] = field(default_factory=list)
    too_little: int = 0
    mismatched: int = 0
    seconds: float = 0.0

    def add(self, report: ExperimentReport) -> None:
        """Count one more."""
        self.mismatched += report.is_mismatched
        (effect,) = report.effects
        if effect.comparison is None:
            self.too_little += 1
            return
        self.lifts.append(effect.comparison.lift)
        self.differences.append(effect.comparison.difference)


@contextmanager
def databases() -> Iterator[None]:
    """Test databases and media, removed at the end."""
    runner = get_runner(settings)(verbosity=0, interactive=False)
    with tempfile.TemporaryDirectory() as media, override_settings(MEDIA_ROOT=media):
        made = runner.setup_databases()
        try:
            yield
        finally:
            runner.teardown_databases(made)


def series(shop: Shop, runs: int, visitors: int, seed: int) -> Series:
    """So many runs in this process."""
    found, began = Series(), time.process_time()
    for number in range(runs):
        _sent, report = simulated(shop, USUAL, Network(), visitors=visitors, seed=seed + number)
        found.add(report)
        sweep()
    found.seconds = (time.process_time() - began) / max(1, runs)
    return found


def live(shop: Shop, runs: int, visitors: int, seed: int) -> None:
    """Runs by HTTP, each printed."""
    folder, media = Path(settings.TEST_FOLDER), Path(settings.MEDIA_ROOT)
    with running_server(folder=folder, media=media, log=folder / "gunicorn.log") as server:
        for number in range(runs):
            rng, began = np.random.default_rng(seed + number), time.monotonic()
            sent = visits(Live(shop, server.port), USUAL, Network(), visitors, rng)
            (effect,) = build_report(shop.experiment).effects
            lift = effect.comparison.lift if effect.comparison else None
            shown = f"{lift.estimate:+.1%} ({lift.low:+.1%} … {lift.high:+.1%})" if lift else "–"
            print(
                f"| HTTP, run {number + 1} | {sent.visitors} | {sent.pages} | {shown} "
                f"| {time.monotonic() - began:.0f} s |",
                flush=True,
            )
            sweep()


def say(name: str, found: Series, truth: float, absolute: float) -> None:
    """A row of the table."""
    lifts, points = Coverage(found.lifts, truth), Coverage(found.differences, absolute)
    low, high = bounds(len(found.lifts), chance=0.05)
    print(
        f"| {name} | {len(found.lifts)} | {found.too_little} | {found.mismatched} "
        f"| {lifts.mean:+.1%} ± {1.96 * lifts.standard_error:.1%} | {lifts.share:.1%} "
        f"| {points.share:.1%} | {low / len(found.lifts):.1%} to {high / len(found.lifts):.1%} "
        f"| {found.seconds:.2f} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--tile-runs", type=int, default=400)
    parser.add_argument("--live-runs", type=int, default=3)
    parser.add_argument("--visitors", type=int, default=260, help="of each run")
    parser.add_argument("--live-visitors", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    truth, tile = launch_effect(USUAL), tile_effect(USUAL)
    absolute = launch(USUAL, styled=True).rate - launch(USUAL, styled=False).rate
    print(f"Planted: launch {truth:+.1%} ({100 * absolute:+.2f} points), by tile {tile:+.1%}.\n")
    heads = "too little | mismatched | mean lift | lift held | points held | by chance | CPU s"
    print(f"| unit, truth | runs | {heads} |")
    print("| --- " + "| --: " * 8 + "|")
    with databases():
        shop = open_shop(USUAL.tiles, planned=chosen.visitors)
        visitor = series(shop, chosen.runs, chosen.visitors, chosen.seed)
        say("visitor, launch", visitor, truth, absolute)
        print("\n| transport | visitors | pages | lift | wall |\n| --- | --: | --: | --: | --: |")
        live(shop, chosen.live_runs, chosen.live_visitors, chosen.seed)
        forget_snapshot()


if __name__ == "__main__":
    main()
