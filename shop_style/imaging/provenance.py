"""The mark a rendered picture carries: its IPTC digital source type, as an XMP packet."""

from __future__ import annotations

import html
import io
import re
from typing import Final, Literal
from xml.sax.saxutils import quoteattr

from PIL import Image

Region = Literal["whole", "background", "product"]

NEWSCODES: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TRAINED: Final = NEWSCODES + "trainedAlgorithmicMedia"
COMPOSITE_TRAINED: Final = NEWSCODES + "compositeWithTrainedAlgorithmicMedia"
COMPOSITE_SYNTHETIC: Final = NEWSCODES + "compositeSynthetic"
ALGORITHMIC: Final = NEWSCODES + "algorithmicMedia"
ENHANCED: Final = NEWSCODES + "algorithmicallyEnhanced"

_STRICTNESS: Final = (ENHANCED, ALGORITHMIC, COMPOSITE_SYNTHETIC, COMPOSITE_TRAINED, TRAINED)
SOURCE_TYPES: Final = tuple(uri.removeprefix(NEWSCODES) for uri in _STRICTNESS)
"""Names of the types we write, the weakest statement first."""

_MARKED_FORMATS: Final = ("JPEG", "PNG", "WEBP", "AVIF")
_MAX_XMP_BYTES: Final = 1_000_000
_MAX_TEXT: Final = 200
_FIELD = re.compile(
    rb"[\w.-]{1,40}:DigitalSourceType"
    rb"(?:\s*=\s*[\"']([^\"'<>]{1,300})"
    rb"|\s+[\w.-]{1,40}:resource\s*=\s*[\"']([^\"'<>]{1,300})"
    rb"|\s*>\s*([^<\s]{1,300}))"
)
# What XML 1.0 §2.2 forbids even when escaped.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def digital_source_type(
    *, trained: bool, region: Region, original: str | None, minor: bool = False
) -> str:
    """The IPTC digital source type URI a variant must carry.

    trained: did a trained network compute pixels? region: what was restyled.
    original: the type the original file already carried; an AI original is never downgraded.
    minor: an untrained change small enough to count as an enhancement.
    Source: IPTC NewsCodes, digital source type, 2025.1.
    """
    if trained:
        ours = COMPOSITE_TRAINED if region == "background" else TRAINED
    else:
        ours = ENHANCED if minor else ALGORITHMIC
    return max(ours, _canonical(original), key=_strictness)


def xmp_packet(uri: str, *, system: str = "", version: str = "") -> bytes:
    """An XMP packet with the source type and, where there is one, the system that made the
    picture (about 0.5 KB)."""
    made_by = ""
    if system:
        made_by = (
            f" Iptc4xmpExt:AISystemUsed={_attribute(system)}"
            f" Iptc4xmpExt:AISystemVersionUsed={_attribute(version)}"
        )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f"Iptc4xmpExt:DigitalSourceType={_attribute(uri)}{made_by}/>"
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def read_digital_source_type(image: Image.Image | bytes) -> str | None:
    """The source type URI in a picture's XMP, or None.

    image: an opened picture, the bytes of a picture file, or a bare XMP packet. Read by pattern,
    since an XML parser has no business on untrusted bytes.
    """
    if isinstance(image, bytes):
        if image.lstrip()[:1] == b"<":
            return _first_type(image)
        with Image.open(io.BytesIO(image), formats=_MARKED_FORMATS) as opened:
            return read_digital_source_type(opened)
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return _first_type(packet.encode() if isinstance(packet, str) else packet)


def _first_type(packet: bytes) -> str | None:
    match = _FIELD.search(packet[:_MAX_XMP_BYTES])
    if match is None:
        return None
    value = next(group for group in match.groups() if group)
    return html.unescape(value.decode("utf-8", "replace"))


def _attribute(text: str) -> str:
    return quoteattr(_ILLEGAL.sub("", text)[:_MAX_TEXT])


def _canonical(uri: str | None) -> str:
    # Files in the wild carry https, a trailing slash or the bare name.
    return NEWSCODES + uri.rstrip("/").rpartition("/")[2] if uri else ""


def _strictness(uri: str) -> int:
    return _STRICTNESS.index(uri) if uri in _STRICTNESS else -1
