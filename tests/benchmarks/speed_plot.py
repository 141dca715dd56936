"""The table of `speed` as a picture: warm seconds over size, a line a subject."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path


def plot(warm: Iterable[tuple[str, int, int, float]], path: Path) -> None:
    """warm: subject, side in pixels, threads, median seconds. One panel a number of threads."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    panels: dict[int, dict[str, list[tuple[int, float]]]] = defaultdict(lambda: defaultdict(list))
    for name, side, threads, seconds in warm:
        panels[threads][name].append((side, seconds))
    figure, found = pyplot.subplots(
        1, len(panels), figsize=(4.5 * len(panels), 4), sharey=True, squeeze=False
    )
    for axes, (threads, lines) in zip(found[0], sorted(panels.items()), strict=True):
        for name, points in lines.items():
            sides, seconds = zip(*sorted(points), strict=True)
            axes.plot(sides, seconds, marker="o", label=name)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xticks(sides, [str(side) for side in sides])
        axes.set_title(f"{threads} thread(s)")
        axes.set_xlabel("side, px")
        axes.grid(alpha=0.3)
    found[0][0].set_ylabel("warm median, s")
    found[0][0].legend(fontsize=7)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    pyplot.close(figure)
