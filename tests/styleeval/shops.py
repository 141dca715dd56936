"""Simulated shops: variants with scorecards made from real ones, and people of a known taste."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from styleeval.preservation import Original
from tests.styleeval import pictures

Card = dict[str, Any]

_SIMILAR = ("ssim", "detail")
_DISTANT = ("perceptual", "delta_e", "hue", "displacement")


@cache
def real_cards() -> list[Card]:
    """Scorecards of the drawn bottle: whole, gently graded, and with each planted defect."""
    label, ground = pictures.label_upside_down(), pictures.new_background()
    mixed = [
        (0.5 * pictures.bottle() + 0.5 * other).astype(np.uint8)
        for other in (label, ground, pictures.wrong_hue())
    ]
    candidates = [
        pictures.warm(),
        pictures.warm(2.0),
        pictures.warm(5.0),
        label,
        pictures.wrong_hue(),
        pictures.wrong_hue_same_luma(),
        pictures.blurred(1.0),
        pictures.blurred(2.5),
        ground,
        *mixed,
    ]
    original = Original(pictures.bottle(), pictures.product())
    return [original.compare(candidate).card.as_dict() for candidate in candidates]


@dataclass(frozen=True, kw_only=True)
class Shop:
    """Decided variants in columns. chance: the true chance that its people approve each."""

    cards: list[Card]
    modes: list[str]
    products: list[int]
    chance: np.ndarray
    approved: np.ndarray

    @property
    def rows(self) -> list[tuple[Card, str]]:
        """As `fit` takes them."""
        return list(zip(self.cards, self.modes, strict=True))


Taste = Callable[[Card, str], float]
"""The log odds with which people approve a variant."""


def open_shop(
    cards: Sequence[Card],
    taste: Taste,
    *,
    variants: int,
    seed: int,
    modes: Sequence[str] = ("grade",),
    a_product: int = 3,
    noise: float = 0.0,
    whims: float = 0.0,
) -> Shop:
    """A shop with so many variants. a_product: variants of each product. noise: the share of
    clicks that are a coin's. whims: standard deviation, in log odds, of what people hold for or
    against a product beside its pictures."""
    rng = np.random.default_rng(seed)
    products = [number // a_product for number in range(variants)]
    liked = rng.normal(0, whims, products[-1] + 1)
    white = rng.random(products[-1] + 1) < 0.7
    made = [varied(cards, rng, on_white=bool(white[product])) for product in products]
    chosen = [str(rng.choice(list(modes))) for _ in made]
    odds = np.array([taste(card, mode) for card, mode in zip(made, chosen, strict=True)])
    chance = 1 / (1 + np.exp(-np.clip(odds + liked[products], -30, 30)))
    chance = (1 - noise) * chance + noise / 2
    return Shop(
        cards=made,
        modes=chosen,
        products=products,
        chance=chance,
        approved=rng.random(variants) < chance,
    )


def varied(cards: Sequence[Card], rng: np.random.Generator, *, on_white: bool = True) -> Card:
    """A scorecard between two real ones, each measure a little off."""
    first, second = (cards[n] for n in rng.choice(len(cards), 2, replace=False))
    share = float(rng.random())
    made: Card = _between(first, second, share)
    for name in (*_SIMILAR, *_DISTANT):
        factor = math.exp(rng.normal(0, 0.3))
        made[name] = _off(made[name], factor, similar=name in _SIMILAR)
    for name in ("edge", "halo"):
        if made[name] is not None:
            made[name] *= math.exp(rng.normal(0, 0.3))
    if rng.random() < 0.1:
        made |= {"silhouette": None, "edge": None, "halo": None}
    if not on_white:
        made["white_kept"] = None
    made["mask_confidence"] = float(rng.uniform(0.5, 1))
    return made


def _between(first: Any, second: Any, share: float) -> Any:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return {name: _between(first[name], second[name], share) for name in first}
    if isinstance(first, float) and isinstance(second, float):
        return (1 - share) * first + share * second
    return first if share < 0.5 else second


def _off(measure: Any, factor: float, *, similar: bool) -> Any:
    if isinstance(measure, Mapping):
        return {name: _off(value, factor, similar=similar) for name, value in measure.items()}
    if not isinstance(measure, float):
        return measure
    return max(0.0, 1 - (1 - measure) * factor) if similar else measure * factor
