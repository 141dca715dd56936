"""A photo that colours alone cannot cut: the catalogue's bag before leaves of every green."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

BAG = Path(__file__).resolve().parents[2] / "fixtures" / "catalogue" / "tote.png"


def bag_before_leaves(side: int) -> tuple[np.ndarray, np.ndarray]:
    """The photo, (H, W, 3) uint8 of at most so many pixels a side, and where the bag is, (H, W)."""
    cut = Image.open(BAG).convert("RGBA")
    cut.thumbnail((side, side))
    bag = np.asarray(cut, np.float32) / 255
    chance = np.random.default_rng(3)

    def blobs(share: float) -> np.ndarray:
        noise = chance.normal(size=bag.shape[:2])
        found = cv2.GaussianBlur(noise, (0, 0), share * side)
        return found / found.std()

    light = np.clip(0.45 + 0.22 * blobs(1 / 60) + 0.12 * blobs(1 / 15), 0.06, 1)
    warmth = np.clip(0.45 + 0.2 * blobs(1 / 36), 0.1, 0.75)
    leaves = np.stack([warmth * light, light, 0.3 * warmth * light], -1)
    alpha = bag[..., 3:]
    photo = bag[..., :3] * alpha + leaves.clip(0, 1) * (1 - alpha)
    return (photo * 255).astype(np.uint8), alpha[..., 0] > 0.5
