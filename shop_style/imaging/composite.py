"""The styled picture and the original put together, by region and without losing the white."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shop_style.exceptions import MaskUncertain
from shop_style.imaging.intake import Photo
from shop_style.imaging.mask import MIN_CONFIDENCE, ProductMask
from shop_style.imaging.provenance import Region
from styleeval.preservation.ground import BACKGROUND, stands_on_white
from styleeval.sentence import said

Floats = NDArray[np.float32]

_EXACT_WHITE = 254 / 255


def require_mask(mask: ProductMask, region: Region, *, name: str = "this picture") -> None:
    """Ask before a long render whether the region can be told apart.

    name: what to call the picture. Raises MaskUncertain for "background" without a mask to trust.
    """
    if region == "background" and not mask.usable:
        raise MaskUncertain(
            said(
                "{name}: the product cannot be told from its background (confidence "
                "{confidence:.2f}, needed {min_confidence}); use a transparent PNG or a photo "
                "on white, give it a product mask, or style the whole picture",
                name=name,
                confidence=mask.confidence,
                min_confidence=MIN_CONFIDENCE,
            )
        )


def composite(
    photo: Photo, styled_rgb: Floats, mask: ProductMask, *, region: Region, keep_white: bool
) -> Floats:
    """The pixels to publish, (H, W, 3) float32 in [0, 1]; alpha stays the photo's own.

    styled_rgb: (H, W, 3), the engine's picture of the whole frame.
    region: "product" is the same as "whole" where no product could be told from its background.
    keep_white: a white background stays the original's, contact shadow included. It does not
    speak about region "background", where the white itself is what gets styled.
    Raises MaskUncertain for region "background" without a mask to trust.
    """
    original = photo.rgb
    if styled_rgb.shape != original.shape:
        raise ValueError(f"styled picture is {styled_rgb.shape}, the photo {original.shape}")
    share = _styled_share(original, mask, region=region, keep_white=keep_white)
    if photo.alpha is not None:
        # What hardly shows is white as well where a cut-out is laid on white.
        hidden = photo.alpha < BACKGROUND if keep_white else photo.alpha == 0
        share = np.where(hidden, np.float32(0), share)
    share = share[..., None]
    # Not original + share * change: that would move an untouched 1.0 by a rounding error.
    mixed = np.clip(original * (1 - share) + styled_rgb * share, 0, 1)
    return np.where(share == 0, original, mixed)


def _styled_share(
    original: Floats, mask: ProductMask, *, region: Region, keep_white: bool
) -> Floats:
    """(H, W): how much of each pixel is taken from the styled picture."""
    require_mask(mask, region)
    if region == "background":
        return mask.background
    share = mask.weights if region == "product" and mask.usable else np.ones_like(mask.weights)
    if keep_white and (mask.origin == "white" or stands_on_white(original, mask.weights)):
        share = np.minimum(share, _not_white(original, mask))
    return share


def _not_white(original: Floats, mask: ProductMask) -> Floats:
    """1 off the found white background, 0 on it, between in its shadows and along the edge."""
    ground = mask.weights < BACKGROUND
    if mask.usable:
        return np.where(ground, np.float32(0), mask.weights)
    # An unsure fill may have run into a white product: hold on to exact white alone.
    exact = ground & (original.min(axis=-1) >= _EXACT_WHITE)
    return np.where(exact, np.float32(0), np.float32(1))
