"""What must be known of a file's bytes before a decoder sees them."""

from __future__ import annotations

import re
import struct
import zlib
from typing import Final

_JPEG_START: Final = b"\xff\xd8"
_PNG_START: Final = b"\x89PNG\r\n\x1a\n"
_START_OF_SCAN: Final = 0xDA
_END_OF_IMAGE: Final = 0xD9
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})  # TEM, RST0–7, SOI: no length follows
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_MARKER_IN_SCAN = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")


def jpeg_scans(data: bytes, *, stop_after: int) -> int:
    """How many scans the first picture of a JPEG file has; 0 for other files.

    A progressive JPEG of 331 KB with 3,000 scans keeps a decoder busy for minutes, and no pixel
    limit sees it. Counting stops once `stop_after` is passed. Thumbnails in APP segments and a
    phone's film after the picture are not counted, as libjpeg does not decode them either.
    """
    if not data.startswith(_JPEG_START):
        return 0
    scans, position, pattern = 0, len(_JPEG_START), _MARKER
    while scans <= stop_after and (found := pattern.search(data, position)):
        marker = found.group(1)[0]
        position, pattern = found.end(), _MARKER
        if marker == _END_OF_IMAGE:
            break
        if marker in _ALONE:
            continue
        if position + 2 > len(data):
            break
        position += max(2, struct.unpack_from(">H", data, position)[0])
        if marker == _START_OF_SCAN:
            scans, pattern = scans + 1, _MARKER_IN_SCAN
    return scans


def without_broken_profile(data: bytes) -> bytes | None:
    """A PNG without its iCCP chunk, if that chunk's checksum is wrong; None otherwise.

    Pillow refuses the whole file over this chunk, browsers show it, and shops have such files.
    """
    if not data.startswith(_PNG_START):
        return None
    position = len(_PNG_START)
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if kind == b"IDAT" or end > len(data):
            return None
        if kind == b"iCCP":
            (stated,) = struct.unpack_from(">I", data, end - 4)
            if zlib.crc32(data[position + 4 : end - 4]) == stated:
                return None
            return data[:position] + data[end:]
        position = end
    return None
