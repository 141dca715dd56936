"""The evidence sheet: rows, an outline on the edge, heat that grows with what was measured."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from shop_style.imaging.evidence import evidence_sheet
from shop_style.imaging.sheet import HEAT, ROWS
from styleeval.preservation.colour import delta_e, lab

MEASURES = ROWS[1:]
# WebP is lossy in colour and, here, in alpha.
LOSS = 12


def ring(height: int = 240, width: int = 300) -> Any:
    """Where a product with a hole lies."""
    weights = np.zeros((height, width), np.float32)
    cv2.circle(weights, (width // 2, height // 2), 90, 1.0, -1)
    cv2.circle(weights, (width // 2, height // 2), 40, 0.0, -1)
    return weights


def unchanged(shape: tuple[int, int]) -> dict[str, Any]:
    """Maps of a candidate that equals its original."""
    return {
        name: np.full(shape, 1.0 if name in ("ssim", "detail") else 0.0, np.float32)
        for name in MEASURES
    }


def rows_of(sheet: bytes) -> dict[str, Any]:
    """The rows of a sheet, (h, w, 4)."""
    pixels = np.asarray(Image.open(io.BytesIO(sheet)).convert("RGBA"))
    assert pixels.shape[0] % len(ROWS) == 0
    return dict(zip(ROWS, np.split(pixels, len(ROWS)), strict=True))


@pytest.mark.parametrize(
    ("shape", "row"), [((240, 300), (240, 300)), ((1200, 900), (453, 340)), ((3, 700), (3, 700))]
)
def test_every_row_has_the_pictures_shape_and_none_is_enlarged(
    shape: tuple[int, int], row: tuple[int, int]
) -> None:
    sheet = evidence_sheet(np.ones(shape, np.float32), unchanged(shape))
    assert {pixels.shape[:2] for pixels in rows_of(sheet).values()} == {row}


def test_the_outline_runs_along_the_edge_of_product_and_hole_and_nowhere_else() -> None:
    weights = ring()
    drawn = rows_of(evidence_sheet(weights, unchanged(weights.shape)))["outline"]
    seen = drawn[..., 3] > 128
    solid = weights.astype(np.uint8)
    to_edge = sum(cv2.distanceTransform(side, cv2.DIST_L2, 5) for side in (solid, 1 - solid))
    assert to_edge[seen].max() < 4
    edge = (to_edge <= 1) & (solid == 1)
    assert drawn[..., 3][edge].min() > 150
    # On the edge it has the line's colour, beside it the casing's.
    red, green = drawn[..., 0][edge].astype(int), drawn[..., 1][edge].astype(int)
    assert np.median(red - green) > 90


def test_nothing_is_drawn_where_nothing_changed() -> None:
    weights = ring()
    rows = rows_of(evidence_sheet(weights, unchanged(weights.shape)))
    for name in MEASURES:
        assert rows[name][..., 3].max() == 0, name


@pytest.mark.parametrize("name", MEASURES)
def test_heat_grows_and_darkens_with_what_was_measured(name: str) -> None:
    weights = np.ones((96, 320), np.float32)
    heat = HEAT[name]
    maps = unchanged(weights.shape)
    steps = np.linspace(heat.clear, heat.full, 8, dtype=np.float32)
    maps[name] = np.repeat(np.repeat(steps, 40)[None], 96, axis=0)
    row = rows_of(evidence_sheet(weights, maps))[name].astype(float)
    blocks = [row[20:76, 40 * at + 10 : 40 * at + 30].reshape(-1, 4).mean(0) for at in range(8)]
    alpha = [block[3] for block in blocks]
    assert alpha[0] < LOSS and all(np.diff(alpha) > 5)
    # The product is still to be seen under the hottest.
    assert 150 < alpha[-1] < 220
    lightness = [block[:3] @ (0.299, 0.587, 0.114) for block in blocks[1:]]
    assert all(np.diff(lightness) < 0)


def test_measures_of_the_product_alone_are_not_drawn_around_it() -> None:
    weights = ring()
    maps = {name: np.full(weights.shape, HEAT[name].full, np.float32) for name in MEASURES}
    rows = rows_of(evidence_sheet(weights, maps))
    around = cv2.dilate(weights, np.ones((9, 9))) == 0
    within = cv2.erode(weights, np.ones((9, 9))) == 1
    for name in MEASURES:
        alpha = rows[name][..., 3]
        assert alpha[within].min() > 150, name
        assert (alpha[around].max() < LOSS) == HEAT[name].of_product, name


def test_a_recoloured_spot_is_hot_and_the_rest_is_clear() -> None:
    original = np.full((240, 300, 3), 0.9, np.float32)
    original[ring() > 0] = (0.15, 0.35, 0.6)
    candidate = original.copy()
    candidate[40:70, 120:180][ring()[40:70, 120:180] > 0] = (0.6, 0.35, 0.15)
    maps = unchanged((240, 300))
    maps["delta_e"] = delta_e(lab(original), lab(candidate))
    alpha = rows_of(evidence_sheet(ring(), maps))["delta_e"][..., 3]
    changed = np.any(candidate != original, axis=-1)
    inner = cv2.erode(changed.astype(np.uint8), np.ones((5, 5))) > 0
    outer = cv2.dilate(changed.astype(np.uint8), np.ones((25, 25))) > 0
    assert inner.sum() > 500 and alpha[inner].min() > 120
    assert alpha[~outer].max() < LOSS
