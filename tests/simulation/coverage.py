"""How often intervals held what was planted, and how far that may be off by chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from styleeval.inference import Interval


@dataclass(frozen=True)
class Coverage:
    """Intervals of as many experiments, all of one truth."""

    intervals: Sequence[Interval]
    truth: float

    @property
    def held(self) -> int:
        """Intervals with the truth in them."""
        return sum(item.low <= self.truth <= item.high for item in self.intervals)

    @property
    def share(self) -> float:
        """Share of intervals with the truth in them."""
        return self.held / len(self.intervals)

    @property
    def nominal(self) -> float:
        """The share that the intervals promise, each at its own level."""
        return 1 - math.fsum(item.alpha for item in self.intervals) / len(self.intervals)

    @property
    def mean(self) -> float:
        """Mean of the estimates of a lift, taken on the logs of the ratios."""
        logs = [math.log1p(item.estimate) for item in self.intervals]
        return math.expm1(math.fsum(logs) / len(logs))

    @property
    def standard_error(self) -> float:
        """Of `mean`, from the spread of the logs."""
        logs = [math.log1p(item.estimate) for item in self.intervals]
        centre = math.fsum(logs) / len(logs)
        spread = math.fsum((value - centre) ** 2 for value in logs) / (len(logs) - 1)
        return math.exp(centre) * math.sqrt(spread / len(logs))


def bounds(runs: int, *, nominal: float, chance: float = 1e-3) -> tuple[int, int]:
    """Fewest and most intervals that hold the truth in all but this chance, where each does with
    the nominal one (exact binomial, both sides)."""
    from scipy.stats import binom

    low, high = binom.ppf([chance / 2, 1 - chance / 2], runs, nominal)
    return int(low), int(high)
