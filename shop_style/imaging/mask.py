"""Where the product is: a ladder of ways to tell, each with its confidence.

Real transparency; the merchant's own mask; a plain border, white or coloured; colours alone
(GrabCut); a segmenter that a third party plugs in. The first that can be trusted is taken, else
the one that can be trusted most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from shop_style.imaging.borderfill import BorderFill, fill_border
from shop_style.imaging.grabcut import cut_out
from shop_style.imaging.guided import guided
from shop_style.imaging.intake import Photo
from shop_style.imaging.segmenter import Segmenter

Floats = NDArray[np.float32]
Origin = Literal["alpha", "merchant", "white", "plain", "colours", "segmenter", "none"]

MIN_CONFIDENCE: Final = 0.5
"""Below this a mask is no ground for treating product and background differently."""

_WORKING_SIDE: Final = 1024
_MIN_CUT_OUT: Final = 0.02
_BAND: Final = 2
_NEARBY: Final = 3
_SOLID: Final = np.float32(0.85)


@dataclass(frozen=True, eq=False)
class ProductMask:
    """The product's share of each pixel.

    weights: (H, W) float32 in [0, 1], 1 on the product. confidence: 0 (unknown) to 1 (sure).
    origin: the rung of the ladder that it came from.
    """

    weights: Floats
    confidence: float
    origin: Origin

    @property
    def background(self) -> Floats:
        """The background's share of each pixel, (H, W) float32 in [0, 1]."""
        return np.float32(1) - self.weights

    @property
    def usable(self) -> bool:
        """May product and background be treated differently?"""
        return self.origin != "none" and self.confidence >= MIN_CONFIDENCE


def find_mask(
    photo: Photo, *, merchant: Floats | None = None, segmenter: Segmenter | None = None
) -> ProductMask:
    """The product mask of a photo.

    merchant: (H, W) in [0, 1], what the merchant says is product. segmenter: asked when all else
    is unsure. Where nothing is found it is the whole picture, with confidence 0.
    """
    if photo.alpha is not None and _is_cut_out(photo.alpha):
        return ProductMask(photo.alpha, 1.0, "alpha")
    if merchant is not None:
        return ProductMask(merchant, 1.0, "merchant")
    rgb = _bytes(photo.flattened())
    small = _reduced(rgb)
    fill = fill_border(small)
    found = [_filled(rgb, fill)] if fill is not None else []
    if not _sure(found):
        found.append(_cut(rgb, small, fill))
    if not _sure(found) and segmenter is not None:
        weights, confidence = segmenter.segment(rgb)
        found.append(ProductMask(weights, confidence, "segmenter"))
    best = max(found, key=lambda mask: mask.confidence)
    if best.confidence > 0:
        return best
    return ProductMask(np.ones(rgb.shape[:2], np.float32), 0.0, "none")


def _sure(found: list[ProductMask]) -> bool:
    return any(mask.usable for mask in found)


def _filled(rgb: NDArray[np.uint8], fill: BorderFill) -> ProductMask:
    return ProductMask(_refined(rgb, fill), fill.confidence, "white" if fill.white else "plain")


def _cut(rgb: NDArray[np.uint8], small: NDArray[np.uint8], fill: BorderFill | None) -> ProductMask:
    cut = cut_out(small, None if fill is None else fill.background)
    trusted = cut.confidence
    if fill is not None and fill.white:
        trusted *= fill.distinct * _agreement(cut.product, fill)
    size = (rgb.shape[1], rgb.shape[0])
    soft = np.asarray(cv2.resize(cut.product.astype(np.float32), size), np.float32)
    radius = max(2, round(min(size) / min(cut.product.shape)) * 2)
    return ProductMask(guided(soft, rgb, radius), trusted, "colours")


def _agreement(product: NDArray[np.bool_], fill: BorderFill) -> float:
    """0.2–1: how far a cut finds the product that a white ground leaves over.

    White that is hard to tell from its product is no easier for colours alone.
    """
    size = (product.shape[1], product.shape[0])
    left = cv2.resize((~fill.background).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    rest = left > 0.5
    shared = (product & rest).sum() / max(int((product | rest).sum()), 1)
    return float(np.interp(shared, [0.85, 0.95], [0.2, 1]))


def _is_cut_out(alpha: Floats) -> bool:
    # Rounded corners alone say nothing about where the product is.
    return float(np.mean(alpha < 0.1)) >= _MIN_CUT_OUT and bool(np.any(alpha > 0.5))


def _bytes(rgb: Floats) -> NDArray[np.uint8]:
    return np.asarray(cv2.convertScaleAbs(rgb, alpha=255), np.uint8)


def _reduced(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    scale = _WORKING_SIDE / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _refined(rgb: NDArray[np.uint8], fill: BorderFill) -> Floats:
    """Weights at full size: sure inside and outside, judged by colour in a band between."""
    height, width = rgb.shape[:2]
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _BAND + 1, 2 * _BAND + 1))
    product = (~fill.background).astype(np.uint8)
    possible = cv2.dilate(product, kernel)
    certain = cv2.erode(product, kernel, borderType=cv2.BORDER_REPLICATE)
    size = (width, height)
    possible = cv2.resize(possible, size, interpolation=cv2.INTER_NEAREST)
    certain = cv2.resize(certain, size, interpolation=cv2.INTER_NEAREST)
    fringe = cv2.resize(fill.fringe.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    difference, beyond = _difference(rgb, fill)
    full = np.maximum(beyond, np.float32(fill.edge))
    weights = certain.astype(np.float32)
    band = ((possible == 1) & (certain == 0)) | (fringe == 1)
    weights[band] = np.clip((difference[band] - fill.tolerance) / full[band], 0, 1)
    return weights


def _difference(rgb: NDArray[np.uint8], fill: BorderFill) -> tuple[Floats, Floats]:
    """Levels between each pixel and the background, and the most of it nearby.

    An edge pixel half white, half product shows half of the difference of the product beside it.
    """
    tone = cv2.resize(fill.ground, rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    red, green, blue = cv2.split(cv2.absdiff(rgb, np.asarray(np.rint(tone), np.uint8)))
    difference = cv2.max(cv2.max(red, green), blue)
    kernel = np.ones((2 * _NEARBY + 1, 2 * _NEARBY + 1), np.uint8)
    beyond = cv2.dilate(difference, kernel)
    return difference.astype(np.float32), _SOLID * beyond.astype(np.float32)
