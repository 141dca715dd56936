"""Does the product still end where it ended? Its outline found anew in the candidate's pixels."""

from __future__ import annotations

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

_REACH: Final = 1 / 40
"""How far inside the outline a product may have dissolved, of the product's size; deeper, what has
the background's colour counts as its pattern unless it joins the background."""


def silhouette_iou(original: Floats, candidate: Floats, mask: Floats) -> float:
    """Intersection over union of the product in `mask` and the one found in the candidate, 0–1.

    original, candidate: (H, W, 3) sRGB in [0, 1]. mask: (H, W) in [0, 1]; what lies between 0.02
    and 0.98, and a pixel on both sides of the outline, is left out.
    Beside the product the background is the original's own: whatever now differs from it is taken
    for product (fabric that ran over the edge, a product that moved). Inside, the background is
    carried in from around the outline: what now has its colour and joins it is lost (a bite, a
    light fabric that melts into white). Where already the original cannot be told from its
    background, as white on white, nothing is counted, so an unchanged picture scores 1.
    For modes that keep the background: a restyled one differs everywhere. A textured background
    that shows through where the product was is not recognised as background.
    """
    product = mask > 0.5
    if not product.any():
        return 1.0
    behind = _behind(original, mask)
    counted = ~_outline(mask)
    shown, found = (_shown(item, behind, product) for item in (original, candidate))
    # An original that differs from itself nowhere beside the product.
    counted &= (shown == product) | ~product
    union = (found | product) & counted
    if not union.any():
        return 1.0
    return float((found & product & counted).sum() / union.sum())


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
    full = cv2.resize(filled(colour, known), mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
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
