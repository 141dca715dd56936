"""Nothing that a process remembers of a placement outlives a change that another process made.

Each change is written by SQL, as another process's is: no signal and no hook of this one is run.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from shop_style.experiments.snapshot import compile_snapshot
from shop_style.models import Experiment, PhaseProduct, Style, StyleVariant
from tests.shop.models import Chair

pytestmark = pytest.mark.django_db


def elsewhere(model: Any, pk: Any, **columns: Any) -> None:
    """Write columns of a row as somebody else would."""
    names = ", ".join(f'"{name}" = %s' for name in columns)
    key = model._meta.pk.get_db_prep_value(pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{model._meta.db_table}" SET {names} WHERE "{model._meta.pk.column}" = %s',
            [*columns.values(), key],
        )
        assert cursor.rowcount == 1


@pytest.fixture
def look(post: Any, browser: Any, shop: Any) -> Callable[[], list[dict[str, Any]]]:
    """The tiles of the same visitor, in the arm with a style."""
    client = browser()

    def tiles() -> list[dict[str, Any]]:
        body = {"objects": shop.names(), "placement": "listing"}
        found: list[dict[str, Any]] = post("placement", body, client=client).json()["pictures"]
        return found

    while tiles()[0]["picture"]["style"] is None:
        client = browser()
    assert all(tile["tracked"] for tile in tiles())
    return tiles


@pytest.fixture
def variant(shop: Any) -> StyleVariant:
    return StyleVariant.objects.get(object_id=str(shop.chairs[1].pk))


@pytest.mark.parametrize(
    "change",
    [
        {"retired_at": "2026-01-01 00:00:00+00:00"},
        {"published_at": None},
        {"review": "rejected"},
        {"status": "failed"},
        {"renditions": "[]"},
        {"image": ""},
        {"image": "shop_style/variants/gone.webp"},
    ],
)
def test_a_variant_that_may_not_be_shown_any_more_is_not(
    look: Any, variant: StyleVariant, change: dict[str, Any]
) -> None:
    elsewhere(StyleVariant, variant.pk, **change)
    tiles = look()
    assert [tile["tracked"] for tile in tiles] == [True, False, True, True]
    assert [tile["picture"]["style"] for tile in tiles] == ["warm", None, "warm", "warm"]


def test_a_file_that_was_lost_takes_its_tile_out_at_once(look: Any, variant: StyleVariant) -> None:
    default_storage.delete(str(variant.image.name))
    assert [tile["tracked"] for tile in look()] == [True, False, True, True]


def test_a_product_left_out_is_out_and_in_again(look: Any, shop: Any) -> None:
    product = PhaseProduct.objects.get(object_id=str(shop.chairs[1].pk))
    elsewhere(PhaseProduct, product.pk, left_out_at=timezone.now())
    assert not look()[1]["tracked"]
    elsewhere(PhaseProduct, product.pk, left_out_at=None)
    assert look()[1]["tracked"]


def test_files_sizes_and_source_type_are_those_of_now(look: Any, variant: StyleVariant) -> None:
    item = {**variant.renditions[-1], "name": "other/small.jpeg", "width": 40}
    elsewhere(StyleVariant, variant.pk, renditions=json.dumps([item]), width=40, height=30)
    elsewhere(StyleVariant, variant.pk, digital_source_type="http://example/other")
    picture = look()[1]["picture"]
    assert (picture["src"], picture["srcset"]) == (
        "/media/other/small.jpeg",
        "/media/other/small.jpeg 40w",
    )
    assert (picture["width"], picture["height"]) == (40, 30)
    assert picture["digital_source_type"] == "http://example/other"


def test_the_rows_own_words_and_file_are_those_of_now(look: Any, shop: Any) -> None:
    default_storage.save("chairs/new.png", ContentFile(b"a file"))
    chair = shop.chairs[1]
    elsewhere(Chair, chair.pk, name='A "new" name', photo="chairs/new.png")
    picture = look()[1]["picture"]
    assert picture["alt"] == 'A "new" name'
    assert picture["original"] == "/media/chairs/new.png"


def test_a_row_that_is_gone_is_gone_and_one_that_came_is_there(look: Any, shop: Any) -> None:
    table = Chair._meta.db_table
    key = Chair._meta.pk.get_db_prep_value(shop.chairs[1].pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}" WHERE "id" = %s', [key])
        row = cursor.fetchone()
        cursor.execute(f'DELETE FROM "{table}" WHERE "id" = %s', [key])
    assert look()[1]["picture"] is None
    with connection.cursor() as cursor:
        cursor.execute(f'INSERT INTO "{table}" VALUES ({", ".join(["%s"] * len(row))})', row)
    assert look()[1]["picture"]["style"] == "warm"


def test_a_style_of_another_name_is_called_so(look: Any, shop: Any) -> None:
    elsewhere(Style, shop.style.pk, slug="warmer")
    assert {tile["picture"]["style"] for tile in look()} == {"warmer"}


def test_an_experiment_that_ended_elsewhere_ends_within_the_interval(
    look: Any, shop: Any, settings: Any
) -> None:
    elsewhere(Experiment, shop.experiment.pk, state="paused")
    compile_snapshot()  # this process waits for a commit that a test does not have
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "SNAPSHOT_SECONDS": 0.0}
    assert {tile["picture"]["style"] for tile in look()} == {None}
    assert not any(tile["tracked"] for tile in look())


def test_another_media_address_is_used_at_once(look: Any, settings: Any) -> None:
    assert look()[0]["picture"]["src"].startswith("/media/")
    settings.MEDIA_URL = "https://cdn.example/"
    picture = look()[0]["picture"]
    assert picture["src"].startswith("https://cdn.example/")
    assert picture["original"].startswith("https://cdn.example/")


def test_a_source_taken_out_of_the_settings_is_no_source_any_more(look: Any, settings: Any) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "SOURCES": ["shop.Shot.picture"]}
    assert {tile["picture"] for tile in look()} == {None}
