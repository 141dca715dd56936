"""The benchmark of inference runs, and its table says when a goal is missed."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.benchmarks.inference.__main__ import cells
from tests.benchmarks.inference.cells import Finding, table
from tests.benchmarks.inference.figure import false_positives


@pytest.mark.parametrize("name", sorted(cells(1)))
def test_each_cell_runs(name: str) -> None:
    for cell in cells(4)[name]:
        found = cell()
        assert len(table(found).splitlines()) == 2 + len(found)
        assert any(one.holds is not None for one in found)


def test_a_missed_goal_is_marked() -> None:
    rows = [
        Finding(cell="a", measure="kept", value=0.05, goal=(0.04, 0.06)),
        Finding(cell="a", measure="missed", value=0.07, goal=(0.04, 0.06)),
        Finding(cell="a", measure="bound", value=1.7, goal=(0, 1.6), unit="×"),
        Finding(cell="a", measure="worse", value=0.2, control=True),
    ]
    lines = table(rows).splitlines()[2:]
    assert lines == [
        "| a | kept | 5.00 % | 4 to 6 % | yes |",
        "| a | missed | 7.00 % | 4 to 6 % | **no** |",
        "| a | bound | 1.7× | ≤ 1.6× | **no** |",
        "| a | worse | 20.00 % | fails, as expected |  |",
    ]


def test_the_figure_is_drawn_to_scale() -> None:
    rows = [
        Finding(cell="A/A", measure="false positives, one", value=value) for value in (0.05, 0.1)
    ]
    root = ElementTree.fromstring(false_positives(rows))
    bars = [float(bar.get("width", 0)) for bar in root.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert bars[1] == pytest.approx(2 * bars[0], abs=0.1)
