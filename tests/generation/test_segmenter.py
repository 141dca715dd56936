"""A third party's segmenter, from its entry point to a published variant."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shop_style.imaging import segmenter
from shop_style.imaging.segmenter import Segmenter
from shop_style.models import Status
from shop_style.sources import source_image
from tests.generation.guides import (
    encoded,
    rendered,
)

pytestmark = pytest.mark.django_db(transaction=True)


class Middle(Segmenter):
    """As a third party writes one: the product is in the middle."""

    asked = 0

    def segment(self, rgb: Any) -> tuple[Any, float]:
        Middle.asked += 1
        height, width = rgb.shape[:2]
        weights = np.zeros((height, width), np.float32)
        weights[height // 4 : -height // 4, width // 4 : -width // 4] = 1
        return weights, 0.8


def test_a_third_partys_segmenter_finds_what_nothing_else_does(
    make_chair: Any, make_style: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = EntryPoint("middle", f"{__name__}:Middle", segmenter.ENTRY_POINT_GROUP)
    monkeypatch.setattr(segmenter, "entry_points", lambda *, group: [point])
    segmenter.installed_segmenter.cache_clear()
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "SEGMENTER": "middle"}
    noise = np.random.default_rng(4).integers(0, 255, (80, 96, 3), np.uint8)
    style, data = make_style(region="background"), encoded(Image.fromarray(noise))
    try:
        found = rendered(source_image(make_chair(data=data)), style)
        on_white = rendered(source_image(make_chair()), style)
    finally:
        segmenter.installed_segmenter.cache_clear()
    assert (found.status, found.scorecard["mask_confidence"]) == (Status.READY, 0.8)
    assert found.scorecard["mask_coverage"] == pytest.approx(0.25, abs=0.01)
    # Where the border tells, nobody is asked.
    assert on_white.status == Status.READY and Middle.asked == 1
