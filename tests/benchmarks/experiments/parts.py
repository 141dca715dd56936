"""One part of the benchmark, in a process and with a database of its own."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django


def assignment(name: str, options: dict[str, Any]) -> None:
    """Assignments a second, beside one SHA-256 of the same text each."""
    from shop_style.experiments.assignment import assign
    from shop_style.experiments.snapshot import current_snapshot
    from shop_style.experiments.visitor import Visitor
    from tests.benchmarks.experiments.shop import make_shop

    make_shop()
    experiment = current_snapshot().experiments[0]
    visitors = [Visitor(id=secrets.token_hex(16), born=20_000) for _ in range(20_000)]
    salt = experiment.arm_salt

    def assigned() -> None:
        for visitor in visitors:
            assign(experiment, visitor)

    def hashed() -> None:
        for visitor in visitors:
            hashlib.sha256(f"{salt}|{visitor.id}".encode()).digest()

    ours, bare = _in_turns([assigned, hashed], options["rounds"])
    rates = [len(visitors) / seconds for seconds in (ours, bare)]
    print("| assignment | a second | of SHA-256 |\n| --- | --: | --: |")
    print(f"| one experiment, new visitors: coverage, arm, stored hash | {rates[0]:,.0f} |", end="")
    print(f" {rates[0] / rates[1]:.2f} |\n| one SHA-256 | {rates[1]:,.0f} | 1 |\n", flush=True)


def placement(name: str, options: dict[str, Any]) -> None:
    """Pages a second beside a view that gives the same JSON after one query."""
    from tests.benchmarks.experiments.load import ask, generator, rate, served
    from tests.benchmarks.experiments.shop import make_shop

    body = json.dumps({"objects": make_shop(), "placement": "listing"})
    paths = {"placement": "/shop-style/placement/", "bare": "/bare/"}
    found: dict[str, list[float]] = {path: [] for path in paths}
    with served() as port:
        answer = ask(port, paths["placement"], body)
        Path(os.environ["BENCHMARK_FOLDER"], "answer").write_text(answer)
        assert all(item["tracked"] for item in json.loads(answer)["pictures"])
        for path in paths.values():
            rate(port, path, [body], 1)
        for _ in range(options["rounds"]):
            for path, address in paths.items():
                found[path].append(rate(port, address, [body], options["seconds"]))
    ratios = [one / other for one, other in zip(found["placement"], found["bare"], strict=True)]
    print(f"| 48 tiles, {name}, {generator()} | requests/s | of the bare view, by round |")
    print("| --- | --: | --: |")
    shown = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"| placement | {statistics.median(found['placement']):.0f} | {shown} |")
    print(f"| bare view, same JSON, one query | {statistics.median(found['bare']):.0f} | 1 |\n")


def sinks(name: str, options: dict[str, Any]) -> None:
    """Rows a second by size of batch: arrays, COPY through staging, raw COPY."""
    from tests.benchmarks.experiments import rows
    from tests.benchmarks.experiments.shop import make_shop

    make_shop()
    if name != "postgresql":
        return
    print("| rows a commit | arrays, rows/s | COPY and staging, rows/s | raw COPY, rows/s |")
    print("| --: | --: | --: | --: |")
    for size in (10, 50, 100, 300, 1_000, 10_000):
        rates = [
            rows.rows_a_second(write, size, 6_000)
            for write in (rows.by_arrays, rows.by_copy, rows.raw_copy)
        ]
        print(f"| {size:,} | " + " | ".join(f"{found:,.0f}" for found in rates) + " |", flush=True)
    print()


def events(name: str, options: dict[str, Any]) -> None:
    """Events a second over HTTP, by one worker."""
    from shop_style.models import Event
    from tests.benchmarks.experiments import rows
    from tests.benchmarks.experiments.load import generator, rate, served
    from tests.benchmarks.experiments.shop import make_shop, reports

    make_shop()
    print(f"| events over HTTP, {name}, one worker, {generator()} | stored a second |")
    print("| --- | --: |")
    with served() as port:
        for size in (100, 10):
            # More than the time can take: 400 full reports a second, or 1,500 of ten events.
            bodies = reports(int((400 if size > 10 else 1500) * options["seconds"]), size)
            rate(port, "/shop-style/events/", reports(50, size), 1)
            before, start = Event.objects.count(), time.perf_counter()
            rate(port, "/shop-style/events/", bodies, options["seconds"])
            stored = Event.objects.count() - before
            if stored == len(bodies) * size:
                raise RuntimeError("the bodies ran out before the time")
            print(
                f"| {size} a request | {stored / (time.perf_counter() - start):,.0f} |", flush=True
            )
    if name == "postgresql":
        for size in (100, 10):
            limit = rows.rows_a_second(rows.raw_copy, size, 20_000 if size > 10 else 3_000)
            print(f"| no HTTP: raw COPY, {size} a commit, one connection | {limit:,.0f} |")
        print(
            f"| no HTTP: raw COPY, 10,000 a commit | "
            f"{rows.rows_a_second(rows.raw_copy, 10_000, 50_000):,.0f} |"
        )
    print(flush=True)


def report(name: str, options: dict[str, Any]) -> None:
    """Milliseconds that a report takes, by how many events it is made of."""
    from shop_style.experiments.reporting.readout import build_report
    from shop_style.experiments.rollup import rollup
    from shop_style.models import Experiment
    from tests.benchmarks.experiments.rows import synthesise
    from tests.benchmarks.experiments.shop import make_shop

    make_shop()
    if name != "postgresql":
        return
    experiment = Experiment.objects.get()
    print("| events | written, s | first rollup, s | next rollup, s | report, ms (worst of 20) |")
    print("| --: | --: | --: | --: | --: |")
    for number in sorted(options["events"]):
        start = time.perf_counter()
        synthesise(number)
        written = time.perf_counter()
        counted = rollup().events
        rolled = time.perf_counter()
        rollup()
        again = time.perf_counter()
        times = [_seconds(lambda: build_report(experiment)) for _ in range(21)][1:]
        print(
            f"| {number:,} | {written - start:.1f} | {rolled - written:.1f} ({counted:,} new) "
            f"| {again - rolled:.2f} "
            f"| {statistics.median(times) * 1000:.0f} ({max(times) * 1000:.0f}) |",
            flush=True,
        )
    print()


def _in_turns(calls: list[Callable[[], Any]], rounds: int) -> list[float]:
    """The best time of each, in seconds, each round all of them."""
    times = [[_seconds(call) for call in calls] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    django.setup()
    globals()[sys.argv[1]](sys.argv[2], json.loads(sys.argv[3]))
