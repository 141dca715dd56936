"""Does an effect wear off? The trend of the daily lift, each day one observation."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from shop_style.experiments.reporting.values import Hour

_LEAST_DAYS: Final = 7
_LEAST_CLICKS: Final = 10
_LEVEL: Final = 0.01


@dataclass(frozen=True, kw_only=True)
class Trend:
    """slope: change of the log lift a day; p_value: of none; lift: the log lift at first."""

    slope: float
    p_value: float
    days: int
    lift: float

    @property
    def fades(self) -> bool:
        """Does it go towards no effect, more than chance would have it?"""
        return self.p_value < _LEVEL and self.slope * self.lift < 0


def fading(hours: Sequence[Hour], control: str, arm: str) -> Trend | None:
    """The line through the days' log ratios of CTRs; None below a week of days with clicks.

    Days are weighted by their clicks, and the scatter about the line is the error, so that nothing
    is assumed of visitors who return. Weighted least squares with a t of days − 2.
    """
    found = _daily(hours, control, arm)
    if len(found) < _LEAST_DAYS:
        return None
    first = found[0][0]
    x = [float((day - first).days) for day, _y, _w in found]
    y, weights = [item[1] for item in found], [item[2] for item in found]
    whole = math.fsum(weights)
    middle, centre = (
        math.fsum(w * value for w, value in zip(weights, values, strict=True)) / whole
        for values in (x, y)
    )
    spread = math.fsum(w * (a - middle) ** 2 for w, a in zip(weights, x, strict=True))
    slope = (
        math.fsum(w * (a - middle) * (b - centre) for w, a, b in zip(weights, x, y, strict=True))
        / spread
    )
    start = centre - slope * middle
    residual = math.fsum(
        w * (b - start - slope * a) ** 2 for w, a, b in zip(weights, x, y, strict=True)
    )
    freedom = len(found) - 2
    error = math.sqrt(residual / freedom / spread)
    return Trend(
        slope=slope, p_value=_two_sided(slope, error, freedom), days=len(found), lift=start
    )


def _daily(hours: Sequence[Hour], control: str, arm: str) -> list[tuple[date, float, float]]:
    """Day, log ratio of the CTRs, and weight (the inverse of its variance as of Poisson clicks).

    Arms are compared inside a phase: on the day that weights change, one arm has more of the
    morning and the other of the evening.
    """
    sums: dict[tuple[date, int], dict[str, list[int]]] = defaultdict(
        lambda: defaultdict(lambda: [0, 0])
    )
    for item in hours:
        pair = sums[item.hour.date(), item.phase][item.arm]
        pair[0] += item.clicks
        pair[1] += item.viewable
    parts: dict[date, list[tuple[float, float]]] = defaultdict(list)
    for (day, _phase), arms in sorted(sums.items()):
        (m0, d0), (m1, d1) = arms[control], arms[arm]
        if min(m0, m1) >= _LEAST_CLICKS:
            parts[day].append((math.log(m1 / d1 * d0 / m0), m0 * m1 / (m0 + m1)))
    return [(day, *_mean(found)) for day, found in parts.items()]


def _mean(parts: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """By weight, with the weight of all."""
    whole = math.fsum(weight for _value, weight in parts)
    return math.fsum(value * weight for value, weight in parts) / whole, whole


def _two_sided(slope: float, error: float, freedom: int) -> float:
    from scipy.special import stdtr

    return 2 * float(stdtr(freedom, -abs(slope) / error)) if error else 1.0
