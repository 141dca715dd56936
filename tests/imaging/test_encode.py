from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from shop_style.imaging.encode import Rendition, encode, white_border, writable, writes_avif
from shop_style.imaging.intake import decode
from shop_style.imaging.provenance import TRAINED, read_digital_source_type, xmp_packet
from styleeval.preservation.structure import ssim
from tests.imaging.test_mask import scene

LAMP = Path(__file__).resolve().parents[2] / "fixtures" / "catalogue" / "lamp.jpg"

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


def test_nothing_of_the_camera_reaches_a_file() -> None:
    """docs/privacy.md promises it: neither the place nor the maker of the photo that came in."""
    exif = Image.Exif()
    exif[0x010F] = "Lumen Instruments"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 26.0)
    stream = io.BytesIO()
    Image.fromarray((scene() * 255).astype(np.uint8)).save(stream, "JPEG", exif=exif)
    photo = decode(stream.getvalue(), name="photo.jpg")
    assert b"Lumen Instruments" in stream.getvalue()
    for one in encode(photo.rgb, photo.alpha, widths=(100,), quality=QUALITY, xmp=XMP):
        with Image.open(io.BytesIO(one.data)) as image:
            assert not image.getexif() and b"Lumen" not in one.data


def test_the_same_picture_gives_the_same_bytes() -> None:
    assert [one.data for one in make()] == [one.data for one in make()]


def test_white_stays_white() -> None:
    for one in make():
        assert (pixels(one)[:8] == 255).all(), one.suffix


def test_the_white_border_of_each_size_is_the_one_in_its_file() -> None:
    """A bar across the whole picture takes a quarter of both sides; 254 is not white."""
    rgb = np.ones((400, 600, 3), np.float32)
    assert {one.white_border for one in encode(rgb, None, widths=(90,), xmp=XMP)} == {1.0}
    rgb[100:200] = 0.2
    for one in encode(rgb, None, widths=(), xmp=XMP):
        # The border is 4 px wide: 2 × 4 × 600 across, 2 × 4 × 392 down, a quarter of these barred.
        expected = 1 - 2 * 4 * 100 / (2 * 4 * 600 + 2 * 4 * 392)
        assert one.white_border == pytest.approx(expected)
        with Image.open(io.BytesIO(one.data)) as image:
            # Encoding rings beside the bar's edges.
            assert white_border(image.convert("RGB")) == pytest.approx(expected, abs=0.03)
    almost = np.full((400, 600, 3), 254 / 255, np.float32)
    assert encode(almost, None, widths=(), xmp=XMP)[0].white_border == 0.0


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 50), (3, 1)])
def test_a_picture_that_is_all_border(size: tuple[int, int]) -> None:
    assert white_border(Image.new("RGB", size, "white")) == 1.0
    assert white_border(Image.new("RGBA", size, (0, 0, 0, 0))) == 1.0
    assert white_border(Image.new("RGB", size, "black")) == 0.0


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


@pytest.mark.skipif(not writes_avif(), reason="this Pillow writes no AVIF")
class TestAvif:
    """What the other formats are held to, and that it is worth its time."""

    def made(self, alpha: np.ndarray | None = None, **values: object) -> list[Rendition]:
        options = {"widths": (), "formats": ("avif",), "xmp": XMP, **values}
        return encode(scene(), alpha, **options)  # type: ignore[arg-type]

    def test_it_is_marked_and_always_the_same(self) -> None:
        (one,), (other,) = self.made(), self.made()
        assert one.suffix == "w400.avif" and one.data == other.data
        assert read_digital_source_type(one.data) == TRAINED
        with Image.open(io.BytesIO(one.data)) as image:
            assert image.format == "AVIF" and image.size == (one.width, one.height)

    def test_white_stays_white_and_alpha_is_kept(self) -> None:
        (one,) = self.made()
        assert (pixels(one)[:8] == 255).all()
        alpha = np.zeros((400, 400), np.float32)
        alpha[100:300, 100:300] = 1
        (cut,) = self.made(alpha)
        assert pixels(cut).shape == (400, 400, 4)
        # Lossy in its alpha as well, by a few levels beside the edge.
        assert np.abs(pixels(cut)[..., 3] - alpha * 255).mean() < 1
        assert (pixels(cut)[:90, :, 3] == 0).all() and (
            pixels(cut)[150:250, 150:250, 3] == 255
        ).all()

    def test_it_looks_as_webp_and_weighs_less(self) -> None:
        """On a render of the demo at a tile's width; the mean of many is in docs/benchmarks.md."""
        with Image.open(LAMP) as opened:
            tile = opened.convert("RGB").resize((640, 800))
        rgb = np.asarray(tile, np.float32) / 255
        avif, webp = encode(rgb, None, widths=(), formats=("avif", "webp"), xmp=XMP)
        assert len(avif.data) < 0.95 * len(webp.data)
        seen = [ssim(rgb, pixels(one).astype(np.float32) / 255) for one in (avif, webp)]
        assert seen[0] > seen[1] - 0.003


def test_without_an_encoder_avif_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "check", lambda name: False)
    assert writable(("avif", "webp", "jpeg")) == ("webp", "jpeg")
    assert writable(("avif",)) == ("webp", "jpeg")
