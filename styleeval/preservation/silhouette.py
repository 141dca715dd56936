"""Does the product still end where it ended? Its outline found anew in the candidate's pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from styleeval.preservation.pullpush import filled

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

_VISIBLE: Final = 5.0
"""ΔE76 from the background at which a pixel counts as product: past JPEG's noise, well below what
parts a light product from white paper."""

_ANOTHER_GROUND: Final = 0.5
"""Share of the ground that differs, above which it is no longer the original's."""

_STRETCH: Final = 10.0
"""Deviation in pixels of the Gaussian that a stretch of outline is seen through."""


@dataclass(frozen=True, kw_only=True)
class SilhouetteKept:
    """What became of a silhouette. iou: intersection over union, 0–1. moved: how far the outline
    lies from where it lay, over the stretch that moved most, in pixels beyond the first."""

    iou: float
    moved: float


class Silhouette:
    """An original's product against its own background, which candidates are held against.

    Beside the product the background is the original's own: whatever now differs from it is taken
    for product (fabric that ran over the edge, a product that moved). Inside, the background is
    carried in from around the outline: what now has its colour and joins it is lost (a bite, a
    light fabric that melts into white). Where already the original cannot be told from its
    background, as white on white, nothing is counted, so an unchanged picture scores 1.
    For modes that keep the background. A textured background
    that shows through where the product was is not recognised as background.
    """

    def __init__(self, original: Floats, mask: Floats) -> None:
        """original: (H, W, 3) sRGB in [0, 1]. mask: (H, W) in [0, 1]; what lies between 0.02 and
        0.98, and a pixel on both sides of the outline, is left out."""
        self._product = mask > 0.5
        self._behind = _behind(original, mask)
        shown = _shown(original, self._behind, self._product)
        sure = ~_outline(mask)
        # An original that differs from itself nowhere beside the product.
        self._counted = sure & ((shown == self._product) | ~self._product)
        self._steady = sure & (shown == self._product)

    def kept(self, candidate: Floats) -> SilhouetteKept | None:
        """What became of it in a candidate (H, W, 3) sRGB in [0, 1]; None on another ground, which
        differs over most of its area."""
        if not self._product.any():
            return SilhouetteKept(iou=1.0, moved=0.0)
        found = _shown(candidate, self._behind, self._product)
        beside = found[~self._product]
        if beside.size and beside.mean() > _ANOTHER_GROUND:
            return None
        return SilhouetteKept(iou=self._iou(found), moved=self._moved(found))

    def _iou(self, found: Bools) -> float:
        union = (found | self._product) & self._counted
        if not union.any():
            return 1.0
        return float((found & self._product & self._counted).sum() / union.sum())

    def _moved(self, found: Bools) -> float:
        """The area gained or lost over the length of outline near it."""
        wrong = ((found != self._product) & self._steady).astype(np.float32)
        line, nearby = self._line
        over = cv2.GaussianBlur(wrong, (0, 0), _STRETCH) / np.maximum(nearby, 1e-3)
        return float(over[line].max(initial=0.0))

    @cached_property
    def _line(self) -> tuple[Bools, Floats]:
        solid = self._product.astype(np.uint8)
        line = solid - cv2.erode(solid, np.ones((3, 3), np.uint8))
        nearby = cv2.GaussianBlur(line.astype(np.float32), (0, 0), _STRETCH)
        return np.asarray(line == 1), np.asarray(nearby, np.float32)


def silhouette_iou(original: Floats, candidate: Floats, mask: Floats) -> float:
    """Intersection over union of the product in `mask` and the one found in the candidate, 0–1;
    0 on another ground. See `Silhouette`."""
    kept = Silhouette(original, mask).kept(candidate)
    return 0.0 if kept is None else kept.iou


def _outline(mask: Floats) -> Bools:
    """(H, W): places that are partly background, and their neighbours."""
    kernel = np.ones((3, 3), np.uint8)
    product = (mask > 0.5).astype(np.uint8)
    edge = cv2.dilate(product, kernel) != cv2.erode(product, kernel)
    edge |= (mask > 0.02) & (mask < 0.98)
    return np.asarray(edge, np.bool_)


def _behind(original: Floats, mask: Floats) -> Floats:
    """CIELAB (H, W, 3) of the background, carried smoothly under the product."""
    lab = np.asarray(cv2.cvtColor(original, cv2.COLOR_RGB2Lab), np.float32)
    sure = (mask < 0.02).astype(np.float32)
    # An antialiased pixel that the mask calls background would colour all of it.
    kernel = np.ones((3, 3), np.uint8)
    eroded = cv2.erode(sure, kernel, borderType=cv2.BORDER_REPLICATE)
    away = np.asarray(eroded, np.float32)
    quarter = ((mask.shape[1] + 3) // 4, (mask.shape[0] + 3) // 4)
    known = _resized(away, quarter)
    colour = _resized(lab * away[..., None], quarter) / np.maximum(known, 1e-6)[..., None]
    whole = filled(colour.astype(np.float32), known)
    full = cv2.resize(whole, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(mask[..., None] < 0.5, lab, full).astype(np.float32)


def _resized(array: Floats, size: tuple[int, ...]) -> Floats:
    return np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA), np.float32)


def _shown(picture: Floats, behind: Floats, product: Bools) -> Bools:
    """(H, W): where the picture shows a product."""
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2Lab)
    apart = cv2.absdiff(lab, behind)
    squared = np.square(apart[..., 0]) + np.square(apart[..., 1]) + np.square(apart[..., 2])
    unlike = (squared > _VISIBLE**2).astype(np.uint8)
    # Specks of compression are no product, and single light threads no hole in one.
    unlike = np.asarray(cv2.medianBlur(unlike, 3), np.uint8)
    joined = _joined_to(unlike == 0, ~product)
    return np.asarray(np.where(product, ~joined, unlike == 1), np.bool_)


def _joined_to(like: Bools, background: Bools) -> Bools:
    """What has the background's colour and reaches the background."""
    _, labels = cv2.connectedComponents(like.astype(np.uint8), connectivity=4)
    touched = np.zeros(int(labels.max()) + 1, np.bool_)
    touched[labels[background & like]] = True
    touched[0] = False
    return np.asarray(touched[labels], np.bool_)
