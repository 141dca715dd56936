"""What a picture is like: the same numbers decide a restoration and are shown before and after."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shop_style.imaging.restoration.compression import estimate_quality
from shop_style.imaging.restoration.contrast import estimate_veil
from shop_style.imaging.restoration.noise import NoiseLevel, estimate_noise
from shop_style.imaging.restoration.sharpness import estimate_blur
from shop_style.imaging.restoration.white_balance import Cast, estimate_cast

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


class Findings:
    """All estimates of one picture (H, W, 3) in [0, 1], each made once, when it is asked for.

    weights: (H, W), where the product is on a plain ground or none; None in a scene.
    """

    def __init__(self, rgb: Floats, weights: Floats | None = None) -> None:
        self._rgb = rgb
        self._weights = weights

    @cached_property
    def quality(self) -> int | None:
        """Of the JPEG it was, where its blocks are seen."""
        return estimate_quality(self._rgb)

    @cached_property
    def noise(self) -> NoiseLevel:
        """Its grain."""
        return estimate_noise(self._rgb, self._weights)

    @cached_property
    def blur(self) -> float:
        """The width of its edges, in pixels."""
        return estimate_blur(self._rgb)

    @cached_property
    def cast(self) -> Cast:
        """The colour of its light."""
        return estimate_cast(self._rgb, self._weights)

    @cached_property
    def veil(self) -> float:
        """The share of the range empty at either end."""
        return estimate_veil(self._rgb)

    def condition(self) -> Condition:
        """As numbers."""
        return Condition(
            noise=self.noise.worst, blur=self.blur, cast=self.cast.chroma, veil=self.veil
        )
