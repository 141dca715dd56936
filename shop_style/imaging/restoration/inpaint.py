"""A marked region, such as a scratch or a price tag, filled from its surroundings."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

THIN: Final = 6.0
"""Half width in pixels up to which a biharmonic fill is taken; wider ones go by Telea's march."""

_MOST_BIHARMONIC: Final = 20_000
_MARGIN: Final = 2
_RADIUS: Final = 5.0


def fill_marked(rgb: Floats, marked: Bools) -> Floats:
    """A picture (H, W, 3) in [0, 1] with what is true in `marked` (H, W) filled in.

    Scratches and specks by the biharmonic equation, which carries slopes across; wide regions by
    Telea's marching, which stays stable there but is smooth: no detail is invented. Pixels that
    are not marked stay as they are, bit for bit.
    Raises ValueError where the mark is of another size or leaves nothing to fill from.
    Source: Damelin & Hoang, "On Surface Completion and Image Inpainting by Biharmonic Functions",
    2018; Telea, "An Image Inpainting Technique Based on the Fast Marching Method", 2004.
    """
    if marked.shape != rgb.shape[:2]:
        raise ValueError(f"the mark is {marked.shape}, the picture {rgb.shape[:2]}")
    if not marked.any():
        return rgb
    if marked.all():
        raise ValueError("the whole picture is marked: there is nothing to fill it from")
    count, numbered = cv2.connectedComponents(marked.astype(np.uint8))
    labels = np.asarray(numbered, np.int32)
    depth = cv2.distanceTransform(marked.astype(np.uint8), cv2.DIST_L2, 5)
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, labels.ravel(), np.asarray(depth, np.float32).ravel())
    thin = (deepest <= THIN)[labels] & marked
    if thin.sum() > _MOST_BIHARMONIC:
        thin = np.zeros_like(thin)
    filled = _marched(rgb, marked & ~thin)
    return _biharmonic(filled, thin)


def _biharmonic(rgb: Floats, marked: Bools) -> Floats:
    if not marked.any():
        return rgb
    from skimage.restoration import inpaint_biharmonic

    made = inpaint_biharmonic(rgb, marked, split_into_regions=True, channel_axis=-1)
    return np.where(marked[..., None], np.clip(made, 0, 1), rgb).astype(np.float32)


def _marched(rgb: Floats, marked: Bools) -> Floats:
    if not marked.any():
        return rgb
    # Edge pixels of a mark drawn by hand are half the defect's.
    kernel = np.ones((2 * _MARGIN + 1, 2 * _MARGIN + 1), np.uint8)
    avoided = cv2.dilate(marked.astype(np.uint8), kernel)
    eight = np.asarray(np.rint(rgb * 255), np.uint8)
    made = cv2.inpaint(eight, avoided, _RADIUS, cv2.INPAINT_TELEA).astype(np.float32) / 255
    return np.where(marked[..., None], made, rgb).astype(np.float32)
