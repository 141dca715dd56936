"""The styles that ship with the network: names, thumbnails and the rights of their references."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from shop_style.exceptions import EngineParameterError
from styleeval.sentence import said

LISTING = Path(__file__).parent / "weights" / "network_styles.json"


@dataclass(frozen=True, kw_only=True)
class BuiltInStyle:
    """One style of the shipped network.

    reference: the work it was learned from. licence, source: of that work.
    """

    slug: str
    name: str
    reference: str
    licence: str
    source: str

    @property
    def thumbnail(self) -> str:
        """Path below static/: our own demo product in this style."""
        return f"shop_style/styles/{self.slug}.webp"


@cache
def built_in_styles() -> dict[str, BuiltInStyle]:
    """Every shipped style by slug, in the order of the table of weights."""
    entries = json.loads(LISTING.read_text(encoding="utf-8"))
    return {entry["slug"]: BuiltInStyle(**entry) for entry in entries}


def built_in_style(slug: str) -> BuiltInStyle:
    """The style of this slug. Raises EngineParameterError naming those there are."""
    try:
        return built_in_styles()[slug]
    except KeyError:
        raise EngineParameterError(
            said(
                "no built-in style is called {slug!r}; there are {choices}",
                slug=slug,
                choices=", ".join(built_in_styles()),
            )
        ) from None
