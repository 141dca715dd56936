"""A finished picture as the files shoppers get: every width, every format, every one marked."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

Floats = NDArray[np.float32]
Format = Literal["avif", "webp", "jpeg"]

QUALITY: Final[Mapping[str, int]] = {"avif": 70, "webp": 86, "jpeg": 88}
EXTENSIONS: Final[Mapping[str, str]] = {"avif": "avif", "webp": "webp", "jpeg": "jpg"}

_BORDER: Final = 0.01
_WEBP_METHOD: Final = 4
_AVIF_SPEED: Final = 7
_FULL_CHROMA_FROM: Final = 85
_AVIF_FULL_CHROMA_FROM: Final = 70
"""It costs AVIF 2 or 3 % of its bytes, and saturated edges keep their colour."""


@dataclass(frozen=True)
class Rendition:
    """One encoded file. width, height in pixels.

    white_border: share of its outermost hundredth that was exactly white, 0–1, before encoding.
    """

    width: int
    height: int
    format: Format
    data: bytes
    white_border: float

    @property
    def suffix(self) -> str:
        """The end of its file name, such as "w640.webp"."""
        return f"w{self.width}.{EXTENSIONS[self.format]}"


def writes_avif() -> bool:
    """Was Pillow built with an AVIF encoder?"""
    return bool(features.check("avif"))


def writable(formats: Sequence[Format]) -> tuple[Format, ...]:
    """Those formats that this computer can write; WebP and JPEG where none is left."""
    return tuple(name for name in formats if name != "avif" or writes_avif()) or ("webp", "jpeg")


def encode(
    rgb: Floats,
    alpha: Floats | None,
    *,
    widths: Sequence[int],
    formats: Sequence[Format] = ("webp", "jpeg"),
    quality: Mapping[str, int] = QUALITY,
    xmp: bytes,
) -> list[Rendition]:
    """Encode a picture at its own width and at each smaller one of `widths`, widest first.

    rgb: (H, W, 3) sRGB in [0, 1]; alpha: (H, W) or None. Nothing is enlarged. AVIF and WebP keep
    alpha, JPEG is put on white. xmp goes into every file. The same input gives the same bytes.
    Raises ValueError for a width below 1, a format we do not write, or a missing quality.
    """
    for name in formats:
        if name not in EXTENSIONS or name not in quality:
            raise ValueError(f"cannot write {name!r} with quality {dict(quality)}")
    made = []
    for size in _sizes(_image(rgb, alpha), widths):
        white = white_border(size)
        made += [
            Rendition(
                size.width, size.height, name, _encoded(size, name, quality[name], xmp), white
            )
            for name in formats
        ]
    return made


def white_border(image: Image.Image) -> float:
    """Share of a picture's border that is exactly white, 255 in every channel, 0–1.

    image: RGB, or RGBA, which is taken on white. The border is as wide as a hundredth of the
    shorter side, at least one pixel.
    """
    levels = np.asarray(_on_white(image))
    edge = max(1, round(min(image.size) * _BORDER))
    inner = levels[edge:-edge, edge:-edge]
    strips = (levels[:edge], levels[-edge:], levels[edge:-edge, :edge], levels[edge:-edge, -edge:])
    if not inner.size:
        return float((levels == 255).all(axis=-1).mean())
    white = sum(int((strip == 255).all(axis=-1).sum()) for strip in strips)
    return float(white / sum(strip.shape[0] * strip.shape[1] for strip in strips))


def _image(rgb: Floats, alpha: Floats | None) -> Image.Image:
    planes = rgb if alpha is None else np.concatenate([rgb, alpha[..., None]], axis=-1)
    # Rounded in place of a cast, which would lose half a level everywhere.
    levels = np.clip(np.rint(planes * np.float32(255)), 0, 255).astype(np.uint8)
    return Image.fromarray(levels)


def _sizes(image: Image.Image, widths: Sequence[int]) -> Iterator[Image.Image]:
    if any(width < 1 for width in widths):
        raise ValueError(f"a rendition's width is at least 1 pixel, not {min(widths)}")
    yield image
    for width in sorted({width for width in widths if width < image.width}, reverse=True):
        height = max(1, round(image.height * width / image.width))
        # Pillow premultiplies RGBA for the resize, so hidden colours do not bleed in.
        yield image.resize((width, height), Image.Resampling.LANCZOS)


def _encoded(image: Image.Image, name: Format, quality: int, xmp: bytes) -> bytes:
    stream = io.BytesIO()
    if name == "avif":
        # One thread: workers share the processor by pictures, and the bytes are always the same.
        image.save(
            stream,
            "AVIF",
            quality=quality,
            speed=_AVIF_SPEED,
            subsampling=_subsampling(quality, _AVIF_FULL_CHROMA_FROM),
            max_threads=1,
            xmp=xmp,
        )
        return stream.getvalue()
    if name == "webp":
        image.save(stream, "WEBP", quality=quality, method=_WEBP_METHOD, xmp=xmp)
        return stream.getvalue()
    _on_white(image).save(
        stream,
        "JPEG",
        quality=quality,
        subsampling=_subsampling(quality, _FULL_CHROMA_FROM),
        optimize=True,
        progressive=True,
        xmp=xmp,
    )
    return stream.getvalue()


def _subsampling(quality: int, full_from: int) -> str:
    return "4:4:4" if quality >= full_from else "4:2:0"


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    return white.convert("RGB")
