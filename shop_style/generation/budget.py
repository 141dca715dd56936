"""Strength by budget: the strongest picture whose product is still true, and what bound it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from shop_style.generation.stylist import Candidate
from styleeval.preservation.limits import LIMITS

STEPS: Final = 5
"""Halvings of [0, 1]: the strength found is within 1/32 of the strongest that passes."""

_OF_PRODUCT: Final = frozenset(limit.code for limit in LIMITS.values() if limit.of_product)


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """candidate: the strongest that passes, else the weakest that was tried. bound_by: code of
    the limit that the next stronger one broke; empty at full strength."""

    candidate: Candidate
    bound_by: str


def strongest(at: Callable[[float], Candidate]) -> Found:
    """Bisect the strength. at: the candidate of a strength.

    A stronger picture uses more of every limit on the product, so what fails at a strength fails
    above it. Limits that ask for enough change bind from the other side and steer nothing here.
    """
    full = at(1.0)
    if _true(full):
        return Found(candidate=full, bound_by="")
    low, high = 0.0, 1.0
    best, broke = None, full
    for _ in range(STEPS):
        middle = (low + high) / 2
        tried = at(middle)
        if _true(tried):
            low, best = middle, tried
        else:
            high, broke = middle, tried
    return Found(candidate=best or broke, bound_by=broke.verdict.binding)


def _true(candidate: Candidate) -> bool:
    """Is the product still true, whether or not enough has changed?"""
    return not any(reason.code in _OF_PRODUCT for reason in candidate.verdict.reasons)
