"""Sound pictures to be given faults: photographs in scikit-image's wheel and our own renders."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.data import chelsea, coffee

from shop_style.imaging.intake import decode

Floats = NDArray[np.float32]
CATALOGUE = Path(__file__).resolve().parents[3] / "fixtures" / "catalogue"


@cache
def cat() -> Floats:
    """A sharp photograph with fur, (300, 451, 3)."""
    return np.float32(chelsea()) / np.float32(255)


@cache
def cup() -> Floats:
    """A scene with wood and steel, (400, 600, 3)."""
    return np.float32(coffee()) / np.float32(255)


@cache
def product(name: str, side: int = 448) -> Floats:
    """A rendered product, its middle `side` pixels at full size, on white where it is cut out."""
    photo = decode((CATALOGUE / name).read_bytes(), name=name)
    rgb = photo.flattened()
    top, left = ((length - side) // 2 for length in rgb.shape[:2])
    return np.ascontiguousarray(rgb[top : top + side, left : left + side])


@cache
def whole_product(name: str, step: int = 2) -> Floats:
    """A rendered product with its ground, every `step`th pixel each way."""
    photo = decode((CATALOGUE / name).read_bytes(), name=name)
    return np.ascontiguousarray(photo.flattened()[::step, ::step])


def psnr(made: Floats, sound: Floats) -> float:
    """In dB, of pictures in [0, 1]."""
    return float(-10 * np.log10(np.mean(np.square(made - sound)) + 1e-12))


def eight_bit(rgb: NDArray[np.floating]) -> Floats:
    """As a file would keep it."""
    return (np.rint(np.clip(rgb, 0, 1) * 255) / 255).astype(np.float32)


def grained(rgb: Floats, sigma: float) -> Floats:
    """With Gaussian noise of `sigma` levels of 255."""
    noise = np.random.default_rng(0).normal(0, sigma / 255, rgb.shape)
    return eight_bit(rgb + noise)
