"""Real photos whose product was outlined by hand, on their own grounds: rooms, boards, studios."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shop_style.imaging.intake import Photo, decode
from tests.benchmarks.pictures import SHARED

Floats = NDArray[np.float32]

OUTLINES: Final = Path(__file__).with_name("hand_masks.json")
SIDE: Final = 1024
"""Long side of the picture that the outlines' points count on; they are within 3 px of it by eye
where the product ends sharply, spines and fluff left out."""


def hand_drawn() -> Iterator[tuple[str, Photo, Floats]]:
    """Name, photo and mask (H, W) of each outlined photo that is here, long side SIDE.

    Says which are absent or have other bytes than those that were outlined.
    """
    for name, drawn in json.loads(OUTLINES.read_text()).items():
        file = SHARED / "products" / name
        if not file.is_file():
            print(f"{name} is absent: left out")
            continue
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() != drawn["sha256"]:
            print(f"{name} is not the photo that was outlined: left out")
            continue
        photo = _scaled(decode(data, name=name))
        yield file.stem.split("_")[1], photo, outlined(drawn["polygons"], photo.rgb.shape[:2])


def outlined(polygons: list[list[list[int]]], shape: tuple[int, ...]) -> Floats:
    """The mask (H, W) in {0, 1} of an outline and, after it, its holes."""
    mask = np.zeros(shape, np.uint8)
    for number, points in enumerate(polygons):
        cv2.fillPoly(mask, [np.asarray(points, np.int32)], 0 if number else 1)
    return mask.astype(np.float32)


def _scaled(photo: Photo) -> Photo:
    rgb = photo.flattened()
    scale = SIDE / max(rgb.shape[:2])
    size = (round(rgb.shape[1] * scale), round(rgb.shape[0] * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = np.clip(cv2.resize(rgb, size, interpolation=method), 0, 1).astype(np.float32)
    return Photo(rgb=resized, alpha=None, format=photo.format)
