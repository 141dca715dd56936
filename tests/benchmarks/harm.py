"""Known faults given to sound pictures, and plain remedies to hold ours against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Harmed:
    """A picture with a fault: rgb (H, W, 3) in [0, 1] of 8 bits. marked: (H, W), the mark's place.
    halved: is it half as large as the original?"""

    rgb: Floats
    marked: Bools | None = None
    halved: bool = False


def eight_bit(rgb: Floats) -> Floats:
    """As a file would keep it."""
    return (np.rint(rgb.clip(0, 1) * 255) / 255).astype(np.float32)


def grain(sigma: float) -> Callable[[Floats], Harmed]:
    """Gaussian noise, deviation in levels of 255."""

    def harm(rgb: Floats) -> Harmed:
        noise = np.random.default_rng(0).normal(0, sigma / 255, rgb.shape)
        return Harmed(rgb=eight_bit(rgb + noise.astype(np.float32)))

    return harm


def jpeg(quality: int) -> Callable[[Floats], Harmed]:
    """OpenCV's encoder, chroma at half size."""

    def harm(rgb: Floats) -> Harmed:
        bgr = np.rint(rgb[..., ::-1] * 255).astype(np.uint8)
        _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
        decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1]
        return Harmed(rgb=decoded.astype(np.float32) / np.float32(255))

    return harm


def blur(sigma: float) -> Callable[[Floats], Harmed]:
    """A Gaussian, deviation in pixels."""
    return lambda rgb: Harmed(rgb=eight_bit(cv2.GaussianBlur(rgb, (0, 0), sigma)))


def cast(*gains: float) -> Callable[[Floats], Harmed]:
    """Light of another colour: gains of linear red, green and blue."""

    def harm(rgb: Floats) -> Harmed:
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        lit = (linear * np.float32(gains)).clip(0, 1)
        encoded = np.where(lit <= 0.0031308, 12.92 * lit, 1.055 * lit ** (1 / 2.4) - 0.055)
        return Harmed(rgb=eight_bit(encoded.astype(np.float32)))

    return harm


def flat(share: float) -> Callable[[Floats], Harmed]:
    """Contrast drawn together about the middle grey, to this share."""
    return lambda rgb: Harmed(rgb=eight_bit(0.5 + share * (rgb - 0.5)))


def scratched(rgb: Floats) -> Harmed:
    """Three white scratches and a sticker's remains across the middle, marked one pixel wider."""
    height, width = rgb.shape[:2]
    random = np.random.default_rng(1)
    mark = np.zeros((height, width), np.uint8)
    for _ in range(3):
        ends = random.uniform(0.25, 0.75, (2, 2)) * [width, height]
        first, second = (tuple(map(int, end)) for end in ends)
        cv2.line(mark, first, second, 1, max(2, min(height, width) // 250))
    centre = (int(width * 0.45), int(height * 0.55))
    cv2.circle(mark, centre, min(height, width) // 60, 1, -1)
    harmed = np.where(mark[..., None] == 1, np.float32(0.93), rgb)
    marked = cv2.dilate(mark, np.ones((3, 3), np.uint8)) == 1
    return Harmed(rgb=harmed, marked=marked)


def halved(rgb: Floats) -> Harmed:
    """Half as wide and high, each pixel the mean of four."""
    height, width = rgb.shape[:2]
    small = cv2.resize(rgb, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return Harmed(rgb=eight_bit(small), halved=True)


def untouched(rgb: Floats) -> Harmed:
    """No fault."""
    return Harmed(rgb=rgb)


HARMS: Final[Mapping[str, Callable[[Floats], Harmed]]] = {
    "none": untouched,
    "grain σ 5": grain(5),
    "grain σ 10": grain(10),
    "grain σ 20": grain(20),
    "JPEG q30": jpeg(30),
    "JPEG q60": jpeg(60),
    "blur σ 1": blur(1),
    "blur σ 2": blur(2),
    "blur σ 1, grain σ 5": lambda rgb: grain(5)(blur(1)(rgb).rgb),
    "cast, warm": cast(1.06, 0.95, 0.68),
    "cast, cool": cast(0.74, 0.93, 1.09),
    "cast, green": cast(0.86, 1.0, 0.86),
    "contrast 0.6": flat(0.6),
    "scratches": scratched,
    "halved": halved,
}


def plain_remedy(name: str, harmed: Harmed) -> Floats | None:
    """What a shop would write in one line of OpenCV, or None where nothing is usual."""
    rgb = harmed.rgb
    if harmed.halved:
        return cv2.resize(rgb, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC).clip(0, 1)
    eight = np.rint(rgb * 255).astype(np.uint8)
    if harmed.marked is not None:
        made = cv2.inpaint(eight, harmed.marked.astype(np.uint8), 3, cv2.INPAINT_TELEA)
    elif name.startswith(("grain", "JPEG")):
        made = cv2.fastNlMeansDenoisingColored(eight)
    elif name.startswith("blur"):
        soft = cv2.GaussianBlur(rgb, (0, 0), 1.5)
        return (rgb + (rgb - soft)).clip(0, 1)
    elif name.startswith("cast"):
        return (rgb * (rgb.mean() / rgb.mean(axis=(0, 1)))).clip(0, 1)
    elif name.startswith("contrast"):
        lab = cv2.cvtColor(eight, cv2.COLOR_RGB2LAB)
        lab[..., 0] = cv2.createCLAHE(2.0, (8, 8)).apply(lab[..., 0])
        made = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    else:
        return None
    return made.astype(np.float32) / np.float32(255)
