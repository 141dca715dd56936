"""Where the cells of a job's sheet lie, so that a page can show each of them by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

CELL: Final = 360
"""Side of a cell in pixels; a picture lies in its middle."""

GAP: Final = 16

Box = tuple[int, int, int, int]


def cell_box(row: int, column: int) -> Box:
    """Left, top, width and height of a cell in pixels."""
    step = CELL + GAP
    return GAP + column * step, GAP + row * step, CELL, CELL


def picture_box(row: int, column: int, size: Sequence[int]) -> Box:
    """The part of a cell that its picture covers. size: width and height of the picture there."""
    left, top, width, height = cell_box(row, column)
    return left + (width - size[0]) // 2, top + (height - size[1]) // 2, size[0], size[1]


def sheet_size(rows: int, columns: int) -> tuple[int, int]:
    """Width and height of a sheet in pixels."""
    step = CELL + GAP
    return columns * step + GAP, rows * step + GAP
