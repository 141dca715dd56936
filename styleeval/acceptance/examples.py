"""Decisions as columns: one row a decided variant, its features, its product."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from styleeval.acceptance.errors import CardUnreadable, TooFewDecisions
from styleeval.acceptance.evaluation import Flags, Floats, Indices
from styleeval.acceptance.reading import Reading, read
from styleeval.sentence import said

MIN_OF_MODE: Final = 10
"""Decisions on a mode below which nothing is said of it."""

_SAME: Final = 1e-9


@dataclass(frozen=True, kw_only=True)
class Minimum:
    """Decisions below which nothing is learned; docs/acceptance.md says why so many."""

    approved: int = 30
    rejected: int = 30
    products: int = 20


MINIMUM: Final = Minimum()


@dataclass(frozen=True, kw_only=True, eq=False)
class Examples:
    """n decisions. names: the k features; values: (n, k), NaN where not measured. groups: whole
    numbers from 0. metric: of the perceptual distance; another one's numbers count as not
    measured. left_out: how many decisions could not be used, by reason."""

    names: tuple[str, ...]
    values: Floats
    approved: Flags
    groups: Indices
    modes: tuple[str, ...]
    metric: str
    left_out: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.approved)

    def part(self, rows: Indices) -> Examples:
        """Some of the decisions."""
        return Examples(
            names=self.names,
            values=self.values[rows],
            approved=self.approved[rows],
            groups=self.groups[rows],
            modes=tuple(self.modes[row] for row in rows),
            metric=self.metric,
            left_out={},
        )

    def mean_and_scale(self) -> tuple[Floats, Floats]:
        """Mean and standard deviation of each feature's known values, 1 where they are alike."""
        known = ~np.isnan(self.values)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, self.values, 0).sum(axis=0) / count
        away = np.where(known, self.values - mean, 0)
        scale = np.sqrt(np.square(away).sum(axis=0) / count)
        return mean, np.where(scale > _SAME, scale, 1.0)

    def require(self, least: Minimum) -> None:
        """Raises TooFewDecisions, which says what is missing."""
        yes, no = int(self.approved.sum()), int((~self.approved).sum())
        products = len(set(self.groups.tolist()))
        missing = [
            f"{wanted - found} more {what}"
            for found, wanted, what in (
                (yes, least.approved, "approved"),
                (no, least.rejected, "rejected"),
                (products, least.products, "products"),
            )
            if found < wanted
        ]
        if missing:
            raise TooFewDecisions(
                said(
                    "{yes} approved and {no} rejected variants of {products} products are too few "
                    "to learn from; {missing} needed, for at least {approved} approved and "
                    "{rejected} rejected variants of {needed_products} products",
                    yes=yes,
                    no=no,
                    products=products,
                    missing=", ".join(missing),
                    approved=least.approved,
                    rejected=least.rejected,
                    needed_products=least.products,
                )
            )


def gathered(
    rows: Iterable[tuple[Mapping[str, Any], str]],
    decisions: Iterable[bool],
    groups: Iterable[Hashable],
) -> Examples:
    """Read the scorecards; see `learner.fit`."""
    readings: list[Reading] = []
    kept: list[tuple[bool, Hashable]] = []
    left_out: Counter[str] = Counter()
    for (card, mode), decision, group in zip(rows, decisions, groups, strict=True):
        try:
            readings.append(read(card, mode))
        except CardUnreadable:
            left_out[said("scored by another version")] += 1
        else:
            kept.append((bool(decision), group))
    modes = Counter(reading.mode for reading in readings)
    chosen = [n for n, reading in enumerate(readings) if modes[reading.mode] >= MIN_OF_MODE]
    if len(chosen) < len(readings):
        left_out[said("of a mode with hardly any decisions")] = len(readings) - len(chosen)
    readings, kept = [readings[n] for n in chosen], [kept[n] for n in chosen]
    numbers: dict[Hashable, int] = {}
    ids = [numbers.setdefault(group, len(numbers)) for _decision, group in kept]
    metrics = Counter(reading.metric for reading in readings)
    metric = metrics.most_common(1)[0][0] if metrics else ""
    names, values = _columns(readings, metric)
    return Examples(
        names=names,
        values=values,
        approved=np.array([decision for decision, _group in kept], np.bool_),
        groups=np.array(ids, np.intp),
        modes=tuple(reading.mode for reading in readings),
        metric=metric,
        left_out=dict(left_out),
    )


def _columns(readings: list[Reading], metric: str) -> tuple[tuple[str, ...], Floats]:
    """Names and (n, k) values of the features that differ between decisions."""
    names = sorted({name for reading in readings for name in reading.values})
    columns = {
        name: np.array(
            [
                np.nan
                if name == "perceptual" and reading.metric != metric
                else reading.values.get(name, 0.0)
                for reading in readings
            ],
            np.float64,
        )
        for name in names
    }
    told = {name: column for name, column in columns.items() if _differs(column)}
    return tuple(told), np.array(list(told.values())).T.reshape(len(readings), len(told))


def _differs(column: Floats) -> bool:
    known = column[~np.isnan(column)]
    return known.size > 0 and float(known.std()) > _SAME
