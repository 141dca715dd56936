"""How shoppers look and click: a pure model, in which tiles of a page compete for one click."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Habit:
    """A sort of shopper. share: of all shoppers. reluctance: weight of clicking nothing at all.

    pages: chance of 1, 2, 3 … page views.
    """

    share: float
    reluctance: float
    pages: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """A listing and those who come to it.

    products: attraction of each; a page shows them all, from a random one on, round the circle.
    style: factor of a styled tile's attraction. bias: factor of attraction with each position.
    scroll: chance of looking at one tile more; what is looked at is viewable.
    bots: share of visitors that open bot_pages pages and click bot_clicks tiles of each, styled or
    not. crawlers: share of visitors under a crawler's user agent.
    """

    products: tuple[float, ...]
    style: float
    bias: float
    scroll: float
    habits: tuple[Habit, ...]
    bots: float = 0.0
    bot_pages: int = 2
    bot_clicks: int = 3
    crawlers: float = 0.0

    @property
    def tiles(self) -> int:
        """Tiles of a page."""
        return len(self.products)

    def depths(self) -> np.ndarray:
        """Chance of looking at exactly 1, 2 … tiles, (tiles,)."""
        going_on = self.scroll ** np.arange(self.tiles)
        return np.append(going_on[:-1] * (1 - self.scroll), going_on[-1])

    def attraction(self, first: int) -> np.ndarray:
        """Weight of each position of a page that begins with this product, unstyled, (tiles,)."""
        turned = np.roll(np.asarray(self.products), -first)
        return turned * self.bias ** np.arange(self.tiles)

    def clicked(self, weights: np.ndarray, reluctance: float) -> np.ndarray:
        """Chance of clicking each of the tiles looked at (…, looked at): a multinomial choice.

        One look ends in one click at most, so what one tile wins its neighbours lose. Source of
        the model: McFadden, "Conditional logit analysis of qualitative choice behavior", 1974.
        """
        return weights / (reluctance + weights.sum(-1, keepdims=True))


USUAL: Final = Behaviour(
    products=(1.0, 1.6, 0.7, 1.3, 0.9, 1.1),
    style=1.5,
    bias=0.93,
    scroll=0.85,
    habits=(
        Habit(share=0.3, reluctance=1.5, pages=(0.9, 0.1)),
        Habit(share=0.5, reluctance=4.0, pages=(0.8, 0.2)),
        # Who looks around for long clicks little: a visitor's rate falls as activity rises.
        Habit(share=0.2, reluctance=16.0, pages=(0.4, 0.3, 0.3)),
    ),
    bots=0.01,
    crawlers=0.02,
)
"""Four shoppers in ten click on a page, so that a launch earns about half of what a tile does."""


@dataclass
class Shopper:
    """One visitor who is no crawler. habit: None is a bot."""

    behaviour: Behaviour
    habit: Habit | None
    rng: np.random.Generator

    @classmethod
    def drawn(cls, behaviour: Behaviour, rng: np.random.Generator) -> Shopper:
        """One of them all."""
        if rng.random() < behaviour.bots:
            return cls(behaviour, None, rng)
        shares = [habit.share for habit in behaviour.habits]
        return cls(behaviour, behaviour.habits[int(_drawn(shares, rng))], rng)

    @property
    def is_bot(self) -> bool:
        """Does it click without looking?"""
        return self.habit is None

    def pages(self) -> int:
        """How many pages this one opens."""
        if self.habit is None:
            return self.behaviour.bot_pages
        return int(_drawn(self.habit.pages, self.rng)) + 1

    def first_product(self) -> int:
        """Which product the next page begins with."""
        return int(self.rng.integers(self.behaviour.tiles))

    def look(self, first: int, styled: Sequence[bool]) -> tuple[int, list[int]]:
        """Tiles looked at from the top of a page, and the positions clicked.

        first: product that the page begins with; styled: whether each position shows the style.
        """
        tiles = self.behaviour.tiles
        if self.habit is None:
            chosen = self.rng.choice(tiles, self.behaviour.bot_clicks, replace=False)
            return tiles, [int(position) for position in chosen]
        depth = int(_drawn(self.behaviour.depths(), self.rng)) + 1
        factors = np.where(np.asarray(styled, bool), self.behaviour.style, 1.0)
        weights = (self.behaviour.attraction(first) * factors)[:depth]
        chances = self.behaviour.clicked(weights, self.habit.reluctance)
        chosen = _drawn([*chances, 1 - chances.sum()], self.rng)
        return depth, [] if chosen == depth else [chosen]


def _drawn(chances: Sequence[float] | np.ndarray, rng: np.random.Generator) -> int:
    """Index drawn with these chances, which sum to 1."""
    ends = np.cumsum(chances)
    return min(int(np.searchsorted(ends, rng.random() * ends[-1], side="right")), len(ends) - 1)
