"""Dials as curves of style gain over content kept, and intervals over products."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np

from tests.benchmarks.points import Point

DRAWS: Final = 4000

Measure = Callable[[Point], float]
"""How much of the content a point keeps: `kept` or `ssim`."""


@dataclass(frozen=True, kw_only=True)
class Reached:
    """A curve's style gain at a wanted content kept.

    reach: "inside" the curve's range, read off the line between two dial positions (the highest
    where it passes more than once); "short" when every position keeps more than wanted: then the
    best gain of any position, though it spends less content, which favours the other side;
    "over" when no position keeps as much: then the gain of the one that keeps most, which favours
    this side. A curve that starts at the product itself is never "over".
    """

    gain: float
    reach: Literal["inside", "short", "over"]


def reached(curve: Sequence[tuple[float, float]], kept: float) -> Reached:
    """curve: (content kept, style gain) in the order of the dial. kept: what is wanted."""
    if kept < min(curve)[0]:
        return Reached(gain=max(gain for _, gain in curve), reach="short")
    if kept > max(curve)[0]:
        return Reached(gain=max(curve)[1], reach="over")
    gains = [gain for at, gain in curve if at == kept]
    for (first, start), (second, end) in pairwise(curve):
        if min(first, second) <= kept <= max(first, second) and first != second:
            gains.append(start + (end - start) * (kept - first) / (second - first))
    return Reached(gain=max(gains), reach="inside")


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean or a ratio of means with its 95 % bootstrap interval; pairs: how many it is over."""

    value: float
    low: float
    high: float
    pairs: int

    def text(self, digits: int = 3, sign: str = "") -> str:
        """`0.12 [0.10, 0.14]`."""
        shown = (f"{number:{sign}.{digits}f}" for number in (self.value, self.low, self.high))
        return "{} [{}, {}]".format(*shown)

    def percent(self) -> str:
        """`83 % [77, 90]`."""
        return f"{self.value:.0%} [{self.low * 100:.0f}, {self.high * 100:.0f}]".replace("%", " %")


def interval(values: Iterable[tuple[str, float]]) -> Interval:
    """Mean of (product, value) over pairs, products drawn with replacement."""
    return ratio_interval([(product, value, 1.0) for product, value in values])


def ratio_interval(values: Iterable[tuple[str, float, float]]) -> Interval:
    """Sum of the first values over sum of the second, of (product, first, second).

    Products are drawn with replacement, since pairs of one product are not independent; the
    interval is that of the percentiles of DRAWS seeded draws.
    """
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for product, first, second in values:
        for place, number in enumerate((first, second, 1.0)):
            sums[product][place] += number
    if not sums:
        return Interval(value=float("nan"), low=float("nan"), high=float("nan"), pairs=0)
    table = np.array(list(sums.values()))
    drawn = np.random.default_rng(0).integers(0, len(table), (DRAWS, len(table)))
    totals = table[drawn].sum(1)
    low, high = np.percentile(totals[:, 0] / totals[:, 1], [2.5, 97.5])
    first, second, count = table.sum(0)
    return Interval(value=first / second, low=float(low), high=float(high), pairs=int(count))


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How far one method's gain is above another's at equal content kept, for one pair."""

    product: str
    style: str
    value: float
    reach: Literal["inside", "short", "over"]
    ours: bool
    seen: bool


class Curves:
    """Every pair's points by method."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._points: dict[tuple[str, str], dict[str, list[Point]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for point in points:
            self._points[point.product, point.style][point.method].append(point)

    def differences(
        self, first: str, second: str, strength: float, measure: Measure, start: bool = True
    ) -> list[Difference]:
        """Gain of the curve `first` where it keeps what `second` keeps at `strength`, minus the
        gain of `second` there, for each pair that has both.

        start: does the curve of `first` begin at the product itself?
        """
        found = []
        for methods in self._points.values():
            curve = self._curve(methods, first, measure, start)
            other = _at(methods.get(second, []), strength)
            if other is None or len(curve) < 2:
                continue
            got = reached(curve, measure(other))
            found.append(
                Difference(
                    product=other.product,
                    style=other.style,
                    value=got.gain - other.gain,
                    reach=got.reach,
                    ours=other.ours,
                    seen=other.seen,
                )
            )
        return found

    def over_blend(self, method: str, blend: str, strength: float) -> list[Difference]:
        """Gain of the trained strength minus that of the blend that keeps the same content."""
        found = []
        for methods in self._points.values():
            between, full = (_at(methods.get(method, []), s) for s in (strength, 1.0))
            if between is None or full is None:
                continue
            curve = self._curve(methods, blend, _kept, start=True)
            got = reached([*curve, (full.kept, full.gain)], between.kept)
            found.append(
                Difference(
                    product=between.product,
                    style=between.style,
                    value=between.gain - got.gain,
                    reach=got.reach,
                    ours=between.ours,
                    seen=between.seen,
                )
            )
        return found

    def both(self, first: str, second: str, strength: float) -> list[tuple[Point, Point]]:
        """The two methods' points at this strength, for each pair that has both."""
        found = []
        for methods in self._points.values():
            one, other = (_at(methods.get(name, []), strength) for name in (first, second))
            if one is not None and other is not None:
                found.append((one, other))
        return found

    def _curve(
        self, methods: dict[str, list[Point]], name: str, measure: Measure, start: bool
    ) -> list[tuple[float, float]]:
        points = sorted(methods.get(name, []), key=lambda point: point.strength)
        curve = [(measure(point), point.gain) for point in points]
        return [(1.0, 0.0), *curve] if start else curve


def _at(points: Sequence[Point], strength: float) -> Point | None:
    return next((point for point in points if point.strength == strength), None)


def _kept(point: Point) -> float:
    return point.kept
