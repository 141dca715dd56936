"""A report's pictures as numbers for inline SVG: the CTR over time, and the interval of a lift."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final

from django.utils.dateformat import format as written
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from shop_style.experiments.reporting.axes import Tick, per_cent, round_step
from shop_style.experiments.reporting.values import Effect, Hour

if TYPE_CHECKING:
    from styleeval.inference import Interval

KEYS: Final = 6
"""Line styles of the stylesheet; a seventh arm looks like the first."""

_WIDTH, _HEIGHT = 760, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 676, 14, 262
_LABEL_GAP: Final = 15
_MOST_POINTS: Final = 300
_SETTLED: Final = 0.1
"""Share of an arm's impressions after which its CTR has a say in the scale."""

_FINE: Final = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_BAR_WIDTH: Final = 220
_BAR_MARGIN: Final = 10
_HOUR: Final = timedelta(hours=1)
_STEPS: Final = (1, 2, 3, 6, 12, 24, 48, *(168 * 2**number for number in range(12)))


@dataclass(frozen=True, kw_only=True)
class Line:
    """One arm. key: its line style; points: x and y by hour; label: its last CTR, at the end."""

    name: str
    key: int
    points: tuple[tuple[float, float], ...]
    label: str
    label_at: float

    @property
    def path(self) -> str:
        """The points as a polyline takes them."""
        return " ".join(f"{x},{y}" for x, y in self.points)

    @property
    def end(self) -> tuple[float, float]:
        """Where the line stops."""
        return self.points[-1]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Lines over axes. description: what the picture shows, for who does not see it."""

    title: str
    description: str
    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    right: int = _RIGHT
    top: int = _TOP
    bottom: int = _BOTTOM
    plot_width: int = _RIGHT - _LEFT
    plot_height: int = _BOTTOM - _TOP


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A lift's interval beside no change. open_low, open_high: it goes on beyond the drawing."""

    low: float
    high: float
    estimate: float
    open_low: bool
    open_high: bool
    scale: str
    description: str
    width: int = _BAR_WIDTH
    zero: int = _BAR_WIDTH // 2


def ctr_chart(hours: Sequence[Hour], names: Mapping[str, str], *, zone: tzinfo) -> Chart | None:
    """Each arm's clicks over viewable impressions, all up to an hour. None where nothing was seen.

    names: of the arms by slug, in their order. zone: whose clock the axis shows.
    """
    times = sorted({item.hour for item in hours if item.viewable})
    rates = {slug: _rates(times, [item for item in hours if item.arm == slug]) for slug in names}
    rates = {slug: found for slug, found in rates.items() if found}
    if not rates:
        return None
    step, top = _scale([rate for found in rates.values() for rate in _settled(found)])
    ends = {slug: _y(found[-1][1], top) for slug, found in rates.items()}
    labels = _spread(ends)
    keys = list(names)
    lines = tuple(
        Line(
            name=names[slug],
            key=keys.index(slug) % KEYS,
            points=tuple((_x(time, times), _y(rate, top)) for time, rate, _n in _thinned(found)),
            label=f"{100 * found[-1][1]:.2f} %",
            label_at=labels[slug],
        )
        for slug, found in rates.items()
    )
    values = {
        "start": _time_in_words(times[0], zone),
        "end": _time_in_words(times[-1], zone),
        "rates": ", ".join(f"{line.name} {line.label}" for line in lines),
    }
    return Chart(
        title=_("Click-through rate so far, by hour"),
        description=_("From %(start)s to %(end)s. At the end: %(rates)s.") % values,
        lines=lines,
        across=tuple(_across(times, zone)),
        up=tuple(
            Tick(at=_y(number * step, top), label=per_cent(number * step, step))
            for number in range(round(top / step) + 1)
        ),
    )


def lift_bars(effects: Sequence[Effect]) -> list[Bar | None]:
    """A bar for each effect, all on one scale; None where there is no lift to draw."""
    lifts = [effect.comparison.lift if effect.comparison else None for effect in effects]
    span = _span([lift for lift in lifts if lift is not None])
    return [
        None if lift is None else _bar(effect.name, lift, span)
        for effect, lift in zip(effects, lifts, strict=True)
    ]


_Rates = Sequence[tuple[datetime, float, int]]


def _rates(times: Sequence[datetime], hours: Sequence[Hour]) -> _Rates:
    """Hour, CTR and impressions so far, from the arm's first impression to the last of any arm."""
    seen, clicked = Counter[datetime](), Counter[datetime]()
    for item in hours:
        seen[item.hour] += item.viewable
        clicked[item.hour] += item.clicks
    found, viewable, clicks = [], 0, 0
    for time in times:
        viewable += seen[time]
        clicks += clicked[time]
        if viewable:
            found.append((time, clicks / viewable, viewable))
    return found


def _settled(found: _Rates) -> list[float]:
    """The CTRs that set the scale: one of the first clicks is an arbitrary one."""
    return [rate for _time, rate, viewable in found if viewable >= _SETTLED * found[-1][2]]


def _thinned(found: _Rates) -> _Rates:
    """No more points than a screen shows, with the last one."""
    every = math.ceil(len(found) / _MOST_POINTS)
    return [*found[:-1:every], found[-1]]


def _scale(rates: Sequence[float]) -> tuple[float, float]:
    """The step of the ticks, and the top of the axis, which begins at 0."""
    highest = max(rates) or 0.01
    step = round_step(highest, 5)
    return step, step * math.ceil(highest / step - 1e-9)


def _x(time: datetime, times: Sequence[datetime]) -> float:
    whole = times[-1] - times[0]
    share = (time - times[0]) / whole if whole else 0.5
    return round(_LEFT + share * (_RIGHT - _LEFT), 1)


def _y(rate: float, top: float) -> float:
    return round(_BOTTOM - rate / top * (_BOTTOM - _TOP), 1)


def _spread(ends: Mapping[str, float]) -> dict[str, float]:
    """Places for labels near their line's end that do not cover each other."""
    found: dict[str, float] = {}
    lowest = _BOTTOM - _LABEL_GAP * (len(ends) - 1)
    for slug in sorted(ends, key=lambda slug: ends[slug]):
        previous = max(found.values(), default=-math.inf)
        found[slug] = max(min(ends[slug], lowest), previous + _LABEL_GAP, _TOP)
        lowest += _LABEL_GAP
    return found


def _across(times: Sequence[datetime], zone: tzinfo) -> list[Tick]:
    """Full hours or midnights of the zone, at most eight."""
    if len(times) == 1:
        return [Tick(at=_x(times[0], times), label=_time_in_words(times[0], zone))]
    span = (times[-1] - times[0]) / _HOUR
    step = next(hours for hours in _STEPS if span / hours <= 7 or hours == _STEPS[-1])
    local = times[0].astimezone(zone).replace(minute=0, second=0, microsecond=0)
    first = local - timedelta(hours=local.hour % min(step, 24))
    ticks = []
    for number in range(math.ceil((span + min(step, 24)) / step) + 1):
        # Added on the wall clock, so that a midnight stays one when the clocks change.
        time = (first + number * step * _HOUR).astimezone(UTC)
        if times[0] <= time <= times[-1]:
            clock = time.astimezone(zone)
            label = written(
                clock,
                pgettext("date format", "j M") if step >= 24 or clock.hour == 0 else "H:i",
            )
            ticks.append(Tick(at=_x(time, times), label=label))
    return ticks


def _time_in_words(time: datetime, zone: tzinfo) -> str:
    return written(time.astimezone(zone), pgettext("date format", "j M Y, H:i"))


def _span(lifts: Sequence[Interval]) -> float:
    """Half the width of the bars' scale: every bound that is not far out."""
    bounds = [abs(bound) for lift in lifts for bound in (lift.low, lift.high)]
    farthest = max((bound for bound in bounds if math.isfinite(bound)), default=0)
    estimates = [abs(lift.estimate) for lift in lifts if math.isfinite(lift.estimate)]
    most = max(2.0, 1.2 * max(estimates, default=0))
    return round_step(max(0.05, min(farthest, most)), 1, _FINE)


def _bar(name: str, lift: Interval, span: float) -> Bar:
    half = _BAR_WIDTH / 2 - _BAR_MARGIN

    def place(value: float) -> float:
        return round(_BAR_WIDTH / 2 + max(-1.0, min(1.0, value / span)) * half, 1)

    values = {
        "name": name,
        "change": f"{100 * lift.estimate:+.1f} %",
        "low": f"{100 * lift.low:+.1f} %" if math.isfinite(lift.low) else "−∞",
        "high": f"{100 * lift.high:+.1f} %" if math.isfinite(lift.high) else "∞",
    }
    return Bar(
        low=place(lift.low),
        high=place(lift.high),
        estimate=place(lift.estimate),
        open_low=lift.low < -span,
        open_high=lift.high > span,
        scale=f"{100 * span:g} %",
        description=_("%(name)s: %(change)s, from %(low)s to %(high)s") % values,
    )
