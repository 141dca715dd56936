"""Axes of a report's drawings: round steps, and labelled places."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A labelled place on an axis, in the drawing's units."""

    at: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A straight axis: from `low` at `start` to `high` at `end`, with a tick at each step."""

    low: float
    high: float
    step: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value lies, also beyond the axis; infinity a little beyond."""
        span = self.high - self.low
        share = (max(self.low - span, min(self.high + span, value)) - self.low) / span
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, *, signed: bool = False) -> tuple[Tick, ...]:
        """At every step, in per cent."""
        number = round((self.high - self.low) / self.step)
        values = (self.low + index * self.step for index in range(number + 1))
        return tuple(
            Tick(at=self.at(value), label=_signed(value, self.step, signed)) for value in values
        )


def scale_of(values: Iterable[float], *, start: float, end: float, most: int = 6) -> Scale:
    """A scale over all finite values and 0, that begins and ends on a step."""
    known = [value for value in values if math.isfinite(value)]
    low, high = min([0.0, *known]), max([0.0, *known])
    step = round_step(max(high - low, 0.01), most)
    low, high = step * math.floor(low / step + 1e-9), step * math.ceil(high / step - 1e-9)
    return Scale(low=low, high=max(high, low + step), step=step, start=start, end=end)


def round_step(span: float, most: int, factors: Sequence[float] = (1, 2, 2.5, 5, 10)) -> float:
    """A round number that goes at most so many times into the span."""
    magnitude: float = 10 ** math.floor(math.log10(span / most))
    return next(f * magnitude for f in factors if f * magnitude * most >= span * (1 - 1e-9))


def per_cent(value: float, step: float) -> str:
    """A share in per cent, with the digits that the step needs."""
    digits = next(n for n in range(8) if n == 7 or math.isclose(100 * step, round(100 * step, n)))
    return f"{100 * value:.{digits}f} %"


def _signed(value: float, step: float, signed: bool) -> str:
    text = per_cent(abs(value), step)
    if abs(value) < step / 2:
        return per_cent(0.0, step)
    return f"−{text}" if value < 0 else f"+{text}" if signed else text
