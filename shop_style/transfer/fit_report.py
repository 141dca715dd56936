"""What fitting a style came to, in numbers and in words. Loads no torch."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from styleeval.sentence import said


@dataclass(frozen=True, kw_only=True)
class FitReport:
    """How a style was learned from its references.

    started_from: slug of the nearest built-in style. gain_before, gain_after: style gain of the
    start and of the result on references held back, 0 nothing … 1 perfect.
    stopped: "converged", "time" or "steps". disagreeing: 1-based numbers of references far from
    the others. spread: largest relative distance between two references, 0 for one.
    """

    started_from: str
    steps: int
    seconds: float
    gain_before: float
    gain_after: float
    stopped: str
    disagreeing: tuple[int, ...] = ()
    spread: float = 0.0

    def summary(self) -> str:
        """One or two sentences for people."""
        text = said(
            "Started from “{started_from}”; in {seconds:.0f} s and {steps} steps the "
            "style gain went from {gain_before:.2f} to {gain_after:.2f}.",
            started_from=self.started_from,
            seconds=self.seconds,
            steps=self.steps,
            gain_before=self.gain_before,
            gain_after=self.gain_after,
        )
        if not self.disagreeing:
            return text
        numbers = ", ".join(map(str, self.disagreeing))
        return said(
            "{meaning} Far from the others: reference {numbers}; it may be another look.",
            meaning=text,
            numbers=numbers,
        )

    def as_dict(self) -> dict[str, Any]:
        """Every number by name, as JSON takes it."""
        return {**dataclasses.asdict(self), "disagreeing": list(self.disagreeing)}
