"""The ground behind a product: the product taken out of it, its shadow, and both put back.

Restyled with the product in it, a ground takes the product's colours; so it is styled alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shop_style.imaging.intake import Photo
from shop_style.imaging.mask import ProductMask
from styleeval.preservation.pullpush import filled

Floats = NDArray[np.float32]

_SURE: Final = 0.02
_SOLID: Final = 0.95
_CLEARANCE: Final = 0.004
"""Reach of a product's blur and fringe into its ground, of the short side."""

_DEEPEST: Final = 0.25
_DIMMEST: Final = np.float32(0.85)
_LAMP: Final = np.float32(0.1)
_SHADOW_REACH: Final = 0.004
_PLAIN: Final = ("white", "plain")


@dataclass(frozen=True, kw_only=True, eq=False)
class Backdrop:
    """A photo parted into what is styled and what is put back over it.

    ground: (H, W, 3), the picture without product and, on a plain ground, without shadow.
    lit: (H, W, 3), what is styled: a plain ground under a studio's light, a scene as it is.
    shadow: (H, W), what to multiply a new ground by: 1 is no shadow.
    product: (H, W, 3), the product's own colours, carried beyond its edge. weights: (H, W), its
    share of each pixel.
    """

    ground: Floats
    lit: Floats
    shadow: Floats
    product: Floats
    weights: Floats

    def restored(self, styled: Floats, strength: float = 1.0) -> Floats:
        """The product and its shadow back on a styled ground, (H, W, 3) in [0, 1].

        strength: at which `lit` was styled; at 0 the picture is what it was.
        """
        share = self.weights[..., None]
        under = np.clip(styled + np.float32(1 - strength) * (self.ground - self.lit), 0, 1)
        behind = under * self.shadow[..., None]
        mixed = np.clip(self.product * share + behind * (1 - share), 0, 1)
        # A pixel that is all product is the photo's to the bit.
        return np.where(share == 1, self.product, mixed).astype(np.float32)


def part(photo: Photo, mask: ProductMask) -> Backdrop:
    """Part a photo by its product mask. A cut-out stands on white."""
    rgb, weights = photo.rgb, mask.weights
    if photo.alpha is not None and mask.origin == "alpha":
        white = np.ones_like(rgb)
        return Backdrop(
            ground=white,
            lit=white * studio_light(weights.shape)[..., None],
            shadow=np.ones_like(weights),
            product=rgb,
            weights=weights,
        )
    rgb = photo.flattened()
    clear = _clear_of_product(weights)
    if mask.origin in _PLAIN and clear.any():
        tone = np.median(rgb[clear], axis=0).astype(np.float32)
        ground, shadow = np.tile(tone, (*weights.shape, 1)), _shadow(rgb, clear, tone)
        lit = ground * studio_light(weights.shape)[..., None]
    else:
        ground = lit = filled(rgb, clear.astype(np.float32))
        shadow = np.ones_like(weights)
    return Backdrop(
        ground=ground,
        lit=lit,
        shadow=shadow,
        product=own_colours(rgb, weights, ground * shadow[..., None], known=mask.origin in _PLAIN),
        weights=weights,
    )


def studio_light(shape: tuple[int, ...]) -> Floats:
    """The light of a lamp above the middle of a backdrop, (H, W) in [_DIMMEST, 1].

    A ground of one colour gives brushes nothing to follow. The same for every picture of a shape,
    so that a catalogue has one look.
    """
    down = np.linspace(-0.5, 0.5, shape[0], dtype=np.float32)[:, None] + _LAMP
    across = np.linspace(-0.5, 0.5, shape[1], dtype=np.float32)[None]
    away = np.clip(np.hypot(across, down) / 0.7, 0, 1)
    return np.asarray(1 - (1 - _DIMMEST) * away**1.5, np.float32)


def own_colours(rgb: Floats, weights: Floats, behind: Floats, *, known: bool) -> Floats:
    """The product's own colours where the ground shines through its edge, (H, W, 3).

    An edge pixel shows C = w·F + (1 − w)·B; put on another ground as it is, it brings a rim of B
    along. F is solved for where B is known and w is large enough, and carried outwards from inside
    elsewhere.
    """
    inner = filled(rgb, (weights > _SOLID).astype(np.float32))
    share = weights[..., None]
    if not known:
        return np.where(share > _SOLID, rgb, inner).astype(np.float32)
    solved = np.clip((rgb - (1 - share) * behind) / np.maximum(share, 0.1), 0, 1)
    # Dividing by a small share multiplies noise: trust it by as much as it is product.
    trust = np.clip((share - 0.3) / 0.5, 0, 1)
    mixed = inner + trust * (solved - inner)
    return np.where(share == 1, rgb, mixed).astype(np.float32)


def _clear_of_product(weights: Floats) -> NDArray[np.bool_]:
    """Places that are ground, and far enough from the product to show nothing of it."""
    reach = max(1, round(min(weights.shape) * _CLEARANCE))
    near = cv2.dilate((weights > _SURE).astype(np.uint8), _disc(reach))
    return np.asarray(near == 0)


def _shadow(rgb: Floats, clear: NDArray[np.bool_], tone: Floats) -> Floats:
    """How much of its light each place of a plain ground has, (H, W) in [_DEEPEST, 1]."""
    light = rgb.mean(axis=-1) / max(float(tone.mean()), 1e-3)
    shaded = filled(light[..., None].repeat(3, -1), clear.astype(np.float32))[..., 0]
    soft = cv2.GaussianBlur(shaded, (0, 0), max(1.0, min(rgb.shape[:2]) * _SHADOW_REACH))
    # Half a level of noise on white is no shadow.
    return np.clip(np.where(soft > 1 - 1 / 255, 1, soft), _DEEPEST, 1).astype(np.float32)


def _disc(radius: int) -> NDArray[np.uint8]:
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
