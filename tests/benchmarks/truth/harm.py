"""Defects planted in a variant, and changes that harm nothing: pixels in, pixels out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.benchmarks.truth.subjects import Subject, laid_on

Floats = NDArray[np.float32]
Change = Callable[[Floats, Subject, float], Floats | None]
"""The changed variant (H, W, 3); None where the product gives no occasion for it."""

_HOLE: Final = 120


def _inside(variant: Floats, changed: Floats, subject: Subject) -> Floats:
    return laid_on(changed, subject.alpha, variant)


def hue(variant: Floats, subject: Subject, degrees: float) -> Floats | None:
    """The product's hues turned, at the same lightness."""
    lab = cv2.cvtColor(variant, cv2.COLOR_RGB2Lab)
    chroma = np.linalg.norm(lab[..., 1:], axis=-1)[subject.alpha > 0.5]
    if float((chroma > 16).mean()) < 0.15:
        return None
    angle = np.deg2rad(degrees)
    a, b = lab[..., 1].copy(), lab[..., 2].copy()
    lab[..., 1] = a * np.cos(angle) - b * np.sin(angle)
    lab[..., 2] = a * np.sin(angle) + b * np.cos(angle)
    return _inside(variant, cv2.cvtColor(lab, cv2.COLOR_Lab2RGB).clip(0, 1), subject)


def _on_label(
    variant: Floats, subject: Subject, change: Callable[[Floats], Floats]
) -> Floats | None:
    if subject.label is None:
        return None
    x0, y0, x1, y1 = subject.label
    spoilt = variant.copy()
    spoilt[y0:y1, x0:x1] = change(variant[y0:y1, x0:x1])
    return spoilt


def characters(variant: Floats, subject: Subject, share: float) -> Floats | None:
    """Print painted over with the label's own colour, from the left of the label."""

    def painted(label: Floats) -> Floats:
        paper = np.median(label.reshape(-1, 3), axis=0)
        spoilt = label.copy()
        spoilt[:, : round(label.shape[1] * share)] = paper
        return spoilt

    return _on_label(variant, subject, painted)


def turned(variant: Floats, subject: Subject, degrees: float) -> Floats | None:
    """The label upside down."""
    return _on_label(variant, subject, lambda label: label[::-1, ::-1])


def removed(variant: Floats, subject: Subject, severity: float) -> Floats | None:
    """The label gone: the product's colour beside it in its place."""
    if subject.label is None:
        return None
    x0, y0, x1, y1 = subject.label
    place = np.zeros(variant.shape[:2], np.uint8)
    place[y0 - 2 : y1 + 2, x0 - 2 : x1 + 2] = 255
    eight = np.rint(variant * 255).astype(np.uint8)
    return cv2.inpaint(eight, place, 3, cv2.INPAINT_TELEA).astype(np.float32) / 255


def blur(variant: Floats, subject: Subject, sigma: float) -> Floats | None:
    """The product out of focus."""
    return _inside(variant, cv2.GaussianBlur(variant, (0, 0), sigma), subject)


def hole(variant: Floats, subject: Subject, severity: float) -> Floats | None:
    """A handle's hole, or a gap between straps, filled with the product's colour."""
    solid = (subject.alpha > 0.5).astype(np.uint8)
    outlines, hierarchy = cv2.findContours(solid, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    holes = [
        one
        for one, links in zip(outlines, hierarchy[0], strict=True)
        if links[3] >= 0 and cv2.contourArea(one) >= _HOLE
    ]
    if not holes:
        return None
    place = np.zeros(solid.shape, np.uint8)
    cv2.drawContours(place, [max(holes, key=cv2.contourArea)], -1, 255, -1)
    place = cv2.dilate(place, np.ones((5, 5), np.uint8))
    share = cv2.GaussianBlur(place.astype(np.float32) / 255, (0, 0), 1)
    return laid_on(subject.rgb, share, variant)


def halo(variant: Floats, subject: Subject, width: float) -> Floats | None:
    """A rim of another tone around the product, as a bad cut-out leaves it."""
    solid = (subject.alpha > 0.5).astype(np.uint8)
    side = 2 * round(width) + 1
    ring = cv2.dilate(solid, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    share = cv2.GaussianBlur(ring.astype(np.float32), (0, 0), 1)
    ground = variant[subject.alpha < 0.02]
    tone = np.float32(0.25 if ground.size and ground.mean() > 0.7 else 1.0)
    rimmed = laid_on(np.full_like(variant, tone), share, variant)
    return laid_on(variant, subject.alpha, rimmed)


def seam(variant: Floats, subject: Subject, levels: float) -> Floats | None:
    """Two tiles that do not meet: half of the product in another tone."""
    column = _middle(subject)
    spoilt = variant.copy()
    # Towards the middle, so that a white product does not swallow it.
    step = levels / 255 * (-1 if variant[subject.alpha > 0.5].mean() > 0.5 else 1)
    spoilt[:, column:] = np.clip(spoilt[:, column:] + step, 0, 1)
    return _inside(variant, spoilt, subject)


def torn(variant: Floats, subject: Subject, pixels: float) -> Floats | None:
    """Two tiles that do not meet: half of the product lies lower."""
    column = _middle(subject)
    spoilt = variant.copy()
    spoilt[:, column:] = np.roll(variant[:, column:], round(pixels), axis=0)
    return _inside(variant, spoilt, subject)


def _middle(subject: Subject) -> int:
    across = np.flatnonzero((subject.alpha > 0.5).any(axis=0))
    return int((across[0] + across[-1]) // 2)


def warp(variant: Floats, subject: Subject, pixels: float) -> Floats | None:
    """The product bent by waves."""
    height, width = variant.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    bent_x = columns + np.float32(pixels) * np.sin(rows / 35)
    bent_y = rows + np.float32(pixels) * np.sin(columns / 35)
    return np.asarray(
        cv2.remap(variant, bent_x, bent_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )


def texture(variant: Floats, subject: Subject, share: float) -> Floats | None:
    """Another surface over the product: brush marks of one direction."""
    rng = np.random.default_rng(4)
    noise = rng.standard_normal(variant.shape[:2]).astype(np.float32)
    marks = cv2.GaussianBlur(noise, (0, 0), 2.0, sigmaY=14.0)
    marks = np.float32(share) * marks / marks.std() * np.float32(0.2)
    return _inside(variant, np.clip(variant + marks[..., None], 0, 1), subject)


def leaked(variant: Floats, subject: Subject, share: float) -> Floats | None:
    """The ground shows through a part of the product."""
    solid = np.argwhere(subject.alpha > 0.99)
    rng = np.random.default_rng(5)
    y, x = solid[rng.integers(len(solid))]
    rows, columns = np.mgrid[0 : variant.shape[0], 0 : variant.shape[1]]
    near = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * 60.0**2)).astype(np.float32)
    ground = variant[subject.alpha < 0.02]
    tone = np.median(ground, axis=0) if ground.size else np.ones(3, np.float32)
    through = np.broadcast_to(tone, variant.shape).astype(np.float32)
    if float(np.abs(variant - through).mean(axis=-1)[near > 0.6].mean()) < 0.15:
        return None
    return _inside(variant, laid_on(through, np.clip(share * near * 1.2, 0, 1), variant), subject)


def shift(variant: Floats, subject: Subject, pixels: float) -> Floats | None:
    """The whole picture a few pixels aside."""
    moved = np.roll(variant, (round(pixels), -round(pixels) // 2), axis=(1, 0))
    return np.asarray(moved, np.float32)


def encoded(variant: Floats, subject: Subject, quality: float) -> Floats | None:
    """Through a JPEG file."""
    import io

    stream = io.BytesIO()
    Image.fromarray(np.rint(variant * 255).astype(np.uint8)).save(
        stream, "JPEG", quality=round(quality)
    )
    with Image.open(stream) as opened:
        return np.asarray(opened.convert("RGB"), np.float32) / 255


def exposure(variant: Floats, subject: Subject, gain: float) -> Floats | None:
    """Lighter or darker by a few per cent."""
    return np.clip(variant * np.float32(gain), 0, 1)


def resized(variant: Floats, subject: Subject, scale: float) -> Floats | None:
    """Made smaller and large again."""
    side = round(variant.shape[0] * scale)
    small = cv2.resize(variant, (side, side), interpolation=cv2.INTER_AREA)
    back = cv2.resize(small, variant.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(back, 0, 1), np.float32)


def reground(variant: Floats, subject: Subject, severity: float) -> Floats | None:
    """Another ground behind the product as it is."""
    rows, columns = np.mgrid[0 : variant.shape[0], 0 : variant.shape[1]].astype(np.float32)
    wave = 0.5 + 0.5 * np.sin(columns / 60 + np.sin(rows / 45) * 2)
    low, high = np.float32([0.35, 0.5, 0.55]), np.float32([0.85, 0.8, 0.7])
    ground = low + wave[..., None] * (high - low)
    return laid_on(_unmixed(variant, subject), subject.alpha, ground.astype(np.float32))


def _unmixed(variant: Floats, subject: Subject) -> Floats:
    """The variant's product without the ground that shines through its edge."""
    return np.where(subject.alpha[..., None] > 0.98, variant, subject.rgb).astype(np.float32)
