"""A decoded Pillow image, whatever its mode and profile, as float sRGB and alpha."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

Floats = NDArray[np.float32]

_PLAIN: Final = frozenset({"1", "L", "P", "RGB", "CMYK", "YCbCr", "RGBX", "LAB", "HSV"})
_WITH_ALPHA: Final = frozenset({"LA", "PA", "RGBA", "La", "RGBa"})
_DEEP: Final = frozenset({"I;16", "I;16B", "I;16L", "I;16N", "I"})
_PROFILED: Final = frozenset({"L", "RGB", "CMYK"})
_MAX_PROFILE_BYTES: Final = 4_000_000


class UnsupportedModeError(ValueError):
    """A Pillow mode that has no sure meaning as a photograph."""


def to_srgb(image: Image.Image) -> tuple[Floats, Floats | None]:
    """(H, W, 3) sRGB in [0, 1] and (H, W) alpha, None where opaque. Raises UnsupportedModeError."""
    if image.mode in _DEEP:
        return _from_sixteen_bits(image)
    if image.mode not in _PLAIN | _WITH_ALPHA:
        raise UnsupportedModeError(image.mode)
    alpha = _alpha(image)
    rgb = np.asarray(_managed(image), dtype=np.float32) / np.float32(255)
    return rgb, alpha


def _from_sixteen_bits(image: Image.Image) -> tuple[Floats, Floats | None]:
    # Image.convert() would clip 1000/65535, nearly black, to 255.
    levels = np.asarray(image).astype(np.float32)
    grey = np.clip(levels / np.float32(65535), 0, 1)
    keyed = image.info.get("transparency")
    alpha = _or_none((levels != keyed).astype(np.float32)) if isinstance(keyed, int) else None
    return np.repeat(grey[..., None], 3, axis=2), alpha


def _alpha(image: Image.Image) -> Floats | None:
    if image.mode in _WITH_ALPHA:
        band = image.convert("RGBA").getchannel("A")
    elif "transparency" in image.info:
        band = _keyed(image).convert("RGBA").getchannel("A")
    else:
        return None
    return _or_none(np.asarray(band, dtype=np.float32) / np.float32(255))


def _keyed(image: Image.Image) -> Image.Image:
    """Pillow keeps the colour key of a 16-bit RGB PNG in 16 bits although its pixels have 8."""
    key = image.info["transparency"]
    if not isinstance(key, tuple) or max(key) <= 255:
        return image
    keyed = image.copy()
    keyed.info["transparency"] = tuple(level >> 8 for level in key)
    return keyed


def _or_none(alpha: Floats) -> Floats | None:
    return alpha if float(alpha.min()) < 1 else None


def _managed(image: Image.Image) -> Image.Image:
    """The picture in 8-bit sRGB by its ICC profile; a plain conversion where that fails."""
    profile = image.info.get("icc_profile")
    plain = image if image.mode in _PROFILED else _without_alpha(image)
    if not profile or len(profile) > _MAX_PROFILE_BYTES or plain.mode not in _PROFILED:
        return plain.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if plain.mode == "RGB" and "sRGB" in ImageCms.getProfileDescription(source):
            return plain
        managed = ImageCms.profileToProfile(
            plain, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return plain.convert("RGB")
    return plain.convert("RGB") if managed is None else managed


def _without_alpha(image: Image.Image) -> Image.Image:
    if image.mode in {"LA", "La"}:
        return image.convert("RGBA").convert("RGB").convert("L")
    if image.mode in _WITH_ALPHA or image.mode == "P":
        return image.convert("RGBA").convert("RGB")
    return image.convert("L") if image.mode == "1" else image
