"""`python -m tests.benchmarks.quality`: style gain against content kept, ours beside its peers.

Products at a long side of 1,024 px on white, styles at the size of their files; everything is
judged at a short side of 512 px, references too (smaller ones are enlarged). Points, tables, plot
and sheets go to var/benchmarks; only what is called `renders` there may be shown to anybody.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from tests.benchmarks.judge import Judge
from tests.benchmarks.methods import BuiltIn, FirstLook, Fitted, Gatys, Method, Peer
from tests.benchmarks.pictures import (
    Pair,
    catalogue,
    pairs,
    real_products,
    showable,
    styles,
)
from tests.benchmarks.points import Measurement, Point, PointFile
from tests.benchmarks.quality_pictures import plot, row, save_sheet
from tests.benchmarks.quality_report import report, worst
from tests.benchmarks.vault import FOLDER, Vault, network_sha256

WORST = 10
METHODS = ("fitted", "built-in", "first-look", "peer", "gatys")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, or go on measuring, then report."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    products = catalogue(options.side, options.catalogue)
    real = real_products(options.side, options.products, options.seed)
    chosen = pairs([*products, *real], styles(options.styles, options.seed), options.per_product)
    methods = _methods(options, showable(chosen, options.gatys))
    file = PointFile(options.out / "quality.jsonl", _setting(options))
    points = file.done() if options.resume or options.report_only else []
    if options.report_only and not points:
        raise SystemExit("no points of this setting: run without --report-only first")
    if not options.report_only:
        points = _measured(options, points, chosen, methods, file)
    _report(options, points, chosen, methods)


def _measured(
    options: argparse.Namespace,
    points: list[Point],
    chosen: Sequence[Pair],
    methods: Sequence[Method],
    file: PointFile,
) -> list[Point]:
    if not points:
        file.begin()
    known = {(point.product, point.style) for point in points}
    left = [pair for pair in chosen if (pair.product.slug, pair.style.slug) not in known]
    print(f"{len(left)} pairs to measure, {len(known)} known", flush=True)
    strangers = catalogue(options.side)
    for made in Measurement(Judge(options.judge_side), methods, strangers).points(left):
        file.add(made)
        points += made
    return points


def _report(
    options: argparse.Namespace,
    points: Sequence[Point],
    chosen: Sequence[Pair],
    methods: Sequence[Method],
) -> None:
    text = report(points)
    (options.out / "quality.md").write_text(text, encoding="utf-8")
    print("\n" + text)
    plot(points, options.out / "pareto.png")
    by_name = {(pair.product.slug, pair.style.slug): pair for pair in chosen}
    for name, ours in (("worst_renders.jpg", True), ("worst_all.jpg", False)):
        found = worst(points, WORST, ours=ours)
        for item in found:
            print(f"{name}: {item.product} × {item.style}: {item.value:+.3f}, {item.reach}")
        rows = [row(by_name[item.product, item.style], methods) for item in found]
        if rows:
            save_sheet(rows, options.out / name, options.cell)
    if options.sheet:
        for ours, name in ((True, "sheet_renders.jpg"), (False, "sheet_real.jpg")):
            some = [pair for pair in chosen if pair.ours is ours][: options.sheet]
            if some:
                rows = [row(pair, methods, (0.5, 1.0)) for pair in some]
                save_sheet(rows, options.out / name, options.cell)
    print(f"written to {options.out.name}/: quality.md, quality.jsonl, pareto.png and sheets")


def _methods(options: argparse.Namespace, gatys: Sequence[Pair]) -> list[Method]:
    vault = Vault(options.out)
    ours = (vault, options.working_side, options.fit_seconds, options.seed)
    makers: dict[str, Any] = {
        "fitted": lambda: Fitted(*ours),
        "built-in": lambda: BuiltIn(*ours),
        "first-look": lambda: FirstLook(*ours),
        "peer": lambda: Peer(options.threads),
        "gatys": lambda: Gatys(vault, gatys),
    }
    return [makers[name]() for name in options.methods]


def _setting(options: argparse.Namespace) -> dict[str, Any]:
    """What must be equal for points of two runs to belong together."""
    left_out = {"out", "resume", "report_only", "sheet", "cell", "threads"}
    kept = {name: value for name, value in vars(options).items() if name not in left_out}
    return {**kept, "network": network_sha256()}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--catalogue", type=int, default=None, help="rendered products; default all eleven")
    add("--products", type=int, default=13, help="real products from ../shared/data (0: none)")
    add("--styles", type=int, default=12, help="real styles beside our six renders (0: none)")
    add("--per-product", type=int, default=6, help="styles each product is shown in")
    add("--gatys", type=int, default=8, help="pairs of our renders that Gatys is run on")
    add("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    add("--side", type=int, default=1024, help="long side of the products, px")
    add("--judge-side", type=int, default=512, help="short side that is judged, px")
    add("--working-side", type=int, default=512, help="NetworkParameters.working_side of ours")
    add("--fit-seconds", type=float, default=240.0, help="time that fitting a style may take")
    add("--seed", type=int, default=0, help="of the choice of products and styles, and of fitting")
    add("--threads", type=int, default=2)
    add("--resume", action="store_true", help="go on where a run of the same setting stopped")
    add("--report-only", action="store_true", help="tables, plot and sheets of points on disk")
    add("--sheet", type=int, nargs="?", const=12, default=0, help="also this many pairs as sheets")
    add("--cell", type=int, default=400, help="side of a picture on the sheets, px")
    add("--out", type=Path, default=FOLDER, help="default var/benchmarks")
    return parser


if __name__ == "__main__":
    main()
