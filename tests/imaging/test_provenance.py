from __future__ import annotations

import pytest
from PIL import Image

from shop_style.imaging import provenance
from shop_style.imaging.provenance import (
    NEWSCODES,
    digital_source_type,
    read_digital_source_type,
    xmp_packet,
)
from tests.imaging import broken


@pytest.mark.parametrize(
    ("trained", "region", "original", "minor", "expected"),
    [
        (True, "whole", None, False, "trainedAlgorithmicMedia"),
        (True, "product", None, False, "trainedAlgorithmicMedia"),
        (True, "background", None, False, "compositeWithTrainedAlgorithmicMedia"),
        (False, "whole", None, False, "algorithmicMedia"),
        (False, "whole", None, True, "algorithmicallyEnhanced"),
        (False, "whole", "digitalCapture", True, "algorithmicallyEnhanced"),
        (False, "whole", "trainedAlgorithmicMedia", True, "trainedAlgorithmicMedia"),
        (True, "background", "trainedAlgorithmicMedia", False, "trainedAlgorithmicMedia"),
        (False, "whole", "compositeSynthetic", True, "compositeSynthetic"),
        (True, "whole", "compositeSynthetic", False, "trainedAlgorithmicMedia"),
    ],
)
def test_source_type_follows_from_the_recipe(
    trained: bool, region: provenance.Region, original: str | None, minor: bool, expected: str
) -> None:
    uri = original and NEWSCODES + original
    given = digital_source_type(trained=trained, region=region, original=uri, minor=minor)
    assert given == NEWSCODES + expected


@pytest.mark.parametrize(
    "spelling",
    [
        "https://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
        NEWSCODES + "trainedAlgorithmicMedia/",
        "trainedAlgorithmicMedia",
    ],
)
def test_an_ai_original_is_known_however_it_is_spelt(spelling: str) -> None:
    given = digital_source_type(trained=False, region="whole", original=spelling, minor=True)
    assert given == provenance.TRAINED


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_packet_is_read_back_from_each_format(kind: str) -> None:
    packet = xmp_packet(provenance.COMPOSITE_TRAINED, system="shop", version="1")
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode())
        data = broken.saved(broken.photo(), kind, pnginfo=info)
    else:
        data = broken.saved(broken.photo(), kind, xmp=packet)
    assert read_digital_source_type(data) == provenance.COMPOSITE_TRAINED
    assert read_digital_source_type(packet) == provenance.COMPOSITE_TRAINED


def test_a_style_name_cannot_break_out_of_the_packet() -> None:
    from xml.etree import ElementTree

    evil = "\"/><x y='\0\x0b<&>' Iptc4xmpExt:DigitalSourceType=\"nothing"
    packet = xmp_packet(provenance.TRAINED, system=evil, version="1")
    root = ElementTree.fromstring(packet.decode().strip("\ufeff"))
    described = root[0][0]
    used = described.attrib["{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}AISystemUsed"]
    assert used == evil.replace("\0", "").replace("\x0b", "")
    assert len(root[0]) == 1
    assert read_digital_source_type(packet) == provenance.TRAINED


@pytest.mark.parametrize(
    "body",
    [
        b'<d Iptc4xmpExt:DigitalSourceType="a:b"/>',
        b"<d Iptc4xmpExt:DigitalSourceType = 'a:b'/>",
        b"<Iptc4xmpExt:DigitalSourceType> a:b </Iptc4xmpExt:DigitalSourceType>",
        b'<Iptc4xmpExt:DigitalSourceType rdf:resource="a:b"/>',
    ],
)
def test_reads_every_way_xmp_may_be_written(body: bytes) -> None:
    assert read_digital_source_type(body) == "a:b"


def test_no_packet_is_none() -> None:
    assert read_digital_source_type(Image.new("RGB", (16, 16))) is None
    assert read_digital_source_type(broken.saved(broken.photo(), "JPEG")) is None


def test_an_original_of_a_known_type_keeps_it_and_names_no_maker() -> None:
    packet = xmp_packet(provenance.TRAINED)
    assert read_digital_source_type(packet) == provenance.TRAINED
    assert b"AISystem" not in packet
