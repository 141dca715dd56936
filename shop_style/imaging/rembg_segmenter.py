"""Segmenter `rembg`: a salient-object network of that package, which fetches its own weights."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from shop_style.exceptions import SegmenterError
from shop_style.imaging.segmenter import Segmenter
from styleeval.sentence import said

MOST_CONFIDENT: Final = 0.9
"""A network's guess is never as sure as transparency or a person's mask."""

_LEAST, _MOST = 0.005, 0.98


class RembgSegmenter(Segmenter):
    """Needs the extra `django-shop-style[rembg]`.

    rembg downloads the model named here at first use and keeps it in its own folder; a machine
    without a network is given the file by hand (docs/masks.md). A subclass names another model.
    """

    model: ClassVar[str] = "isnet-general-use"
    # rembg's own default, bria-rmbg, asks for a paid licence in a shop.

    def __init__(self) -> None:
        """Raises SegmenterError where the package is missing or its model cannot be had."""
        try:
            import rembg
        except ImportError as error:
            raise SegmenterError(
                said(
                    "the segmenter 'rembg' needs the package rembg ({why}); install "
                    "django-shop-style[rembg], or empty SHOP_STYLE['SEGMENTER']",
                    why=error,
                )
            ) from error
        try:
            self._session: Any = rembg.new_session(self.model)
        except Exception as error:  # a download fails in as many ways as a network does
            raise SegmenterError(
                said(
                    "rembg has no model {model!r} and cannot fetch it ({kind}: {why}); let this "
                    "machine reach its address once, or put the file into rembg's folder "
                    "(docs/masks.md)",
                    model=self.model,
                    kind=type(error).__name__,
                    why=error,
                )
            ) from error
        self._remove = rembg.remove

    def segment(self, rgb: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float]:
        """Weights (H, W) float32 in [0, 1], and how decided they are, at most MOST_CONFIDENT."""
        mask = np.asarray(self._remove(rgb, session=self._session, only_mask=True))
        weights = mask.astype(np.float32) / np.float32(255)
        return weights, decidedness(weights)


def decidedness(weights: NDArray[np.float32]) -> float:
    """How far a mask is product or background and nothing between, from 0 to MOST_CONFIDENT.

    No probability: rembg gives none. It falls by the undecided share of the product's extent, and
    is 0 for a mask that holds next to nothing or everything.
    """
    product = float(np.mean(weights > 0.5))
    if not _LEAST <= product <= _MOST:
        return 0.0
    undecided = float(np.mean((weights > 0.1) & (weights < 0.9)))
    return MOST_CONFIDENT * max(0.0, 1 - undecided / product)
