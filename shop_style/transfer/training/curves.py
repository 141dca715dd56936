"""Curves of a run, as a PNG."""

from __future__ import annotations

import csv
from pathlib import Path

from shop_style.exceptions import ShopStyleError
from shop_style.transfer._student import TAPS


class CurvesError(ShopStyleError, ImportError):
    """Matplotlib is not installed."""

    code = "curves_unavailable"


def draw_curves(losses: Path, image: Path) -> None:
    """Draw feature and Gram errors by step from a run's losses.csv.

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
    figure, panels = pyplot.subplots(1, 2, figsize=(11, 4.2), sharex=True)
    titles = ("features: relative squared error", "Gram matrices: relative squared error")
    for panel, prefix, title in zip(panels, ("", "gram_"), titles, strict=True):
        for index, tap in enumerate(TAPS):
            for kind, width in (("train", 0.7), ("held-out", 2.2)):
                chosen = [row for row in rows if row["kind"] == kind]
                steps = [int(row["step"]) for row in chosen]
                values = [float(row[prefix + tap]) for row in chosen]
                if kind == "train":
                    values = _smoothed(values, 20)
                label = tap if kind == "held-out" else None
                panel.plot(steps, values, color=f"C{index}", linewidth=width, label=label)
        panel.set_yscale("log")
        panel.set_xlabel("step")
        panel.set_title(title)
        panel.grid(alpha=0.3, which="both")
    panels[0].legend(title="held out (thick)")
    figure.tight_layout()
    figure.savefig(image, dpi=110)
    pyplot.close(figure)


def _smoothed(values: list[float], span: int) -> list[float]:
    means = []
    for index in range(len(values)):
        window = values[max(0, index - span + 1) : index + 1]
        means.append(sum(window) / len(window))
    return means
