"""Awkward and hostile picture files, made on the spot."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms

PNG_START = b"\x89PNG\r\n\x1a\n"


def photo(size: tuple[int, int] = (48, 32), seed: int = 0) -> Image.Image:
    """A smooth picture without symmetry, so that every turn of it differs."""
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]]
    levels = np.stack([rows * 5, columns * 4, (rows + columns + seed) * 2], -1)
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def chunk(kind: bytes, body: bytes, crc: int | None = None) -> bytes:
    crc = zlib.crc32(kind + body) if crc is None else crc
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)


def png(
    pixels: bytes, size: tuple[int, int], *, depth: int, colour_type: int, extra: bytes = b""
) -> bytes:
    """A PNG from raw scan lines (each with its filter byte); extra chunks go before the data."""
    header = struct.pack(">IIBBBBB", *size, depth, colour_type, 0, 0, 0)
    return b"".join(
        [
            PNG_START,
            chunk(b"IHDR", header),
            extra,
            chunk(b"IDAT", zlib.compress(pixels)),
            chunk(b"IEND", b""),
        ]
    )


def png_with_bad_profile() -> bytes:
    """A good PNG whose iCCP chunk has a wrong checksum, as some shops' files have."""
    data = saved(photo(), "PNG")
    header_end = len(PNG_START) + 25
    profile = b"sRGB\0\0" + zlib.compress(srgb_profile())
    return data[:header_end] + chunk(b"iCCP", profile, crc=1) + data[header_end:]


def deep_rgb(level: int, size: tuple[int, int] = (20, 20)) -> bytes:
    """A 16-bit RGB PNG of one grey level, 0–65535."""
    line = b"\0" + struct.pack(">HHH", level, level, level) * size[0]
    return png(line * size[1], size, depth=16, colour_type=2)


def bomb(size: tuple[int, int] = (60_000, 60_000)) -> bytes:
    """A tiny PNG that claims to be huge."""
    return png(b"\0", size, depth=8, colour_type=2)


def scan_bomb(scans: int) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    data = saved(photo(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + b"\xff\xd9"


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
