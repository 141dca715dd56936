from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from shop_style.imaging.encode import Rendition, encode
from shop_style.imaging.provenance import TRAINED, read_digital_source_type, xmp_packet
from tests.imaging.test_mask import scene

XMP = xmp_packet(TRAINED, system="test", version="1")
QUALITY = {"webp": 86, "jpeg": 88}


def pixels(rendition: Rendition) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(rendition.data)))


def make(alpha: np.ndarray | None = None, widths: tuple[int, ...] = (320, 100)) -> list[Rendition]:
    return encode(scene(), alpha, widths=widths, quality=QUALITY, xmp=XMP)


def test_makes_each_width_and_format_once_and_enlarges_nothing() -> None:
    made = make(widths=(320, 100, 320, 400, 5000))
    assert [one.suffix for one in made] == [
        "w400.webp",
        "w400.jpg",
        "w320.webp",
        "w320.jpg",
        "w100.webp",
        "w100.jpg",
    ]
    for one in made:
        with Image.open(io.BytesIO(one.data)) as image:
            assert image.size == (one.width, one.height)
            assert image.format == one.format.upper()


def test_every_file_carries_the_mark() -> None:
    assert {read_digital_source_type(one.data) for one in make()} == {TRAINED}


def test_the_same_picture_gives_the_same_bytes() -> None:
    assert [one.data for one in make()] == [one.data for one in make()]


def test_white_stays_white() -> None:
    for one in make():
        assert (pixels(one)[:8] == 255).all(), one.suffix


def test_webp_keeps_alpha_and_jpeg_is_put_on_white() -> None:
    alpha = np.zeros((400, 400), np.float32)
    alpha[100:300, 100:300] = 1
    webp, jpeg = make(alpha, widths=())
    assert pixels(webp).shape == (400, 400, 4)
    np.testing.assert_array_equal(pixels(webp)[..., 3], alpha * 255)
    assert pixels(jpeg).shape == (400, 400, 3)
    assert (pixels(jpeg)[:80] == 255).all()


def test_hidden_colour_does_not_bleed_into_smaller_sizes() -> None:
    """A red product cut out of pure green: no pixel of a thumbnail may turn greenish."""
    rgb = np.zeros((400, 400, 3), np.float32)
    rgb[..., 1] = 1
    alpha = np.zeros((400, 400), np.float32)
    rgb[100:300, 103:297] = (1, 0, 0)
    alpha[100:300, 103:297] = 1
    _, small = encode(rgb, alpha, widths=(37,), formats=("jpeg",), quality={"jpeg": 100}, xmp=XMP)
    levels = pixels(small).astype(int)
    assert (levels[..., 1] <= levels[..., 0] + 8).all()


def test_pixels_survive_encoding() -> None:
    webp, jpeg = make(widths=())
    for one in (webp, jpeg):
        # Quality 86–88 on a drawing with hard edges.
        assert np.abs(pixels(one) / 255 - scene()).mean() < 0.01


@pytest.mark.parametrize("options", [{"formats": ("gif",)}, {"quality": {"webp": 80}}])
def test_refuses_what_it_cannot_write(options: dict) -> None:
    with pytest.raises(ValueError, match="cannot write"):
        encode(scene(), None, **{"widths": (), "quality": QUALITY, "xmp": XMP, **options})


def test_refuses_a_width_of_nothing() -> None:
    with pytest.raises(ValueError, match="at least 1 pixel"):
        make(widths=(0,))
