from __future__ import annotations

import io
import struct
import threading
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageCms

from shop_style.exceptions import IntakeError
from shop_style.imaging.intake import REFUSALS, IntakeLimits, decode
from shop_style.imaging.provenance import TRAINED, xmp_packet
from tests.imaging import broken

LEVEL = 1 / 255


def code(data: bytes, limits: IntakeLimits | None = None) -> str:
    with pytest.raises(IntakeError) as caught:
        decode(data, name="chair.jpg", limits=limits)
    assert "chair.jpg" in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_reads_each_allowed_format(kind: str) -> None:
    photo = decode(broken.saved(broken.photo(), kind), name="chair")
    assert (photo.size, photo.format, photo.alpha) == ((48, 32), kind, None)
    assert photo.rgb.dtype == np.float32
    truth = np.asarray(broken.photo()) / 255
    # Lossy formats at their default quality stay within a few levels on a smooth ramp.
    assert np.abs(photo.rgb - truth).mean() < 4 * LEVEL


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: b"", "empty"),
        (lambda: b"\0" * 21, "too_many_bytes"),
        (lambda: b"<svg/>", "not_an_allowed_image"),
        (lambda: broken.saved(broken.photo(), "GIF"), "not_an_allowed_image"),
        (lambda: broken.saved(broken.photo(), "TIFF"), "not_an_allowed_image"),
        (lambda: broken.saved(broken.photo(), "BMP"), "not_an_allowed_image"),
        (lambda: broken.bomb(), "too_many_pixels"),
        (lambda: broken.bomb((12_001, 20)), "too_many_pixels"),
        (lambda: broken.saved(broken.photo((48, 15)), "PNG"), "too_small"),
        (lambda: broken.scan_bomb(100), "too_many_scans"),
    ],
)
def test_refuses_with_a_stable_code(make: Callable[[], bytes], expected: str) -> None:
    limits = IntakeLimits(max_bytes=20) if expected == "too_many_bytes" else None
    assert code(make(), limits) == expected


def test_every_refusal_code_has_its_sentence() -> None:
    assert set(REFUSALS) == {
        "empty",
        "too_many_bytes",
        "too_many_scans",
        "not_an_allowed_image",
        "too_many_pixels",
        "too_small",
        "undecodable",
        "unsupported_mode",
    }


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_refuses_a_file_cut_short(kind: str, kept: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    data = broken.saved(Image.fromarray(noise), kind)
    assert code(data[: int(len(data) * kept)]) in {"undecodable", "not_an_allowed_image"}


def test_survives_random_damage() -> None:
    random = np.random.default_rng(7)
    whole = [broken.saved(broken.photo(), kind) for kind in ("JPEG", "PNG", "WEBP", "AVIF")]
    for number in range(400):
        data = bytearray(whole[number % 4])
        for place in random.integers(0, len(data), 6):
            data[place] = random.integers(0, 256)
        try:
            photo = decode(bytes(data), name="fuzzed")
        except IntakeError as error:
            assert error.code in REFUSALS
        else:
            assert 0 <= photo.rgb.min() <= photo.rgb.max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_upright_by_exif(orientation: int) -> None:
    turned = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
        8: lambda a: np.rot90(a, 1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = broken.saved(broken.photo(), "PNG", exif=exif.tobytes())
    expected = turned(np.asarray(broken.photo()))
    np.testing.assert_allclose(decode(data, name="x").rgb, expected / 255, atol=1e-6)


def test_broken_exif_means_upright() -> None:
    data = broken.saved(broken.photo(), "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert decode(data, name="x").size == (48, 32)


@pytest.mark.parametrize("level", [0, 1000, 32768, 65535])
def test_scales_sixteen_bit_grey(level: int) -> None:
    data = broken.saved(Image.fromarray(np.full((20, 20), level, np.uint16)), "PNG")
    rgb = decode(data, name="x").rgb
    np.testing.assert_allclose(rgb, level / 65535, atol=1e-6)


@pytest.mark.parametrize("level", [0, 1000, 32768, 65535])
def test_scales_sixteen_bit_colour(level: int) -> None:
    # Pillow hands over the high byte alone.
    np.testing.assert_allclose(
        decode(broken.deep_rgb(level), name="x").rgb, level / 65535, atol=LEVEL
    )


def test_keeps_alpha_of_rgba() -> None:
    alpha = np.tile(np.arange(0, 240, 5, dtype=np.uint8), (32, 1))
    image = broken.photo()
    image.putalpha(Image.fromarray(alpha))
    photo = decode(broken.saved(image, "PNG"), name="x")
    assert photo.alpha is not None
    np.testing.assert_allclose(photo.alpha, alpha / 255, atol=1e-6)
    np.testing.assert_allclose(photo.rgb, np.asarray(broken.photo()) / 255, atol=1e-6)
    np.testing.assert_allclose(photo.flattened()[:, 0], 1)


def test_reads_palette_with_transparency() -> None:
    image = Image.new("P", (20, 20), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(1, (10, 0, 20, 20))
    photo = decode(broken.saved(image, "PNG", transparency=0), name="x")
    assert photo.alpha is not None
    assert photo.alpha[0, 0] == 0 and photo.alpha[0, 19] == 1
    np.testing.assert_array_equal(photo.rgb[0, 19], [0, 0, 1])


@pytest.mark.parametrize("mode", ["LA", "PA"])
def test_reads_grey_and_palette_with_alpha(mode: str) -> None:
    image = broken.photo().convert("L").convert("RGBA")
    image.putalpha(100)
    data = broken.saved(image.convert("LA"), "PNG")
    photo = decode(data, name="x")
    assert photo.alpha is not None
    np.testing.assert_allclose(photo.alpha, 100 / 255, atol=1e-6)
    if mode == "PA":
        from shop_style.imaging.colourspace import to_srgb

        rgb, alpha = to_srgb(image.convert("P").convert("PA"))
        assert rgb.shape == (32, 48, 3) and (alpha is None or alpha.shape == (32, 48))


def test_opaque_alpha_is_no_alpha() -> None:
    image = broken.photo()
    image.putalpha(255)
    assert decode(broken.saved(image, "PNG"), name="x").alpha is None


def test_sixteen_bit_colour_key_matches() -> None:
    key = struct.pack(">HHH", 1000, 1000, 1000)
    line = b"\0" + struct.pack(">HHH", 1000, 1000, 1000) * 20
    data = broken.png(
        line * 20, (20, 20), depth=16, colour_type=2, extra=broken.chunk(b"tRNS", key)
    )
    photo = decode(data, name="x")
    assert photo.alpha is not None and photo.alpha.max() == 0


def test_converts_cmyk() -> None:
    red = Image.new("CMYK", (32, 32), (0, 255, 255, 0))
    rgb = decode(broken.saved(red, "JPEG", quality=95), name="x").rgb[16, 16]
    assert rgb[0] > 0.9 and rgb[1:].max() < 0.2


def test_converts_by_profile() -> None:
    # An 8-bit Lab profile file is refused by RGB pixels; a wide RGB one moves saturated colours.
    red = Image.new("RGB", (32, 32), (200, 40, 40))
    plain = decode(broken.saved(red, "PNG"), name="x").rgb[0, 0]
    own = decode(broken.saved(red, "PNG", icc_profile=broken.srgb_profile()), name="x").rgb[0, 0]
    np.testing.assert_array_equal(own, plain)


def test_tolerates_profiles_that_do_not_fit() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    plain = decode(broken.saved(broken.photo(), "JPEG"), name="x").rgb
    for profile in (lab, b"not a profile at all", b"\0" * 200):
        data = broken.saved(broken.photo(), "JPEG", icc_profile=profile)
        np.testing.assert_array_equal(decode(data, name="x").rgb, plain)


def test_opens_png_whose_profile_has_a_wrong_checksum() -> None:
    data = broken.png_with_bad_profile()
    with pytest.raises(Image.UnidentifiedImageError):
        Image.open(io.BytesIO(data))
    np.testing.assert_allclose(
        decode(data, name="x").rgb, np.asarray(broken.photo()) / 255, atol=1e-6
    )


def test_takes_the_first_frame_of_an_animation() -> None:
    frames = [broken.photo(seed=0), broken.photo(seed=60)]
    for kind in ("PNG", "WEBP", "AVIF"):
        data = broken.saved(frames[0], kind, save_all=True, append_images=frames[1:])
        rgb = decode(data, name="x").rgb
        near, far = (np.abs(rgb - np.asarray(frame) / 255).mean() for frame in frames)
        assert near < far


def test_accepts_the_multi_picture_jpeg_of_phones() -> None:
    frames = [broken.photo(seed=0), broken.photo(seed=60)]
    data = broken.saved(frames[0], "MPO", save_all=True, append_images=frames[1:])
    photo = decode(data, name="x")
    assert photo.format == "JPEG"
    assert np.abs(photo.rgb - np.asarray(frames[0]) / 255).mean() < 4 * LEVEL


def test_counts_no_scans_in_a_film_behind_the_picture() -> None:
    data = broken.saved(broken.photo(), "JPEG") + b"\xff\xda" * 500
    assert decode(data, name="x").size == (48, 32)


def test_reads_the_source_type() -> None:
    xmp = xmp_packet(TRAINED, system="x", version="1")
    data = broken.saved(broken.photo(), "JPEG", xmp=xmp)
    assert decode(data, name="x").digital_source_type == TRAINED


def test_leaves_pillow_and_warnings_alone() -> None:
    """Twenty threads at once, bombs among them: nobody's settings change."""
    before = (Image.MAX_IMAGE_PIXELS, list(warnings.filters))
    refused: list[str] = []

    def work(number: int) -> None:
        try:
            decode(broken.bomb() if number % 2 else broken.saved(broken.photo(), "PNG"), name="x")
        except IntakeError as error:
            refused.append(error.code)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["too_many_pixels"] * 10
    assert (Image.MAX_IMAGE_PIXELS, list(warnings.filters)) == before
