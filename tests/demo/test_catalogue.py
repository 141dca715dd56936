"""Filling the shop, from the bundled catalogue and from a visitor's folder; and the styles."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from shop_style.demo.catalogue import MOST_PHOTOS, load_catalogue, load_photos
from shop_style.demo.errors import DemoError
from shop_style.demo.models import Product, ProductImage
from shop_style.demo.styles import STYLES, load_styles
from shop_style.imaging.intake import IntakeLimits
from shop_style.models import Style

pytestmark = pytest.mark.django_db

LIMITS = IntakeLimits()
Picture = Callable[..., bytes]


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_the_catalogue_is_loaded_once_however_often(fixtures: Path, media: Path) -> None:
    first = load_catalogue(fixtures)
    assert (first.new, len(first.images)) == (3, 3)
    product = Product.objects.get(slug="mug")
    assert (product.name, product.description, str(product.price)) == (
        "Tea mug",
        "For tea.",
        "18.00",
    )
    assert [image.alt for image in product.images.all()] == ["front", "back"]
    image = product.images.first()
    assert image is not None
    # As stored, not as a row finds out by opening its file.
    assert ProductImage.objects.values_list("width", "height").first() == (96, 80)
    with image.image.open() as stream:
        assert stream.read() == (fixtures / "catalogue" / "mug.jpg").read_bytes()
    there = files(media)
    second = load_catalogue(fixtures)
    assert second.new == 0
    assert [item.pk for item in second.images] == [item.pk for item in first.images]
    assert files(media) == there


def test_a_photograph_of_scikit_image_is_taken_from_there(fixtures: Path) -> None:
    entry = {"slug": "cup", "name": "Cup", "images": [{"file": "skimage:coffee"}]}
    (fixtures / "catalogue.json").write_text(json.dumps([entry]))
    image = load_catalogue(fixtures).images[0]
    assert (image.width, image.height) == (600, 400)
    with image.image.open() as stream, Image.open(stream) as opened:
        assert opened.format == "JPEG"


def test_a_missing_or_broken_catalogue_is_named(fixtures: Path) -> None:
    (fixtures / "catalogue" / "jar.jpg").unlink()
    with pytest.raises(DemoError, match=r"jar\.jpg"):
        load_catalogue(fixtures)
    (fixtures / "catalogue.json").write_text("{")
    with pytest.raises(DemoError, match=r"catalogue\.json"):
        load_catalogue(fixtures)


def test_photos_become_products_whatever_they_are_called(tmp_path: Path, picture: Picture) -> None:
    folder = tmp_path / "mine"
    (folder / "deep").mkdir(parents=True)
    (folder / "my_blue-chair.jpg").write_bytes(picture(colour="blue"))
    (folder / "deep" / "no suffix").write_bytes(picture(colour="red", kind="PNG"))
    (folder / "deep" / "wrong.txt").write_bytes(picture(colour="green", kind="WEBP"))
    (folder / "copy of my chair.jpg").write_bytes(picture(colour="blue"))
    (folder / "notes.jpg").write_bytes(b"not a picture")
    (folder / "empty.png").write_bytes(b"")
    (folder / ".hidden.jpg").write_bytes(picture(colour="black"))
    loaded = load_photos(folder, LIMITS)
    assert loaded.new == 3
    assert {name for name, _ in loaded.refused} == {"notes.jpg", "empty.png"}
    said = dict(loaded.refused)
    assert said["empty.png"].startswith("empty.png: ")
    assert said["empty.png"].endswith("(empty)")
    assert said["notes.jpg"].endswith("(not_an_allowed_image)")
    suffixes = {Path(image.image.name or "").suffix for image in loaded.images}
    assert suffixes == {".jpg", ".png", ".webp"}
    assert {product.collection for product in Product.objects.all()} == {"photos"}
    again = load_photos(folder, LIMITS)
    assert again.new == 0
    assert Product.objects.count() == ProductImage.objects.count() == 3


def test_photos_do_not_disturb_the_catalogue(
    fixtures: Path, tmp_path: Path, picture: Picture
) -> None:
    load_catalogue(fixtures)
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mug.jpg").write_bytes(picture(colour="purple"))
    load_photos(folder, LIMITS)
    assert Product.objects.get(slug="mug").name == "Tea mug"
    assert Product.objects.filter(collection="catalogue").count() == 2


def test_more_photos_than_the_demo_takes_are_counted(tmp_path: Path, picture: Picture) -> None:
    for number in range(MOST_PHOTOS + 3):
        data = picture(size=(32 + number, 32))
        (tmp_path / f"{number:03}.jpg").write_bytes(data)
    loaded = load_photos(tmp_path, LIMITS)
    assert (len(loaded.images), loaded.left_out) == (MOST_PHOTOS, 3)


def test_a_folder_that_is_not_there_or_holds_nothing_usable_is_named(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="is not a folder"):
        load_photos(tmp_path / "nowhere", LIMITS)
    with pytest.raises(DemoError, match="no usable picture"):
        load_photos(tmp_path, LIMITS)
    (tmp_path / "notes.txt").write_text("nothing to see")
    with pytest.raises(DemoError, match="1 files were tried and refused"):
        load_photos(tmp_path, LIMITS)


def test_the_three_styles_are_sound_and_keep_what_a_person_changed(
    fixtures: Path, reference: bytes
) -> None:
    styles = load_styles(fixtures)
    assert list(styles) == ["grade", "painterly", "linocut"]
    for style in styles.values():
        style.full_clean()
    assert styles["grade"].references.get().licence == "MIT"
    assert styles["grade"].references.get().image.read() == reference
    # A built-in style of the network was learned from its reference already.
    assert styles["linocut"].references.count() == 0
    Style.objects.filter(slug="grade").update(name="My grade")
    assert load_styles(fixtures)["grade"].name == "My grade"
    assert Style.objects.count() == len(STYLES)


def test_missing_styles_are_named(fixtures: Path) -> None:
    (fixtures / "styles" / "grade.png").unlink()
    with pytest.raises(DemoError, match=r"grade\.png"):
        load_styles(fixtures)
    (fixtures / "styles.json").write_text("[]")
    with pytest.raises(DemoError, match="grade, painterly, linocut"):
        load_styles(fixtures)
