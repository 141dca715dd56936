"""`python -m tests.benchmarks.simulator`: does the report find a launch effect that was planted?

Shoppers choose among the tiles of a page, so that one tile's clicks are its neighbours' loss. Runs
with the visitor as unit, then tile by tile, through the services in this process; a few through a
gunicorn on loopback. All by the rows of a database of their own.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings.test")
django.setup()

import numpy as np  # noqa: E402
from django.conf import settings  # noqa: E402
from django.test.utils import get_runner, override_settings  # noqa: E402

from shop_style.experiments.reporting.values import ExperimentReport  # noqa: E402
from shop_style.models import Experiment  # noqa: E402
from styleeval.inference import Interval  # noqa: E402
from tests.api.server import running_server  # noqa: E402
from tests.simulation.coverage import Coverage, bounds  # noqa: E402
from tests.simulation.network import Network  # noqa: E402
from tests.simulation.runs import final_report, simulated, sweep, visits  # noqa: E402
from tests.simulation.shop import Shop, open_shop, recompile  # noqa: E402
from tests.simulation.shopper import USUAL  # noqa: E402
from tests.simulation.transport import InProcess, Live  # noqa: E402
from tests.simulation.truth import launch, launch_effect, tile_effect  # noqa: E402

LAUNCH = float(launch_effect(USUAL))
TILE = float(tile_effect(USUAL))
POINTS = float(launch(USUAL, styled=True).rate - launch(USUAL, styled=False).rate)

Line = dict[str, Any]


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


def series(
    unit: str, transport: InProcess, runs: int, visitors: int, seed: int, log: Path | None
) -> list[Line]:
    """So many runs in this process. log: keeps each, and those that it has are not run again."""
    known = [json.loads(line) for line in log.read_text().splitlines()] if log else []
    found = [line for line in known if line["unit"] == unit and line["visitors"] == visitors]
    missing = {*range(seed, seed + runs)} - {line["seed"] for line in found}
    for number in sorted(missing):
        began = time.process_time()
        outcome = simulated(transport, USUAL, Network(), visitors=visitors, seed=number)
        sweep(transport.shop)
        line = {"unit": unit, "visitors": visitors, "seed": number}
        line |= {"seconds": time.process_time() - began, "mismatched": outcome.final.is_mismatched}
        line |= {"running": _effect(outcome.running), "final": _effect(outcome.final)}
        found.append(line)
        if log:
            with log.open("a") as stream:
                stream.write(json.dumps(line) + "\n")
    return [line for line in found if seed <= line["seed"] < seed + runs]


def _effect(report: ExperimentReport) -> Line | None:
    """The comparison's intervals; None where there is not enough data."""
    (effect,) = report.effects
    if effect.comparison is None or effect.comparison.lift is None:
        return None
    kept = {"basis": str(effect.basis), "state": str(effect.state)}
    kept |= {"lift": vars(effect.comparison.lift), "points": vars(effect.comparison.difference)}
    return kept


def say(name: str, lines: list[Line], when: str, truth: float, points: float | None) -> None:
    """A row of the table."""
    effects = [line[when] for line in lines if line[when]]
    if len(effects) < 2:
        print(f"| {name} | {len(effects)} |" + " – |" * 6, flush=True)
        return
    lifts = Coverage([Interval(**effect["lift"]) for effect in effects], truth)
    low, high = bounds(len(effects), nominal=lifts.nominal, chance=0.05)
    by_points = "–"
    if points is not None:
        own = Coverage([Interval(**effect["points"]) for effect in effects], points)
        by_points = f"{own.share:.1%}"
    print(
        f"| {name} | {len(effects)} | {lifts.mean:+.1%} ± {1.96 * lifts.standard_error:.1%} "
        f"| {truth:+.1%} | {lifts.share:.1%} | {by_points} | {lifts.nominal:.1%} "
        f"| {low / len(effects):.1%} to {high / len(effects):.1%} |",
        flush=True,
    )


def live(shop: Shop, runs: int, visitors: int, seed: int) -> None:
    """Runs by HTTP, each printed."""
    folder, media = Path(settings.TEST_FOLDER), Path(settings.MEDIA_ROOT)
    print("\n| by HTTP | visitors | pages | lift at the end | wall, s |")
    print("| --: | --: | --: | --: | --: |")
    with running_server(folder=folder, media=media, log=folder / "gunicorn.log") as server:
        for number in range(seed, seed + runs):
            rng, began = np.random.default_rng(number), time.monotonic()
            sent = visits(Live(shop, server.port), USUAL, Network(), visitors, rng)
            effect = _effect(final_report(shop))
            wall = time.monotonic() - began
            lift = Interval(**effect["lift"]) if effect else None
            shown = f"{lift.estimate:+.1%} ({lift.low:+.1%} … {lift.high:+.1%})" if lift else "–"
            print(
                f"| {number} | {sent.visitors} | {sent.pages} | {shown} | {wall:.0f} |", flush=True
            )
            sweep(shop)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000, help="with the visitor as unit")
    parser.add_argument("--tile-runs", type=int, default=400)
    parser.add_argument("--live-runs", type=int, default=3)
    parser.add_argument("--visitors", type=int, default=260, help="of each run")
    parser.add_argument("--live-visitors", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", type=Path, help="keeps runs, so that it can be gone on with")
    chosen = parser.parse_args()
    logging.disable(logging.WARNING)  # each run ends with one
    if chosen.log:
        chosen.log.touch()
    print(f"Planted: a launch earns {LAUNCH:+.1%} ({100 * POINTS:+.2f} points of CTR); ", end="")
    print(f"a tile by itself wins {TILE:+.1%}.\n")
    heads = "mean lift | truth | held by the lift | by the difference | promised | 95 % by chance"
    print(f"| unit and truth | runs | {heads} |")
    print("| --- |" + " --: |" * 7)
    with databases():
        shop = open_shop(USUAL.tiles, planned=chosen.visitors)
        made: Callable[..., list[Line]] = lambda unit, transport, runs: series(  # noqa: E731
            unit, transport, runs, chosen.visitors, chosen.seed, chosen.log
        )
        visitor = made("visitor", InProcess(shop), chosen.runs)
        say("visitor, launch, at the end", visitor, "final", LAUNCH, POINTS)
        say("visitor, launch, before (sequence)", visitor, "running", LAUNCH, POINTS)
        Experiment.objects.filter(pk=shop.experiment.pk).update(unit=Experiment.Unit.TILE)
        recompile(shop)
        tile = made("tile", InProcess(shop), chosen.tile_runs)
        Experiment.objects.filter(pk=shop.experiment.pk).update(unit=Experiment.Unit.VISITOR)
        recompile(shop)
        say("tile, launch, at the end", tile, "final", LAUNCH, None)
        say("tile, tile's share, at the end", tile, "final", TILE, None)
        every = visitor + tile
        if every:
            print(
                f"\n{sum(line['seconds'] for line in every) / len(every):.2f} s of processor time "
                f"a run; not enough data in {sum(not line['final'] for line in every)}; sample "
                f"ratio called off in {sum(line['mismatched'] for line in visitor)} of "
                f"{len(visitor)} by visitor."
            )
        live(shop, chosen.live_runs, chosen.live_visitors, chosen.seed)


if __name__ == "__main__":
    main()
