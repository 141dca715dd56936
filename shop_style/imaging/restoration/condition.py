"""What a picture is like: the same numbers before and after a restoration."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from shop_style.imaging.restoration.contrast import estimate_veil
from shop_style.imaging.restoration.noise import estimate_noise
from shop_style.imaging.restoration.sharpness import estimate_blur
from shop_style.imaging.restoration.white_balance import estimate_cast

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """Measures of one picture.

    noise: deviation of the grain in levels of 255, the strongest channel's. blur: deviation in
    pixels of the Gaussian as wide as its edges; 0 where there are too few. cast: chroma in CIELAB
    of a white thing in its light. veil: share of the range empty at either end.
    """

    noise: float
    blur: float
    cast: float
    veil: float

    def as_dict(self) -> dict[str, float]:
        """By name."""
        return asdict(self)


def condition(rgb: Floats, weights: Floats | None = None) -> Condition:
    """Measure a picture (H, W, 3) in [0, 1]. weights: (H, W), where the product is."""
    return Condition(
        noise=estimate_noise(rgb, weights).worst,
        blur=estimate_blur(rgb),
        cast=estimate_cast(rgb, weights).chroma,
        veil=estimate_veil(rgb),
    )
