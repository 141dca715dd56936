from __future__ import annotations

import numpy as np
import pytest
from skimage.color import lab2rgb

from styleeval.preservation.colour import delta_e_map
from tests.styleeval import pictures


def test_equal_pictures_are_zero_apart_and_the_distance_is_symmetric() -> None:
    one, two = (pictures.floats(make()) for make in (pictures.bottle, pictures.wrong_hue))
    assert delta_e_map(one, one).max() == 0
    np.testing.assert_allclose(delta_e_map(one, two), delta_e_map(two, one), atol=1e-4)


def test_knows_a_published_pair() -> None:
    """Pair 17 of Sharma, Wu & Dalal 2005, table 1: 27.1492; the other pairs leave sRGB's gamut."""
    pair = [[[50.0, 2.5, 0.0]], [[73.0, 25.0, -18.0]]]
    one, two = (lab2rgb(np.array([lab])).astype(np.float32) for lab in pair)
    assert float(delta_e_map(one, two)[0, 0]) == pytest.approx(27.1492, abs=0.01)
