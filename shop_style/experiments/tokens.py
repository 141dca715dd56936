"""The signed token of a page: what was shown where, to whom, in which arms, and when."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.core import signing

from shop_style.exceptions import TokenError, TokenExpired
from styleeval.sentence import said

_SALT: Final = "shop_style.page"
LONGEST: Final = 16_384
"""Characters of the longest token; a hundred tiles in several experiments take about 2,000."""


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """One experiment's part of a page. products: row number of the phase's product by position."""

    experiment: int
    phase: int
    arm: int
    visitor: str
    products: Mapping[int, int]


@dataclass(frozen=True, kw_only=True)
class PageToken:
    """A page view. issued: seconds since 1970, to the millisecond."""

    page_view: str
    issued: float
    exposures: tuple[Exposure, ...]

    @property
    def is_shared(self) -> bool:
        """Is it of a page that a cache hands to many, so that it names no visitor?"""
        return any(not exposure.visitor for exposure in self.exposures)

    def at(self, position: int) -> tuple[Exposure, int] | None:
        """The exposure and product at a position of the page, or None where nothing is tracked."""
        for exposure in self.exposures:
            product = exposure.products.get(position)
            if product is not None:
                return exposure, product
        return None

    def signed(self) -> str:
        """The token as text, URL-safe."""
        parts = [
            [
                item.experiment,
                item.phase,
                item.arm,
                item.visitor,
                [number for pair in item.products.items() for number in pair],
            ]
            for item in self.exposures
        ]
        return signing.dumps([self.page_view, self.issued, parts], salt=_SALT, compress=True)


def new_page_view() -> str:
    """A fresh number for a page view: 88 random bits."""
    return secrets.token_hex(11)


def page_token(page_view: str, exposures: Sequence[Exposure]) -> PageToken:
    """A token of now."""
    return PageToken(page_view=page_view, issued=round(time.time(), 3), exposures=tuple(exposures))


def read_token(text: str, *, hours: float) -> PageToken:
    """The page of a token no older than so many hours.

    Raises TokenError for a token that is not ours, TokenExpired for one that is too old.
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        raise TokenError(said("this is not a page token; take a new one from the placement"))
    try:
        page_view, issued, parts = signing.loads(text, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise TokenError(
            said("this is not a page token; take a new one from the placement")
        ) from None
    if time.time() - issued > hours * 3600:
        raise TokenExpired(
            said("the page is older than {hours:g} hours; load it again", hours=hours)
        )
    return PageToken(
        page_view=page_view,
        issued=issued,
        exposures=tuple(
            Exposure(
                experiment=experiment,
                phase=phase,
                arm=arm,
                visitor=visitor,
                products=dict(zip(flat[::2], flat[1::2], strict=True)),
            )
            for experiment, phase, arm, visitor, flat in parts
        ),
    )
