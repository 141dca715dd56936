"""What the gate did on products that its thresholds were not chosen on, as Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from styleeval.preservation import Thresholds, judge
from tests.benchmarks.truth.cards import Row
from tests.benchmarks.truth.table import NEVER

Floats = NDArray[np.float64]
T = TypeVar("T")

SCORES: dict[str, Callable[[Row, Thresholds], float]] = {
    "gate": lambda row, limits: judge(row.card, limits).burden,
    "whole-image SSIM": lambda row, limits: -row.card.ssim.whole,
    "whole-image perceptual": lambda row, limits: row.card.perceptual.whole,
}
"""What ranks pictures from true to spoilt: ours, and the two controls."""


def area(harmless: Sequence[float], harmful: Sequence[float]) -> float:
    """Area under the ROC curve: the chance that a spoilt picture scores worse than a true one."""
    low, high = np.array(harmless), np.array(harmful)
    above = (high[:, None] > low[None]).mean() + 0.5 * (high[:, None] == low[None]).mean()
    return float(above)


def summary(rows: Sequence[Row], limits: dict[str, Thresholds]) -> Iterator[str]:
    """A line a mode: areas of gate and controls with 95 % intervals over products, accepted
    defects, refused harmless pictures."""
    yield (
        "| mode | pictures | "
        + " | ".join(f"AUC, {name}" for name in SCORES)
        + (" | text and hue accepted | defects accepted | harmless refused |")
    )
    yield "| --- | --: |" + " --: |" * (len(SCORES) + 3)
    for mode, group in _by(rows, lambda row: row.mode).items():
        cells = [_area_text(group, limits[mode], score) for score in SCORES.values()]
        harmful = [row for row in group if row.harmful]
        never = [row for row in harmful if row.name in NEVER]
        harmless = [row for row in group if not row.harmful]
        yield (
            f"| {mode} | {len(group)} | {' | '.join(cells)} "
            f"| {_count(never, limits[mode], passed=True)} "
            f"| {_count(harmful, limits[mode], passed=True)} "
            f"| {_count(harmless, limits[mode], passed=False)} |"
        )


def by_change(rows: Sequence[Row], limits: dict[str, Thresholds]) -> Iterator[str]:
    """A line a planted or harmless change: the share refused in each mode."""
    modes = list(dict.fromkeys(row.mode for row in rows))
    yield "| change | must be refused | " + " | ".join(modes) + " |"
    yield "| --- | --- |" + " --: |" * len(modes)
    changes = _by(rows, lambda row: (row.harmful, row.change))
    for (harmful, change), group in sorted(changes.items(), key=lambda item: item[0]):
        cells = []
        for mode in modes:
            some = [row for row in group if row.mode == mode]
            refused = sum(not _passes(row, limits[mode]) for row in some)
            cells.append(f"{refused} of {len(some)}" if some else "–")
        yield f"| {change} | {'yes' if harmful else 'no'} | {' | '.join(cells)} |"


def mistakes(rows: Sequence[Row], limits: dict[str, Thresholds]) -> Iterator[str]:
    """Every picture judged wrongly."""
    for row in rows:
        verdict = judge(row.card, limits[row.mode])
        if (verdict.burden > 1) is not row.harmful:
            word = "accepted" if row.harmful else f"refused by {verdict.binding}"
            yield f"- {row.subject}, {row.mode}, {row.change}: {word} ({verdict.burden:.2f})"


def _area_text(
    rows: Sequence[Row], limits: Thresholds, score: Callable[[Row, Thresholds], float]
) -> str:
    by_subject = {
        subject: [(row.harmful, score(row, limits)) for row in group]
        for subject, group in _by(rows, lambda row: row.subject).items()
    }
    names = list(by_subject)
    rng = np.random.default_rng(0)

    def over(chosen: Sequence[str]) -> float:
        pairs = [pair for name in chosen for pair in by_subject[name]]
        return area(
            [value for harmful, value in pairs if not harmful],
            [value for harmful, value in pairs if harmful],
        )

    drawn = [over(list(rng.choice(names, len(names)))) for _ in range(200)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{over(names):.3f} [{low:.3f}, {high:.3f}]"


def _passes(row: Row, limits: Thresholds) -> bool:
    return judge(row.card, limits).burden <= 1


def _count(rows: Sequence[Row], limits: Thresholds, *, passed: bool) -> str:
    found = sum(_passes(row, limits) is passed for row in rows)
    return f"{found} of {len(rows)} ({found / max(len(rows), 1):.1%})"


def _by(rows: Sequence[Row], key: Callable[[Row], T]) -> dict[T, list[Row]]:
    groups: dict[T, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return dict(groups)
