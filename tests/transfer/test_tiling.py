"""Windows over a picture."""

from __future__ import annotations

import pytest
import torch

from shop_style.transfer.tiling import tiles


@pytest.mark.parametrize(("height", "width"), [(64, 64), (200, 512), (1000, 336), (8, 2048)])
def test_parts_cover_every_pixel_once_and_windows_have_one_shape(height, width):
    seen = torch.zeros(height, width)
    shapes = set()
    for tile in tiles(height, width, side=128, overlap=64):
        seen[tile.rows, tile.columns] += 1
        window = torch.zeros(height, width)[tile.window_rows, tile.window_columns]
        shapes.add(tuple(window.shape))
        inside = torch.arange(height)[tile.window_rows][tile.inside[0]]
        assert inside.tolist() == list(range(tile.rows.start, tile.rows.stop))
        assert tile.window_rows.start % 8 == tile.window_columns.start % 8 == 0
    assert bool((seen == 1).all())
    assert len(shapes) == 1


def test_a_window_reaches_the_overlap_on_each_side_that_has_picture_left():
    for tile in tiles(1024, 1024, side=256, overlap=64):
        for part, window in (
            (tile.rows, tile.window_rows),
            (tile.columns, tile.window_columns),
        ):
            assert part.start - window.start >= min(64, part.start)
            assert window.stop - part.stop >= min(64, 1024 - part.stop)
