"""Simulated shoppers: who they are, what of a page they see, and what they click.

Pure and seeded: a shopper of a number, on a page with given pictures, always does the same.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

PLANTED_LIFT: Final = 0.25
"""How much likelier a seen picture is clicked for showing a style: the effect to be recovered."""

CRAWLERS: Final = 0.03
PRIVATE: Final = 0.04
MOBILE: Final = 0.55
PAGES: Final = {1: 0.45, 2: 0.30, 3: 0.15, 4: 0.10}
CLICKS: Final = (2.0, 31.0)
"""Beta distribution of a shopper's own click probability in the first place: 6 % on average. It is
the shopper's for the whole visit, so that clicks cluster; capped at 1 it hardly ever is."""

SENT_TWICE: Final = 0.10
CLICK_FIRST: Final = 0.20
KEEPS_COOKIES: Final = 0.70

_DESKTOP: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
)
_MOBILE: Final = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Mobile Safari/537.36",
)
_CRAWLER: Final = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
)

Kind = Literal["shopper", "crawler", "private"]


@dataclass(frozen=True, kw_only=True)
class Shopper:
    """One visitor. kind: `private` ones send Sec-GPC and take no part, like crawlers.

    propensity: probability of clicking a picture in the first place when it shows the original.
    keeps_cookies: or does the browser send back what the last answer gave, as headless ones do?
    """

    number: int
    kind: Kind
    agent: str
    pages: int
    propensity: float
    keeps_cookies: bool


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A tracked picture. place: its rank in the list, from 0; position: its name in events."""

    place: int
    position: int
    is_styled: bool


@dataclass(frozen=True, kw_only=True)
class PageView:
    """What a shopper did with a page: positions that came to be rendered, seen and clicked."""

    rendered: tuple[int, ...]
    viewable: tuple[int, ...]
    clicked: tuple[int, ...]


def shopper(number: int, *, seed: int) -> Shopper:
    """The shopper of a number."""
    draw = _random(seed, number, "who")
    chance = draw.random()
    kind: Kind = "shopper"
    if chance < CRAWLERS + PRIVATE:
        kind = "crawler" if chance < CRAWLERS else "private"
    family = _MOBILE if draw.random() < MOBILE else _DESKTOP
    return Shopper(
        number=number,
        kind=kind,
        agent=draw.choice(_CRAWLER if kind == "crawler" else family),
        pages=draw.choices(list(PAGES), weights=list(PAGES.values()))[0],
        propensity=draw.betavariate(*CLICKS),
        keeps_cookies=draw.random() < KEEPS_COOKIES,
    )


def seen_share(place: int) -> float:
    """Probability that a picture comes into view: fewer scroll further down."""
    return max(0.3, 0.98 - 0.05 * place)


def click_chance(propensity: float, tile: Tile, lift: float) -> float:
    """Probability that a picture in view is clicked. lift: the planted effect of a style."""
    effect = 1 + lift if tile.is_styled else 1.0
    return min(1.0, propensity * effect / (1 + 0.06 * tile.place))


def browse(
    who: Shopper, tiles: Sequence[Tile], *, page: int, seed: int, lift: float = PLANTED_LIFT
) -> PageView:
    """What a shopper does with a page. page: which of the visit's, from 0.

    Every picture takes its two draws, whatever came of them: another arm changes clicks by the
    lift alone.
    """
    draw = _random(seed, who.number, f"page {page}")
    seen, clicked = [], []
    for tile in tiles:
        view, click = draw.random(), draw.random()
        if view < seen_share(tile.place):
            seen.append(tile.position)
            if click < click_chance(who.propensity, tile, lift):
                clicked.append(tile.position)
    return PageView(
        rendered=tuple(tile.position for tile in tiles),
        viewable=tuple(seen),
        clicked=tuple(clicked),
    )


def reports(who: Shopper, view: PageView, *, page: int, seed: int) -> list[list[dict[str, Any]]]:
    """The batches of events a browser sends, in order: now and then one twice, as a retry, and
    now and then the click before what was seen."""
    draw = _random(seed, who.number, f"reports {page}")
    looked = [("rendered", position) for position in view.rendered]
    looked += [("viewable", position) for position in view.viewable]
    batches = [looked, [("click", position) for position in view.clicked]]
    if draw.random() < CLICK_FIRST:
        batches.reverse()
    batches = [batch for batch in batches if batch]
    if batches and draw.random() < SENT_TWICE:
        batches.append(draw.choice(batches))
    return [[{"kind": kind, "position": position} for kind, position in one] for one in batches]


def _random(seed: int, number: int, what: str) -> random.Random:
    return random.Random(f"{seed}/{number}/{what}")
