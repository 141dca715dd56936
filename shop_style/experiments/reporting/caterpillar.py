"""Products of a style, one below the other with their intervals, as numbers for inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from shop_style.experiments.reporting.axes import Tick, scale_of
from shop_style.experiments.reporting.products import StyleProducts

if TYPE_CHECKING:
    from styleeval.inference.pooling import Pooled, ProductLift

SHOWN: Final = 40
"""Most products drawn: the best and the worst half of them. All are in the CSV and JSON."""

_WIDTH: Final = 760
_LEFT, _RIGHT, _TOP = 220, 700, 8
_ROW: Final = 19
_FOOT: Final = 30
_LETTERS: Final = 32


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One product. own: where its own data alone would put it, None where they are too few."""

    name: str
    label: str
    y: float
    low: float
    high: float
    estimate: float
    own: float | None
    change: str
    interval: str
    own_change: str
    own_share: str


@dataclass(frozen=True, kw_only=True)
class Caterpillar:
    """All of it. mean_low, mean_high, mean: the style's own effect, as a band behind them."""

    title: str
    description: str
    legs: tuple[Leg, ...]
    hidden: int
    zero: float
    mean: float
    mean_low: float
    mean_width: float
    across: tuple[Tick, ...]
    height: float
    bottom: float
    width: int = _WIDTH
    left: int = _LEFT
    right: int = _RIGHT
    top: int = _TOP


def caterpillar(style: StyleProducts) -> Caterpillar | None:
    """The drawing; None where the style's products are not pooled."""
    if style.pooled is None:
        return None
    ranked = sorted(style.pooled.products, key=lambda item: -item.shrunken.estimate)
    shown = _ends(ranked)
    bounds = [bound for item in shown for bound in (item.shrunken.low, item.shrunken.high)]
    mean = style.pooled.mean
    across = scale_of([*bounds, mean.low, mean.high], start=_LEFT, end=_RIGHT)
    bottom = _TOP + _ROW * len(shown)
    legs = tuple(
        _leg(item, style.names[item.product], _TOP + _ROW * (number + 0.5), across.at)
        for number, item in enumerate(shown)
    )
    return Caterpillar(
        title=_("%(name)s: change of the CTR by product") % {"name": style.name},
        description=_description(style.pooled, legs, len(ranked)),
        legs=legs,
        hidden=len(ranked) - len(shown),
        zero=across.at(0.0),
        mean=across.at(mean.estimate),
        mean_low=across.at(mean.low),
        mean_width=round(across.at(mean.high) - across.at(mean.low), 1),
        across=across.ticks(signed=True),
        bottom=bottom,
        height=bottom + _FOOT,
    )


def _ends(ranked: Sequence[ProductLift]) -> Sequence[ProductLift]:
    half = SHOWN // 2
    return ranked if len(ranked) <= SHOWN else [*ranked[:half], *ranked[-half:]]


def _leg(item: ProductLift, name: str, y: float, at: object) -> Leg:
    assert callable(at)
    lift, alone = item.shrunken, item.alone
    inside = alone is not None and _LEFT <= at(alone.estimate) <= _RIGHT
    return Leg(
        name=name,
        label=name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…",
        y=y,
        low=at(lift.low),
        high=at(lift.high),
        estimate=at(lift.estimate),
        own=at(alone.estimate) if alone is not None and inside else None,
        change=f"{100 * lift.estimate:+.1f} %",
        interval=f"{100 * lift.low:+.1f} … {100 * lift.high:+.1f} %",
        own_change=f"{100 * alone.estimate:+.1f} %" if alone else "–",
        own_share=f"{100 * item.own_share:.0f} %",
    )


def _description(pooled: Pooled, legs: Sequence[Leg], number: int) -> str:
    mean = pooled.mean
    return _(
        "%(number)d products. Their mean is %(mean)s, from %(low)s to %(high)s. First is %(best)s "
        "with %(most)s, last %(worst)s with %(least)s. The table below holds the same."
    ) % {
        "number": number,
        "mean": f"{100 * mean.estimate:+.1f} %",
        "low": f"{100 * mean.low:+.1f} %",
        "high": f"{100 * mean.high:+.1f} %",
        "best": legs[0].name,
        "most": legs[0].change,
        "worst": legs[-1].name,
        "least": legs[-1].change,
    }
