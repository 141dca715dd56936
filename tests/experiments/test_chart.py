"""The pictures of a report: lines of the CTR over time, bars of a lift's interval."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shop_style.experiments.reporting.chart import Chart, ctr_chart, lift_bars
from shop_style.experiments.reporting.values import Effect, Hour
from styleeval.inference import Comparison, Interval

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
NAMES = {"control": "Originals", "warm": "Warm"}


def hour(arm: str, number: int, viewable: int, clicks: int) -> Hour:
    return Hour(arm=arm, hour=START + timedelta(hours=number), viewable=viewable, clicks=clicks)


def chart(hours: list[Hour], zone: Any = UTC) -> Chart:
    found = ctr_chart(hours, NAMES, zone=zone)
    assert found is not None
    return found


def effect(low: float, estimate: float, high: float, name: str = "Warm") -> Effect:
    comparison = Comparison(
        difference=Interval(0.01, 0.0, 0.02, 0.05),
        standard_error=0.005,
        degrees_of_freedom=500.0,
        p_value=0.05,
        lift=Interval(estimate, low, high, 0.05),
    )
    return Effect(arm="warm", name=name, state="no_difference_shown", comparison=comparison)


def rate_at(drawn: Chart, y: float) -> float:
    """The CTR that a height stands for, read off the axis as a person would."""
    zero, top = drawn.up[0], drawn.up[-1]
    share = (zero.at - y) / (zero.at - top.at)
    return share * float(top.label.removesuffix(" %")) / 100


def test_a_line_is_all_clicks_over_all_impressions_so_far() -> None:
    drawn = chart([hour("warm", 0, 100, 10), hour("warm", 1, 300, 10), hour("warm", 3, 100, 5)])
    (line,) = drawn.lines
    rates = [rate_at(drawn, y) for _x, y in line.points]
    # 10/100, 20/400, 25/500; heights are rounded to a tenth of 248 units.
    assert rates == pytest.approx([0.1, 0.05, 0.05], abs=0.0005)
    assert line.label == "5.00 %"
    x = [x for x, _y in line.points]
    assert (x[1] - x[0]) * 2 == pytest.approx(x[2] - x[1], abs=0.3)
    assert (x[0], x[-1]) == (drawn.left, drawn.right)


def test_phases_of_one_hour_add_up() -> None:
    once = chart([hour("warm", 0, 100, 4), hour("warm", 1, 50, 3)])
    parts = [hour("warm", 0, 60, 1), hour("warm", 0, 40, 3), hour("warm", 1, 50, 3)]
    assert chart(parts).lines == once.lines


def test_a_line_goes_on_to_the_last_hour_of_any_arm_and_begins_with_its_own_first() -> None:
    drawn = chart([hour("control", 0, 100, 5), hour("warm", 2, 100, 8), hour("control", 4, 1, 0)])
    control, warm = drawn.lines
    assert [line.key for line in drawn.lines] == [0, 1]
    assert warm.points[0][0] == pytest.approx((drawn.left + drawn.right) / 2)
    assert warm.end[0] == control.end[0] == drawn.right
    assert len({y for _x, y in warm.points}) == 1


def test_nothing_seen_is_no_chart() -> None:
    assert ctr_chart([], NAMES, zone=UTC) is None
    assert ctr_chart([hour("warm", 0, 0, 0)], NAMES, zone=UTC) is None
    assert ctr_chart([hour("warm", 0, 5, 1)], {}, zone=UTC) is None


def test_one_hour_is_a_dot_in_the_middle() -> None:
    drawn = chart([hour("control", 0, 40, 0), hour("warm", 0, 40, 2)])
    assert [len(line.points) for line in drawn.lines] == [1, 1]
    assert drawn.lines[0].end[0] == (drawn.left + drawn.right) / 2
    assert [tick.label for tick in drawn.across] == ["2 Mar 2026, 10:00"]


def test_no_click_at_all_still_has_an_axis() -> None:
    drawn = chart([hour("warm", number, 10, 0) for number in range(3)])
    assert {y for _x, y in drawn.lines[0].points} == {drawn.bottom}
    assert drawn.up[0].label.startswith("0") and len(drawn.up) > 1


def test_the_first_lucky_click_does_not_set_the_scale() -> None:
    hours = [hour("warm", 0, 1, 1), *(hour("warm", n, 100, 5) for n in range(1, 20))]
    drawn = chart(hours)
    assert float(drawn.up[-1].label.removesuffix(" %")) <= 10
    assert drawn.lines[0].points[0][1] < drawn.top  # drawn, and cut off above the axis


@pytest.mark.parametrize("days", [1, 3, 14, 90, 400, 1500])
def test_ticks_are_few_in_order_and_within(days: int) -> None:
    drawn = chart([hour("warm", number, 10, 1) for number in range(days * 24)])
    places = [tick.at for tick in drawn.across]
    assert 2 <= len(places) <= 8
    assert places == sorted(set(places))
    assert drawn.left <= places[0] and places[-1] <= drawn.right
    assert len(drawn.lines[0].points) <= 302


def test_midnights_are_those_of_the_shop_also_when_the_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    # From 26 March; at 01:00 UTC on the 29th, Berlin's clocks go forward.
    hours = [hour("warm", number, 10, 1) for number in range(24 * 24, 24 * 30)]
    drawn = chart(hours, berlin)
    step = (drawn.right - drawn.left) / (len(hours) - 1)
    for tick in drawn.across:
        place = hours[0].hour + timedelta(hours=(tick.at - drawn.left) / step)
        local = (place + timedelta(minutes=30)).astimezone(berlin)
        assert (local.hour, f"{local.day} Mar") == (0, tick.label.replace("Apr", "Mar"))


def test_labels_of_close_lines_do_not_cover_each_other() -> None:
    names = {f"arm{number}": f"Arm {number}" for number in range(5)}
    for clicks in (0, 50, 1000):
        hours = [hour(slug, n, 1000, clicks) for slug in names for n in range(2)]
        drawn = ctr_chart(hours, names, zone=UTC)
        assert drawn is not None
        places = sorted(line.label_at for line in drawn.lines)
        gaps = [b - a for a, b in zip(places, places[1:], strict=False)]
        assert min(gaps) >= 12
        assert places[0] >= drawn.top - 1 and places[-1] <= drawn.bottom + 1


def test_the_description_says_what_the_lines_show() -> None:
    drawn = chart([hour("control", 0, 100, 5), hour("warm", 30, 200, 12)])
    assert "Originals 5.00 %, Warm 6.00 %" in drawn.description
    assert "2 Mar 2026, 10:00" in drawn.description


def test_a_bar_lies_where_its_numbers_are() -> None:
    bar, other = lift_bars([effect(-0.1, 0.1, 0.4), effect(-0.2, -0.1, -0.05)])
    assert bar is not None and other is not None
    assert bar.scale == other.scale == "40 %"
    unit = (bar.high - bar.zero) / 0.4
    assert bar.zero - bar.low == pytest.approx(0.1 * unit, abs=0.1)
    assert bar.estimate - bar.zero == pytest.approx(0.1 * unit, abs=0.1)
    assert other.high < other.zero
    assert not (bar.open_low or bar.open_high)
    assert bar.description == "Warm: +10.0 %, from -10.0 % to +40.0 %"


def test_an_infinite_bound_goes_on_beyond_the_drawing() -> None:
    (bar,) = lift_bars([effect(-0.9, 0.2, math.inf)])
    assert bar is not None
    assert bar.open_high and not bar.open_low
    assert bar.high < bar.width and all(map(math.isfinite, (bar.low, bar.high, bar.estimate)))
    assert "∞" in bar.description


def test_one_far_bound_leaves_the_other_bars_readable() -> None:
    far, near = lift_bars([effect(-0.5, 0.5, 80.0), effect(-0.1, 0.1, 0.3)])
    assert far is not None and near is not None
    assert far.open_high
    assert near.high - near.low > 15


def test_without_a_lift_there_is_no_bar() -> None:
    nothing = Effect(arm="warm", name="Warm", state="not_enough_data", comparison=None)
    assert lift_bars([nothing]) == [None]
    assert lift_bars([]) == []
