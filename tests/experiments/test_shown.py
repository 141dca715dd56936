"""What is remembered of addresses never outlives what it depends on."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage, default_storage

from shop_style.experiments.shown import Shown, address
from shop_style.models import StyleVariant

pytestmark = pytest.mark.django_db


@pytest.fixture
def variant(make_chair: Any, make_style: Any, publish_variant: Any) -> StyleVariant:
    found: StyleVariant = publish_variant(make_chair(name="Chair"), make_style("warm"))
    return found


def read(variant: StyleVariant) -> Shown:
    """As a page reads it."""
    return Shown(*StyleVariant.objects.filter(pk=variant.pk).values_list(*Shown.columns()).get())


def test_columns_and_the_whole_row_say_the_same(variant: StyleVariant) -> None:
    mine, whole = read(variant), Shown.of(variant)
    assert mine.addresses() == whole.addresses() and mine.addresses()[1].endswith(".jpeg")
    assert (mine.style, mine.style_name, mine.image) == ("warm", "Warm", variant.image.name)
    assert mine.is_published and mine.has_files and not mine.lists_originals
    names = [item["name"] for item in variant.renditions]
    addressed = " ".join(srcset for _kind, srcset in mine.addresses()[0])
    assert all(default_storage.url(name) in addressed for name in names)


def test_other_renditions_of_the_same_row_have_other_addresses(variant: StyleVariant) -> None:
    before = read(variant).addresses()
    variant.renditions = variant.renditions[:1]
    variant.save()
    assert read(variant).addresses() != before


def test_another_media_url_is_seen_at_once(variant: StyleVariant, settings: Any) -> None:
    assert read(variant).addresses()[1].startswith("/media/")
    settings.MEDIA_URL = "https://cdn.example/"
    assert read(variant).addresses()[1].startswith("https://cdn.example/")
    assert address(default_storage, "a b.jpg") == "https://cdn.example/a%20b.jpg"


def test_a_storage_that_signs_its_addresses_is_asked_each_time() -> None:
    class Signed(FileSystemStorage):
        number = 0

        def url(self, name: str | None) -> str:
            self.number += 1
            return f"{super().url(name)}?signed={self.number}"

    storage = Signed()
    assert address(storage, "a.jpg") != address(storage, "a.jpg")


def test_a_file_that_is_lost_is_missed_at_the_next_page(variant: StyleVariant) -> None:
    assert read(variant).has_files
    default_storage.delete(str(variant.image.name))
    assert not read(variant).has_files
    variant.renditions = []
    variant.save()
    assert not read(variant).has_files
