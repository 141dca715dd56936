"""Picture files as arrays: found, decoded, held back by name, cropped."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from shop_style.exceptions import ShopStyleError

Picture = npt.NDArray[np.uint8]
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


class CorpusError(ShopStyleError, ValueError):
    """The folders given hold no picture to train on."""

    code = "bad_corpus"


def picture_files(folders: Sequence[Path], prefixes: Sequence[str] = ()) -> list[Path]:
    """Files of pictures below the folders, by name; only those that start with a prefix."""
    return sorted(
        (
            file
            for folder in folders
            for file in folder.rglob("*")
            if file.suffix.lower() in SUFFIXES and file.name.startswith(tuple(prefixes) or ("",))
        ),
        key=lambda file: file.name,
    )


def held_out(name: str, every: int) -> bool:
    """Is the file of this name one of the about one in `every` that are not trained on?"""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    return number % every == 0


def decode_file(file: Path, side: int) -> Picture | None:
    """(H, W, 3) uint8 sRGB with its short side at most `side`; None when it is no picture."""
    data = np.frombuffer(file.read_bytes(), np.uint8)
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if decoded is None or min(decoded.shape[:2]) < 32:
        return None
    scale = side / min(decoded.shape[:2])
    if scale < 1:
        decoded = cv2.resize(decoded, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(decoded[:, :, ::-1]).astype(np.uint8, copy=False)


def crop_of(
    rng: np.random.Generator, picture: Picture, side: int, *, closest: float = 1.0
) -> npt.NDArray[np.float32]:
    """A square part of a picture at side × side, float32 in [0, 1].

    Its size is log-uniform between `closest` of a native crop and the whole short side.
    """
    height, width = picture.shape[:2]
    short = min(height, width)
    # Both texture and composition: large pictures cropped natively teach texture alone.
    nearest = min(round(side * closest), short)
    taken = round(float(np.exp(rng.uniform(np.log(nearest), np.log(short)))))
    top = int(rng.integers(height - taken + 1))
    left = int(rng.integers(width - taken + 1))
    part = picture[top : top + taken, left : left + taken]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    method = cv2.INTER_AREA if taken > side else cv2.INTER_LINEAR
    resized = cv2.resize(np.ascontiguousarray(part), (side, side), interpolation=method)
    return resized.astype(np.float32) / np.float32(255)
