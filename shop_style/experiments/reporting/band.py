"""An effect with its interval over time, as numbers for inline SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.dateformat import format as written
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from shop_style.experiments.reporting.axes import Tick, scale_of
from shop_style.experiments.reporting.values import Effect, Moment

_WIDTH, _HEIGHT = 760, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 690, 12, 222
_SETTLED: Final = 0.15
"""Share of the visitors so far from which on an interval has a say in the scale."""

_MOST_LABELS: Final = 7
_MOST_POINTS: Final = 200
_BEYOND: Final = 24


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """The fixed interval at the planned end, drawn to the right of the course."""

    x: float
    low: float
    high: float
    estimate: float


@dataclass(frozen=True, kw_only=True)
class Row:
    """A day as text, for who does not see the drawing."""

    day: str
    visitors: str
    change: str
    low: str
    high: str


@dataclass(frozen=True, kw_only=True)
class Band:
    """An arm's lift day by day. polygon: the interval; path: the estimate; zero: of no change."""

    name: str
    key: int
    title: str
    description: str
    polygon: str
    path: str
    last: tuple[float, float]
    label: str
    zero: float
    fixed: Fixed | None
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    table: tuple[Row, ...]
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    right: int = _RIGHT
    top: int = _TOP
    bottom: int = _BOTTOM
    plot_width: int = _RIGHT - _LEFT
    plot_height: int = _BOTTOM - _TOP


def lift_band(effect: Effect, key: int) -> Band | None:
    """The course of an effect; None while it has none. key: the arm's line style."""
    moments = _thinned(effect.course)
    if not moments:
        return None
    lift = effect.comparison.lift if effect.comparison else None
    settled = [item.lift for item in moments if item.visitors >= _SETTLED * moments[-1].visitors]
    bounds = [bound for item in settled for bound in (item.low, item.high)]
    vertical = scale_of(bounds, start=_BOTTOM, end=_TOP)
    # A course of one day is widened to be seen.
    xs = [_x(item.day, moments) for item in moments]
    if len(moments) == 1:
        moments, xs = [moments[0], moments[0]], [xs[0] - 40, xs[0] + 40]
    upper = [(x, vertical.at(item.lift.high)) for x, item in zip(xs, moments, strict=True)]
    lower = [(x, vertical.at(item.lift.low)) for x, item in zip(xs, moments, strict=True)]
    middle = [(x, vertical.at(item.lift.estimate)) for x, item in zip(xs, moments, strict=True)]
    is_fixed = effect.basis == "fixed_horizon" and lift is not None
    return Band(
        name=effect.name,
        key=key,
        title=_("%(name)s: change of the CTR so far, by day") % {"name": effect.name},
        description=_description(effect, moments),
        polygon=_path([*upper, *reversed(lower)]),
        path=_path(middle),
        last=middle[-1],
        label=f"{100 * moments[-1].lift.estimate:+.1f} %",
        zero=vertical.at(0.0),
        fixed=Fixed(
            x=_RIGHT + _BEYOND,
            low=vertical.at(lift.low),
            high=vertical.at(lift.high),
            estimate=vertical.at(lift.estimate),
        )
        if is_fixed and lift is not None
        else None,
        across=tuple(_across(effect.course)),
        up=vertical.ticks(signed=True),
        table=tuple(_rows(effect.course)),
    )


def _description(effect: Effect, moments: Sequence[Moment]) -> str:
    last = moments[-1].lift
    values = {
        "start": written(moments[0].day, pgettext("date format", "j M Y")),
        "end": written(moments[-1].day, pgettext("date format", "j M Y")),
        "estimate": f"{100 * last.estimate:+.1f} %",
        "low": _bound(last.low),
        "high": _bound(last.high),
    }
    text = (
        _(
            "From %(start)s to %(end)s. At the end %(estimate)s, and by the interval that holds at "
            "any time between %(low)s and %(high)s."
        )
        % values
    )
    lift = effect.comparison.lift if effect.comparison else None
    if effect.basis == "fixed_horizon" and lift is not None:
        text += " " + _("The fixed interval at the planned end is %(low)s to %(high)s.") % {
            "low": _bound(lift.low),
            "high": _bound(lift.high),
        }
    return text


def _bound(value: float) -> str:
    return f"{100 * value:+.1f} %" if math.isfinite(value) else "∞"


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _x(day: date, moments: Sequence[Moment]) -> float:
    whole = (moments[-1].day - moments[0].day).days
    share = (day - moments[0].day).days / whole if whole else 0.5
    return round(_LEFT + share * (_RIGHT - _LEFT), 1)


def _thinned(course: Sequence[Moment]) -> list[Moment]:
    every = math.ceil(len(course) / _MOST_POINTS) or 1
    return [*course[:-1:every], course[-1]] if course else []


def _across(course: Sequence[Moment]) -> list[Tick]:
    """Days, at most seven of them, the first and the last among them."""
    every = math.ceil(len(course) / _MOST_LABELS)
    days = [item.day for item in course[:-1:every]] + [course[-1].day]
    if len(days) > 2 and _x(days[-1], course) - _x(days[-2], course) < 60:
        del days[-2]
    return [
        Tick(at=_x(day, course), label=written(day, pgettext("date format", "j M"))) for day in days
    ]


def _rows(course: Sequence[Moment]) -> list[Row]:
    """A dozen days, the last among them."""
    every = math.ceil(len(course) / 12)
    return [
        Row(
            day=written(item.day, pgettext("date format", "j M Y")),
            visitors=f"{item.visitors:,}",
            change=f"{100 * item.lift.estimate:+.1f}",
            low=_bound(item.lift.low).removesuffix(" %"),
            high=_bound(item.lift.high).removesuffix(" %"),
        )
        for item in reversed(course[::-1][::every])
    ]
