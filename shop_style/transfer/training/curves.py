"""Curves of a run, as a PNG."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shop_style.exceptions import ShopStyleError


class CurvesError(ShopStyleError, ImportError):
    """Matplotlib is not installed."""

    code = "curves_unavailable"


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One set of axes: columns of losses.csv with their labels, on a logarithmic scale."""

    title: str
    columns: Mapping[str, str]


def draw_curves(losses: Path, image: Path, panels: Sequence[Panel]) -> None:
    """Draw a run's losses.csv by step.

    Thin lines are training batches, smoothed over 20 rows; thick ones held-out pictures.
    Raises CurvesError naming the extra when matplotlib is missing.
    """
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError as error:
        raise CurvesError(
            "drawing curves needs matplotlib; install the extra: django-shop-style[train]"
        ) from error
    with losses.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    figure, axes = pyplot.subplots(1, len(panels), figsize=(5.5 * len(panels), 4.2), sharex=True)
    for axis, panel in zip(axes, panels, strict=True):
        for index, (column, name) in enumerate(panel.columns.items()):
            for kind, width in (("train", 0.7), ("held-out", 2.2)):
                chosen = [row for row in rows if row["kind"] == kind]
                steps = [int(row["step"]) for row in chosen]
                values = [float(row[column]) for row in chosen]
                if kind == "train":
                    values = _smoothed(values, 20)
                label = name if kind == "held-out" else None
                axis.plot(steps, values, color=f"C{index}", linewidth=width, label=label)
        axis.set_yscale("log")
        axis.set_xlabel("step")
        axis.set_title(panel.title)
        axis.grid(alpha=0.3, which="both")
        axis.legend(title="held out (thick)")
    figure.tight_layout()
    figure.savefig(image, dpi=110)
    pyplot.close(figure)


def _smoothed(values: list[float], span: int) -> list[float]:
    means = []
    for index in range(len(values)):
        window = values[max(0, index - span + 1) : index + 1]
        means.append(sum(window) / len(window))
    return means
