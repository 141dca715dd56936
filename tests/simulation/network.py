"""What becomes of beacons on their way: sent twice, overtaken, lost, or days late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Report = list[dict[str, Any]]


@dataclass(frozen=True)
class Beacon:
    """A report on its way, with the token and user agent that it is sent under."""

    token: str
    events: Report
    agent: str


@dataclass(frozen=True, kw_only=True)
class Network:
    """Chances of a beacon. lost: it never arrives. retried: it is sent again although it arrived.

    alone: a click leaves in a beacon of its own, which overtakes the rest of its page.
    late: it arrives after the first rollup.
    """

    lost: float = 0.03
    retried: float = 0.1
    alone: float = 0.3
    late: float = 0.05

    def beacons(
        self, token: str, depth: int, clicks: list[int], agent: str, rng: np.random.Generator
    ) -> list[Beacon]:
        """What a browser sends of one page: the tiles looked at, and those clicked."""
        seen = [{"kind": "viewable", "position": position} for position in range(depth)]
        clicked = [{"kind": "click", "position": position} for position in clicks]
        if clicked and rng.random() < self.alone:
            return [Beacon(token, clicked, agent), Beacon(token, seen, agent)]
        return [Beacon(token, seen + clicked, agent)]

    def arrivals(self, beacon: Beacon, rng: np.random.Generator) -> Iterator[bool]:
        """Each time that it arrives; True is late."""
        if rng.random() < self.lost:
            return
        yield rng.random() < self.late
        if rng.random() < self.retried:
            yield rng.random() < self.late
