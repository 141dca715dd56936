"""What an experiment should find: expectations of the model, by adding up all that can happen."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from tests.simulation.shopper import Behaviour


@dataclass(frozen=True)
class Expected:
    """Clicks and viewable impressions expected of a visitor."""

    clicks: float
    viewable: float

    @property
    def rate(self) -> float:
        """Clicks per viewable impression."""
        return self.clicks / self.viewable


def launch(behaviour: Behaviour, *, styled: bool) -> Expected:
    """A visitor of a shop in which every tile is styled, or none; bots included, crawlers not."""
    pattern = np.full((1, behaviour.tiles), styled)
    return _expected(behaviour, pattern, np.ones_like(pattern))


def launch_effect(behaviour: Behaviour) -> float:
    """What launching the style earns: relative change of clicks per viewable impression."""
    return launch(behaviour, styled=True).rate / launch(behaviour, styled=False).rate - 1


def tile_effect(behaviour: Behaviour) -> float:
    """What drawing each tile by itself, half and half, reports: styled tiles' rate over the rest's.

    Both are on the same page, so it holds what the styled tiles took from their neighbours.
    """
    patterns = np.array(list(product((False, True), repeat=behaviour.tiles)))
    styled = _expected(behaviour, patterns, patterns)
    plain = _expected(behaviour, patterns, ~patterns)
    return styled.rate / plain.rate - 1


def _expected(behaviour: Behaviour, patterns: np.ndarray, counted: np.ndarray) -> Expected:
    """patterns: which tiles are styled, (equally likely patterns, tiles); counted: of which tiles
    clicks and viewable impressions are wanted, of the same shape."""
    humans = 1 - behaviour.bots
    tiles = behaviour.tiles
    factors = np.where(patterns, behaviour.style, 1.0)
    clicks = viewable = 0.0
    for habit in behaviour.habits:
        pages = float(np.dot(habit.pages, np.arange(1, len(habit.pages) + 1)))
        for depth, chance in enumerate(behaviour.depths(), start=1):
            mine = counted[:, :depth]
            viewable += humans * habit.share * pages * chance * float(mine.sum(-1).mean())
            for first in range(tiles):
                weights = behaviour.attraction(first)[:depth] * factors[:, :depth]
                clicked = behaviour.clicked(weights, habit.reluctance) * mine
                share = humans * habit.share * pages * chance / tiles
                clicks += share * float(clicked.sum(-1).mean())
    shown = behaviour.bots * behaviour.bot_pages * float(counted.sum(-1).mean())
    return Expected(clicks + shown * behaviour.bot_clicks / tiles, viewable + shown)
