"""A host's rows with the columns of a page say what the whole rows say."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, F
from django.db.models.fields.files import FieldFile
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext

from shop_style.experiments.page_rows import page_rows
from shop_style.experiments.rendering import original_rendering
from shop_style.sources import Source, SourceImage
from tests.shop.models import Chair, FoldingChair, Poster, Shot

pytestmark = pytest.mark.django_db

PHOTO = Source(Chair, "photo")


def words(row: Any) -> str:
    return f"{row.name} at {row.price}"


@pytest.fixture
def chairs(make_chair: Any) -> list[Chair]:
    return [make_chair(name=f"Chair {number}") for number in range(3)]


@pytest.fixture
def made() -> Any:
    """How many rows the models' own constructors made."""
    counted: list[Any] = []

    def count(instance: Any, **_: Any) -> None:
        counted.append(instance)

    post_init.connect(count, sender=Chair)
    yield counted
    post_init.disconnect(count, sender=Chair)


def renderings(rows: Any) -> dict[Any, Any]:
    return {row.pk: original_rendering(SourceImage(PHOTO, row)) for row in rows}


def test_they_say_the_same_and_none_is_constructed(chairs: Any, made: Any) -> None:
    whole = renderings(Chair.objects.all())
    made.clear()
    with CaptureQueriesContext(connection) as queries:
        assert renderings(page_rows(Chair.objects.all(), PHOTO)) == whole
    assert len(queries) == 1 and not made


def test_they_are_rows_whose_other_columns_come_when_asked(chairs: Any) -> None:
    row: Any = next(iter(page_rows(Chair.objects.filter(pk=chairs[0].pk), PHOTO)))
    assert row == chairs[0] and not row._state.adding and row._state.db == "default"
    assert row.get_deferred_fields() == {"price"}
    assert row.price == 10 and row.photo.url == chairs[0].photo.url


def test_a_hosts_own_words_are_asked_of_whole_rows(chairs: Any, made: Any, settings: Any) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "ALT_TEXT": f"{__name__}.words"}
    with CaptureQueriesContext(connection) as queries:
        found = renderings(page_rows(Chair.objects.all(), PHOTO))
    assert {item.alt for item in found.values()} == {f"Chair {n} at 10" for n in range(3)}
    assert len(queries) == 1 and len(made) == 3


def test_a_file_field_of_the_hosts_own_kind_is_asked_itself(
    chairs: Any, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shop_style.experiments import page_rows as module
    from shop_style.experiments import rendering

    class Elsewhere(FieldFile):
        @property
        def url(self) -> str:
            return f"https://own.example/{self.instance.price}/{self.name}"

    field: Any = Chair._meta.get_field("photo")
    memos = (module._is_plain, rendering.holds_plain_files)
    for memo in memos:
        memo.cache_clear()
    monkeypatch.setattr(field, "attr_class", Elsewhere)
    with CaptureQueriesContext(connection) as queries:
        found = renderings(page_rows(Chair.objects.all(), PHOTO))
    assert all(item.src.startswith("https://own.example/10/") for item in found.values())
    assert len(queries) == 1 and len(made) == 3
    monkeypatch.undo()
    for memo in memos:
        memo.cache_clear()


def test_queries_that_give_no_plain_rows_are_left_as_they_are() -> None:
    values = Chair.objects.values("pk")
    assert page_rows(values, PHOTO) is values
    related = Shot.objects.prefetch_related("lamp")
    assert page_rows(related, Source(Shot, "picture")) is related


def test_annotated_limited_and_proxied_queries_give_the_same_rows(chairs: Any) -> None:
    for rows in (
        Chair.objects.annotate(twice=F("price") * 2).filter(twice=20),
        Chair.objects.annotate(n=Count("pk")).filter(n=1),
        Chair.objects.only("name"),
        Chair.objects.defer("name"),
        Chair.objects.distinct(),
        FoldingChair.objects.all(),
    ):
        assert renderings(page_rows(rows, PHOTO)) == renderings(chairs)


def test_a_row_without_a_file_has_no_address(chairs: Any) -> None:
    empty = Poster.objects.create()
    source = Source(Poster, "artwork")
    row = next(iter(page_rows(Poster.objects.all(), source)))
    assert row == empty and original_rendering(SourceImage(source, row)).src == ""
