"""Windows over a picture: where to read for each part of the output, all of one shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One part of the output and the window of the input it is computed from, in pixels."""

    rows: slice
    columns: slice
    window_rows: slice
    window_columns: slice

    @property
    def inside(self) -> tuple[slice, slice]:
        """Where the part lies within its window."""
        top, left = self.window_rows.start, self.window_columns.start
        return (
            slice(self.rows.start - top, self.rows.stop - top),
            slice(self.columns.start - left, self.columns.stop - left),
        )


def tiles(height: int, width: int, *, side: int, overlap: int) -> Iterator[Tile]:
    """Parts of at most side × side that cover height × width, row by row.

    height, width, side and overlap are multiples of the network's stride, so every window starts
    on it. A window reaches `overlap` beyond its part, except at the picture's border, where it is
    shifted inwards: windows have one shape, and only the picture's own border is ever padded.
    """
    for rows, window_rows in _spans(height, side, overlap):
        for columns, window_columns in _spans(width, side, overlap):
            yield Tile(
                rows=rows, columns=columns, window_rows=window_rows, window_columns=window_columns
            )


def _spans(length: int, side: int, overlap: int) -> Iterator[tuple[slice, slice]]:
    window = min(length, side + 2 * overlap)
    for start in range(0, length, side):
        first = max(0, min(start - overlap, length - window))
        yield slice(start, min(start + side, length)), slice(first, first + window)
