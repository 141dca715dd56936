"""One limit on a scorecard: which number it reads, what it costs, what to say when it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from styleeval.preservation.report import Scorecard

Sense = Literal["least", "most"]
Box = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One limit.

    code: stable, for a verdict's reason. sense: is the limit the least or the most allowed?
    of_product: does it say how true the product is? The others ask whether there is a variant.
    value: the number of a scorecard, None where it has none. box: where to look, in original
    pixels. text: a sentence for the merchandiser; {value}, {limit} and {card} are filled in.
    """

    code: str
    sense: Sense
    value: Callable[[Scorecard], float | None]
    text: str
    of_product: bool = True
    box: Callable[[Scorecard], Box | None] = lambda card: None

    def burden(self, value: float, limit: float) -> float:
        """How much of what is allowed was used: 0 is untouched, 1 the limit, above it too much."""
        if self.sense == "most":
            return value / limit if limit > 0 else float(value > 0) * 2
        return (1 - value) / (1 - limit) if limit < 1 else float(value < 1) * 2

    def said(self, card: Scorecard, value: float, limit: float) -> str:
        """The sentence for a scorecard."""
        return self.text.format(value=value, limit=limit, card=card)

    def holds(self, value: float, limit: float) -> bool:
        """Is the value within the limit? NaN is not."""
        return value >= limit if self.sense == "least" else value <= limit
