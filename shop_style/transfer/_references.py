"""The references a style is learned from: checked, and compared with each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Final

import torch
from torch import Tensor

from shop_style.exceptions import StyleReferenceError
from shop_style.transfer.statistics import reduced
from shop_style.transfer.training.network.objective import Grams, relative_gram_errors
from shop_style.transfer.trunk import Trunk
from styleeval.sentence import said

MOST: Final = 5
SMALLEST_SIDE: Final = 64
WORKING_SIDE: Final = 512
_FAR: Final = 2.0
_FAR_AT_LEAST: Final = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Agreement:
    """What references have in common.

    grams: mean Gram matrices (1, C, C) a tap. disagreeing: 1-based numbers of those more than
    twice as far from the mean of the others as the others usually are. spread: largest relative
    Gram distance between two, 0 for one.
    """

    grams: Grams
    disagreeing: tuple[int, ...]
    spread: float


def checked_references(references: Sequence[Tensor], slug: str) -> list[Tensor]:
    """The references reduced to the side styles are learned at. Raises StyleReferenceError."""
    if not 1 <= len(references) <= MOST:
        raise StyleReferenceError(
            said(
                "style “{slug}” has {count} references; give one to {most}",
                slug=slug,
                count=len(references),
                most=MOST,
            )
        )
    for number, item in enumerate(references, start=1):
        if item.ndim != 3 or item.shape[0] != 3 or min(item.shape[-2:]) < SMALLEST_SIDE:
            raise StyleReferenceError(
                said(
                    "style “{slug}”: reference {number} is {shape}; it must be (3, H, W) with at "
                    "least {smallest_side} pixels a side",
                    slug=slug,
                    number=number,
                    shape=tuple(item.shape),
                    smallest_side=SMALLEST_SIDE,
                )
            )
        if not bool(torch.isfinite(item).all()):
            raise StyleReferenceError(
                said(
                    "style “{slug}”: reference {number} holds values that are no number",
                    slug=slug,
                    number=number,
                )
            )
    return [reduced(item, WORKING_SIDE) for item in references]


def agreement(trunk: Trunk, references: Sequence[Tensor]) -> Agreement:
    """Mean Gram matrices of references (3, H, W), and which of them do not fit in."""
    with torch.no_grad():
        each = [
            {tap: trunk.gram(maps) for tap, maps in trunk.taps(item[None]).items()}
            for item in references
        ]
    distances = [_distance(each[a], each[b]) for a, b in combinations(range(len(each)), 2)]
    return Agreement(
        grams=_mean(each),
        disagreeing=_disagreeing(each),
        spread=max(distances, default=0.0),
    )


def _disagreeing(each: Sequence[Grams]) -> tuple[int, ...]:
    # Of two that differ nobody can say which is the wrong one.
    if len(each) < 3:
        return ()
    apart = [
        _distance(grams, _mean([other for other in each if other is not grams])) for grams in each
    ]
    found = []
    for number, distance in enumerate(apart, start=1):
        usual = median(value for place, value in enumerate(apart, start=1) if place != number)
        if distance > _FAR_AT_LEAST and distance > _FAR * usual:
            found.append(number)
    return tuple(found)


def _mean(each: Sequence[Grams]) -> Grams:
    return {tap: torch.stack([grams[tap] for grams in each]).mean(0) for tap in each[0]}


def _distance(first: Grams, second: Grams) -> float:
    """Symmetric mean over taps of the relative Gram error."""
    ways = [relative_gram_errors(first, second), relative_gram_errors(second, first)]
    return float(torch.stack([value for way in ways for value in way.values()]).mean())
