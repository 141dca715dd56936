"""Untrusted bytes to an upright sRGB picture, or a coded refusal that names the next step."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from shop_style.exceptions import IntakeError
from shop_style.imaging import colourspace, headers
from shop_style.imaging.provenance import read_digital_source_type
from styleeval.sentence import gettext_noop

Floats = NDArray[np.float32]

REFUSALS: Final[dict[str, str]] = {
    "empty": gettext_noop("the file has no bytes; upload it again"),
    "too_many_bytes": gettext_noop(
        "the file is larger than {limits.max_bytes:,} bytes; export it smaller"
    ),
    "too_many_scans": gettext_noop(
        "the JPEG has more than {limits.max_scans} scans, which only hostile files have; "
        "save it again as a baseline JPEG"
    ),
    "not_an_allowed_image": gettext_noop(
        "this is no readable {formats} file, whatever its name says; export it as one of these"
    ),
    "too_many_pixels": gettext_noop(
        "the picture has more than {limits.max_pixels:,} pixels or a side over "
        "{limits.max_side:,}; scale it down"
    ),
    "too_small": gettext_noop("a side is under {limits.min_side} pixels; use a larger picture"),
    "undecodable": gettext_noop(
        "the file is damaged or cut short; export it again from the original"
    ),
    "unsupported_mode": gettext_noop(
        "its pixel type {mode} cannot be used; export it as 8-bit RGB"
    ),
}
"""Every stable refusal code and its sentence; the file's name goes in front."""

_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION_TAG: Final = 0x0112


@dataclass(frozen=True, kw_only=True)
class IntakeLimits:
    """What a file may ask of this machine. Bytes, pixels and pixels a side."""

    max_bytes: int = 20_000_000
    max_pixels: int = 25_000_000
    max_side: int = 12_000
    min_side: int = 16
    max_scans: int = 64
    formats: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "AVIF")


@dataclass(frozen=True, kw_only=True, eq=False)
class Photo:
    """A decoded picture.

    rgb: (H, W, 3) float32 sRGB in [0, 1], straight (not premultiplied).
    alpha: (H, W) float32 in [0, 1], or None when the picture is opaque.
    format: "JPEG", "PNG", "WEBP" or "AVIF". digital_source_type: the URI in the file's XMP.
    """

    rgb: Floats
    alpha: Floats | None
    format: str
    digital_source_type: str | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.rgb.shape[:2]
        return width, height

    def flattened(self) -> Floats:
        """The picture on white, (H, W, 3) float32 in [0, 1]."""
        if self.alpha is None:
            return self.rgb
        alpha = self.alpha[..., None]
        return self.rgb * alpha + (1 - alpha)


def decode(data: bytes, *, name: str, limits: IntakeLimits | None = None) -> Photo:
    """Decode an uploaded file, upright, in sRGB, first frame only.

    name: what the person knows the file by, for messages.
    Raises IntakeError with one of the codes in REFUSALS. Safe to call from many threads: no
    state of Pillow or of `warnings` is changed.
    """
    limits = limits or IntakeLimits()
    _check_bytes(data, name, limits)
    if headers.jpeg_scans(data, stop_after=limits.max_scans) > limits.max_scans:
        raise _refusal("too_many_scans", name, limits)
    with _opened(data, name, limits) as image:
        _check_size(image, name, limits)
        try:
            image.load()
            return _photo(image, name, limits)
        except (IntakeError, MemoryError):
            raise
        except Exception as error:  # decoders raise anything at all on hostile bytes
            raise _refusal("undecodable", name, limits) from error


def upright_size(data: bytes, *, name: str, limits: IntakeLimits | None = None) -> tuple[int, int]:
    """Width and height that `decode` will give, from the header alone. Raises IntakeError."""
    limits = limits or IntakeLimits()
    _check_bytes(data, name, limits)
    with _opened(data, name, limits) as image:
        _check_size(image, name, limits)
        width, height = image.size
        return (height, width) if _orientation(image) >= 5 else (width, height)


def _opened(data: bytes, name: str, limits: IntakeLimits) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=limits.formats)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _refusal("too_many_pixels", name, limits) from error
    except MemoryError:
        raise
    except UnidentifiedImageError as error:
        repaired = headers.without_broken_profile(data)
        if repaired is not None:
            return _opened(repaired, name, limits)
        raise _refusal("not_an_allowed_image", name, limits) from error
    except Exception as error:  # decoders raise anything at all on hostile bytes
        raise _refusal("undecodable", name, limits) from error


def _check_bytes(data: bytes, name: str, limits: IntakeLimits) -> None:
    if not data:
        raise _refusal("empty", name, limits)
    if len(data) > limits.max_bytes:
        raise _refusal("too_many_bytes", name, limits)


def _check_size(image: Image.Image, name: str, limits: IntakeLimits) -> None:
    width, height = image.size
    if width * height > limits.max_pixels or max(width, height) > limits.max_side:
        raise _refusal("too_many_pixels", name, limits)
    if min(width, height) < limits.min_side:
        raise _refusal("too_small", name, limits)


def _photo(image: Image.Image, name: str, limits: IntakeLimits) -> Photo:
    source_type = read_digital_source_type(image)
    file_format = "JPEG" if image.format == "MPO" else str(image.format)
    rotation = _UPRIGHT.get(_orientation(image))
    try:
        rgb, alpha = colourspace.to_srgb(image)
    except colourspace.UnsupportedModeError as error:
        raise _refusal("unsupported_mode", name, limits, mode=image.mode) from error
    if rotation is not None:
        rgb = _turned(rgb, rotation)
        alpha = None if alpha is None else _turned(alpha, rotation)
    return Photo(rgb=rgb, alpha=alpha, format=file_format, digital_source_type=source_type)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except MemoryError:
        raise
    except Exception:  # a broken EXIF block says nothing about the pixels
        return 1


def _turned(pixels: Floats, rotation: Image.Transpose) -> Floats:
    """The same turn as Image.transpose, on (H, W) or (H, W, C)."""
    turns: dict[Image.Transpose, Callable[[Floats], Floats]] = {
        Image.Transpose.FLIP_LEFT_RIGHT: lambda p: p[:, ::-1],
        Image.Transpose.ROTATE_180: lambda p: p[::-1, ::-1],
        Image.Transpose.FLIP_TOP_BOTTOM: lambda p: p[::-1],
        Image.Transpose.TRANSPOSE: lambda p: p.swapaxes(0, 1),
        Image.Transpose.ROTATE_270: lambda p: np.rot90(p, -1),
        Image.Transpose.TRANSVERSE: lambda p: p[::-1, ::-1].swapaxes(0, 1),
        Image.Transpose.ROTATE_90: lambda p: np.rot90(p, 1),
    }
    return np.ascontiguousarray(turns[rotation](pixels), np.float32)


def _refusal(code: str, name: str, limits: IntakeLimits, mode: str = "") -> IntakeError:
    formats = ", ".join(limits.formats)
    return IntakeError(
        code, f"{name}: " + REFUSALS[code].format(limits=limits, formats=formats, mode=mode)
    )
