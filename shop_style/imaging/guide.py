"""What a person says of a picture: where its product is, and which places to keep as they are."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shop_style.exceptions import GuideUnusable
from shop_style.imaging.intake import IntakeLimits, decode
from styleeval.sentence import gettext_noop, said

Floats = NDArray[np.float32]
Shares = tuple[float, float, float, float]
"""Left, top, right, bottom of a place, as shares of the picture's width and height."""

ASPECT_TOLERANCE: Final = 0.02
"""How far a mask's width over height may be from its picture's, relative to it."""

MIN_PART: Final = 0.001
"""Least share of a mask that must be product, and least that must be background."""

_COLOUR: Final = np.float32(0.08)
_MOST_COLOURED: Final = 0.01
_MOST_BETWEEN: Final = 0.5

_ALL_BLACK: Final = gettext_noop(
    "{name} is black or transparent all over, so everything would count as background; paint the "
    "product white and the rest black"
)
_ALL_WHITE: Final = gettext_noop(
    "{name} is white all over, so everything would count as product; paint the product white and "
    "the rest black"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Guide:
    """mask: (h, w) float32 in [0, 1], 1 on the product, in the size it was drawn in; None where
    nobody drew one. name: its file's, for messages. boxes: marked places."""

    mask: Floats | None = None
    name: str = ""
    boxes: tuple[Shares, ...] = ()

    def mask_for(self, size: tuple[int, int], *, picture: str) -> Floats | None:
        """The mask in the size (width, height) of its picture, (height, width) in [0, 1].

        Raises GuideUnusable where it has another shape than the picture.
        """
        if self.mask is None:
            return None
        check_shape(self.mask, size, name=self.name, picture=picture)
        if self.mask.shape == size[::-1]:
            return self.mask
        resized = Image.fromarray(self.mask).resize(size, Image.Resampling.BILINEAR)
        return np.asarray(resized, np.float32).clip(0, 1)


def read_mask(data: bytes, *, name: str, limits: IntakeLimits | None = None) -> Floats:
    """The product's share of each pixel from a mask file, (h, w) float32 in [0, 1].

    A transparent file says it by its opacity, any other by its grey. name: what people know the
    file by. Raises IntakeError for what is no picture, GuideUnusable for what is no mask.
    """
    photo = decode(data, name=name, limits=limits)
    if photo.alpha is not None:
        mask = photo.alpha
    else:
        _check_grey(photo.rgb, name)
        mask = photo.rgb[..., 1]
    _check_parts(mask, name)
    return np.ascontiguousarray(mask, np.float32)


def is_rim_product(mask: Floats) -> bool:
    """Is most of a mask's rim product? Then white and black may have been taken for each other."""
    rim = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return float(np.mean(rim > 0.5)) > 0.5


def mask_file(mask: Floats) -> bytes:
    """A mask as an 8-bit grey PNG, white on the product: nothing else of an upload is kept."""
    stream = io.BytesIO()
    Image.fromarray(np.rint(mask * 255).astype(np.uint8)).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def check_shape(mask: Floats, size: tuple[int, int], *, name: str, picture: str) -> None:
    """size: width and height of the picture. Raises GuideUnusable naming both files and sizes."""
    height, width = mask.shape
    if abs(width * size[1] / (height * size[0]) - 1) > ASPECT_TOLERANCE:
        raise GuideUnusable(
            said(
                "the mask {name} is {width} × {height} pixels, but its picture {picture} is "
                "{picture_width} × {picture_height}: another shape; draw the mask on this "
                "picture, uncropped, and upload it again, or remove it",
                name=name,
                width=width,
                height=height,
                picture=picture,
                picture_width=size[0],
                picture_height=size[1],
            )
        )


def _check_grey(rgb: Floats, name: str) -> None:
    coloured = np.mean(rgb.max(axis=-1) - rgb.min(axis=-1) > _COLOUR)
    if coloured > _MOST_COLOURED:
        raise GuideUnusable(
            said(
                "{name} has colours on {coloured:.0%} of it, so it is a photo and no mask; "
                "paint the product white and the rest black, or make the rest transparent",
                name=name,
                coloured=coloured,
            )
        )


def _check_parts(mask: Floats, name: str) -> None:
    product = float(np.mean(mask > 0.5))
    if product < MIN_PART or product > 1 - MIN_PART:
        raise GuideUnusable(said(_ALL_BLACK if product < MIN_PART else _ALL_WHITE, name=name))
    between = float(np.mean((mask > 0.1) & (mask < 0.9)))
    if between > _MOST_BETWEEN:
        raise GuideUnusable(
            said(
                "{between:.0%} of {name} is neither product nor background, so it is a photo "
                "and no mask; paint the product white and the rest black, grey on soft edges "
                "alone",
                between=between,
                name=name,
            )
        )
