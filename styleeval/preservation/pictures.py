"""What a measure is given: arrays, PIL images or tensors, read as one kind and scaled alike."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SHORT_SIDE = 512
"""Scores depend on size, so all are taken here (pixels); smaller pictures stay as they are."""


def read_picture(image: Any) -> Floats:
    """(H, W, 3) float32 in [0, 1] of an array, a PIL image or a tensor (3, H, W).

    Raises ValueError for anything else.
    """
    array = _array(image)
    if array.ndim == 3 and array.shape[0] == 3 and _is_tensor(image):
        array = array.transpose(1, 2, 0)
    if array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise ValueError(f"a picture is (H, W, 3), or (3, H, W) as a tensor, not {array.shape}")
    return np.ascontiguousarray(_unit_floats(array))


def read_mask(mask: Any, shape: tuple[int, int]) -> Floats:
    """(H, W) float32 in [0, 1]. Raises ValueError when it is not of this shape."""
    array = _unit_floats(_array(mask))
    if array.ndim == 3 and array.shape[0] == 1:
        array = array[0]
    if array.shape != shape:
        raise ValueError(f"mask is {array.shape}, the picture {shape}")
    return array


def scaled(array: Floats, short_side: int = SHORT_SIDE) -> Floats:
    """Down to this short side by area averaging, never up."""
    height, width = array.shape[:2]
    scale = short_side / min(height, width)
    if scale >= 1:
        return array
    import cv2

    size = (round(width * scale), round(height * scale))
    return np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA), np.float32)


def least_channel(picture: Floats) -> Floats:
    """(..., 3) to its least channel (...): NumPy's own reduction over three is ten times slower."""
    return np.minimum(np.minimum(picture[..., 0], picture[..., 1]), picture[..., 2])


def size_text(array: Floats) -> str:
    """Width × height."""
    return f"{array.shape[1]}×{array.shape[0]}"


def _array(image: Any) -> NDArray[Any]:
    if _is_tensor(image):
        return np.asarray(image.detach().cpu())
    if hasattr(image, "getbands"):
        image = image if image.mode == "L" else image.convert("RGB")
    return np.asarray(image)


def _is_tensor(image: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(image, torch.Tensor)


def _unit_floats(array: NDArray[Any]) -> Floats:
    if array.dtype == np.uint8:
        return array.astype(np.float32) / np.float32(255)
    if array.dtype == np.bool_ or array.dtype.kind == "f":
        floats = array.astype(np.float32)
        if np.isfinite(floats).all():
            return np.clip(floats, 0, 1)
    raise ValueError(f"a picture holds uint8 or finite floats in [0, 1], not {array.dtype}")
