"""The segmenter: for products photographed before green, be it cloth or leaves."""

from __future__ import annotations

import cv2
import numpy as np

from shop_style.imaging.segmenter import Segmenter

GREEN = 0.1
"""How far green must lie above red and blue, of the pixel's brightness, to be ground."""

SPECK = 0.02
"""Share of the picture below which a piece is no product, and a hole no ground."""


class GreenScreen(Segmenter):
    def segment(self, rgb: np.ndarray) -> tuple[np.ndarray, float]:
        red, green, blue = np.moveaxis(rgb.astype(np.float32), -1, 0)
        excess = (green - np.maximum(red, blue)) / np.maximum(rgb.max(axis=-1), 24)
        solid = (excess < GREEN).astype(np.uint8)
        solid = 1 - _without_specks(1 - solid)  # green print on the product
        solid = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        solid = _without_specks(solid)  # what is dark or yellow among the leaves
        weights = cv2.GaussianBlur(solid.astype(np.float32), (0, 0), 0.8)
        return weights, _confidence(solid)


def _without_specks(solid: np.ndarray) -> np.ndarray:
    _, pieces, boxes, _ = cv2.connectedComponentsWithStats(solid)
    large = boxes[:, cv2.CC_STAT_AREA] >= SPECK * solid.size
    return (large[pieces] & (solid == 1)).astype(np.uint8)


def _confidence(solid: np.ndarray) -> float:
    """0.9 where green goes all around the product, less where the product leaves the picture."""
    border = np.concatenate([solid[0], solid[-1], solid[:, 0], solid[:, -1]])
    return 0.9 * float(1 - border.mean())
