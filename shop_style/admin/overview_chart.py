"""The work of the last hours as bars: done goes up from the line, failed goes down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext

from shop_style.generation.health import Hour

HEIGHT: Final = 100.0
_FAILED_LEAST: Final = 8.0
"""Room below the line even for one that failed, so that it is seen beside hundreds."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One hour. Places are of a drawing one wide for each hour and HEIGHT high."""

    x: float
    width: float
    done_y: float
    done_height: float
    failed_y: float
    failed_height: float
    hour: str
    done: int
    failed: int
    title: str


@dataclass(frozen=True, kw_only=True)
class RateChart:
    """Bars with what is written around them. ticks: hours below, evenly spread."""

    bars: Sequence[Bar]
    width: int
    height: float
    line: float
    most: int
    ticks: Sequence[str]
    description: str

    @property
    def is_empty(self) -> bool:
        """Did nothing end in all these hours?"""
        return not any(bar.done or bar.failed for bar in self.bars)


def rate_chart(hours: Sequence[Hour]) -> RateChart:
    """The drawing of these hours, the oldest on the left."""
    most_done = max((hour.done for hour in hours), default=0)
    most_failed = max((hour.failed for hour in hours), default=0)
    below = 0.0
    if most_failed:
        share = HEIGHT * most_failed / (most_done + most_failed)
        below = min(max(share, _FAILED_LEAST), HEIGHT / 2 if most_done else HEIGHT)
    line = HEIGHT - below
    bars = [
        _bar(number, hour, line, line / max(most_done, 1), below / max(most_failed, 1))
        for number, hour in enumerate(hours)
    ]
    return RateChart(
        bars=bars,
        width=len(bars),
        height=HEIGHT,
        line=round(line, 2),
        most=most_done,
        ticks=[bar.hour for bar in bars[:: max(len(bars) // 4, 1)]] if bars else [],
        description=_description(hours),
    )


def _bar(number: int, hour: Hour, line: float, up: float, down: float) -> Bar:
    name = _hour(hour)
    done = ngettext("%d done", "%d done", hour.done) % hour.done
    failed = ngettext("%d failed", "%d failed", hour.failed) % hour.failed
    return Bar(
        x=number + 0.1,
        width=0.8,
        done_y=round(line - up * hour.done, 2),
        done_height=round(up * hour.done, 2),
        failed_y=round(line, 2),
        failed_height=round(down * hour.failed, 2),
        hour=name,
        done=hour.done,
        failed=hour.failed,
        title=f"{name}: {done}, {failed}",
    )


def _hour(hour: Hour) -> str:
    return date_format(localtime(hour.start), "H:i")


def _description(hours: Sequence[Hour]) -> str:
    done, failed = sum(hour.done for hour in hours), sum(hour.failed for hour in hours)
    if not done and not failed:
        return gettext("In the last %(hours)d hours no variant was done, and none failed.") % {
            "hours": len(hours)
        }
    busiest = max(hours, key=lambda hour: hour.done)
    return gettext(
        "In the last %(hours)d hours %(done)s variants were done and %(failed)s failed; most in "
        "one hour were %(most)s, from %(from)s on."
    ) % {
        "hours": len(hours),
        "done": f"{done:,}",
        "failed": f"{failed:,}",
        "most": f"{busiest.done:,}",
        "from": _hour(busiest),
    }
