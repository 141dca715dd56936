"""A reliability plot as numbers for inline SVG: what was predicted, what people then decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import ngettext

from shop_style.generation.acceptance_text import per_cent

_SIDE: Final = 320
_LEFT: Final = 64
_TOP: Final = 12
_SMALLEST: Final = 3.5
_LARGEST: Final = 8.0
_TICKS: Final = (0, 0.25, 0.5, 0.75, 1)


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A share's place on both axes."""

    across: float
    up: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Point:
    """One bin. low, high: its interval's ends on the drawing. title: the bin in words."""

    x: float
    y: float
    radius: float
    low: float
    high: float
    title: str


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Points beside the diagonal, on which predictions are true. description: for who does not
    see it."""

    description: str
    points: tuple[Point, ...]
    ticks: tuple[Tick, ...]
    left: int = _LEFT
    top: int = _TOP
    right: int = _LEFT + _SIDE
    bottom: int = _TOP + _SIDE
    middle: int = _LEFT + _SIDE // 2
    centre: int = _TOP + _SIDE // 2
    width: int = _LEFT + _SIDE + 30
    height: int = _TOP + _SIDE + 54


def reliability_plot(bins: Sequence[Mapping[str, Any]]) -> Plot:
    """The plot of a report's bins."""
    largest = max((item["count"] for item in bins), default=1)
    return Plot(
        description=" ".join(_in_words(item) for item in bins),
        points=tuple(_point(item, largest) for item in bins),
        ticks=tuple(
            Tick(across=_across(share), up=_up(share), label=per_cent(share)) for share in _TICKS
        ),
    )


def _point(item: Mapping[str, Any], largest: int) -> Point:
    # By area, so that twice the decisions look like twice.
    radius = _LARGEST * (item["count"] / largest) ** 0.5
    return Point(
        x=_across(item["predicted"]),
        y=_up(item["observed"]),
        radius=round(max(_SMALLEST, radius), 1),
        low=_up(item["low"]),
        high=_up(item["high"]),
        title=_in_words(item),
    )


def _in_words(item: Mapping[str, Any]) -> str:
    values = {
        "predicted": per_cent(item["predicted"]),
        "observed": per_cent(item["observed"]),
        "low": per_cent(item["low"]),
        "high": per_cent(item["high"]),
        "count": item["count"],
    }
    return (
        ngettext(
            "Predicted %(predicted)s: %(observed)s of %(count)d variant approved "
            "(%(low)s to %(high)s).",
            "Predicted %(predicted)s: %(observed)s of %(count)d variants approved "
            "(%(low)s to %(high)s).",
            item["count"],
        )
        % values
    )


def _across(share: float) -> float:
    return round(_LEFT + share * _SIDE, 1)


def _up(share: float) -> float:
    return round(_TOP + (1 - share) * _SIDE, 1)
