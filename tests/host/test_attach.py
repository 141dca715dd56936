"""A host writes SHOP_STYLE["SOURCES"] and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.core.files.base import ContentFile
from django.db import transaction

from shop_style.exceptions import SourceError, SourceFileMissing
from shop_style.generation import runner
from shop_style.generation.request import request_variant, request_variants
from shop_style.models import Status, Style, StyleVariant
from shop_style.models.variant import attach_variants
from shop_style.sources import parse_source, pictures_of, source_image
from tests.shop.models import Chair, FoldingChair, Lamp, Poster, Shot

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "tenant"])


def ready(variant: StyleVariant) -> StyleVariant:
    status = runner.run(variant.pk, using=variant.database)
    variant.refresh_from_db()
    assert status == Status.READY, variant.error_detail
    return variant


@pytest.mark.parametrize("kind", ["int", "bigint", "uuid"])
def test_any_kind_of_key(kind: str, picture: Any, make_style: Any) -> None:
    file = ContentFile(picture(), name="a.jpg")
    row: Any = {
        "int": lambda: Poster.objects.create(artwork=file),
        "bigint": lambda: Shot.objects.create(id=2**40, lamp=Lamp.objects.create(), picture=file),
        "uuid": lambda: Chair.objects.create(photo=file),
    }[kind]()
    variant = ready(request_variant(row, make_style()))
    assert variant.object_id == str(row.pk)
    assert variant.host_object() == row
    attach_variants([row])
    assert row.style_variants == []  # ready is not published


def test_child_rows_of_a_product_are_found(picture: Any) -> None:
    lamp = Lamp.objects.create()
    shots = [
        Shot.objects.create(lamp=lamp, picture=ContentFile(picture(), name=f"{n}.jpg"))
        for n in range(2)
    ]
    assert [item.instance for item in pictures_of([lamp])] == shots
    assert [item.instance for item in pictures_of([shots[1]])] == [shots[1]]


def test_a_row_without_a_file(make_style: Any) -> None:
    poster = Poster.objects.create()
    assert pictures_of([poster]) == []
    with pytest.raises(SourceFileMissing, match="no file"):
        request_variant(poster, make_style())
    report = request_variants([source_image(poster)], [make_style("second")])
    assert (report.created, len(report.refused)) == (0, 1)


def test_a_second_database_keeps_its_own_rows(make_style: Any, make_chair: Any) -> None:
    style = make_style()
    chair = make_chair(using="tenant")
    variant = ready(request_variant(chair, style))
    assert variant._state.db == variant.database == "tenant"
    assert not StyleVariant.objects.using("default").exists()
    mirror = Style.objects.using("tenant").get(slug=style.slug)
    assert mirror.digest == style.digest
    assert [item.sha256 for item in mirror.ordered_references()] == [
        item.sha256 for item in style.ordered_references()
    ]
    style.strength = 0.5
    style.save()
    again = request_variant(chair, style)
    assert again.pk != variant.pk
    style.thresholds = {"min_ssim": 0.99}  # outside the digest: it changes no pixel
    style.save()
    request_variant(chair, style)
    assert Style.objects.using("tenant").get(slug=style.slug).thresholds == {"min_ssim": 0.99}
    assert Style.objects.using("tenant").get(slug=style.slug).strength == 0.5


class TestAutomatic:
    @pytest.fixture(autouse=True)
    def style(self, db: None, make_style: Any) -> Any:
        self.style = make_style("auto", automatic=True)
        make_style("manual")

    def test_a_new_picture_is_requested(self, make_chair: Any) -> None:
        chair = make_chair()
        variant = StyleVariant.objects.get()
        assert (variant.style, variant.object_id) == (self.style, str(chair.pk))

    def test_another_field_requests_nothing(self, make_chair: Any) -> None:
        chair = make_chair()
        StyleVariant.objects.all().delete()
        chair.price = 99
        chair.save()
        Chair.objects.get(pk=chair.pk).save()
        Chair.objects.defer("photo").get(pk=chair.pk).save()
        Chair.objects.only("name").get(pk=chair.pk).save(update_fields=["name"])
        assert not StyleVariant.objects.exists()

    def test_a_replaced_picture_is_requested_and_the_old_one_retired(
        self, make_chair: Any, picture: Any, media: Path
    ) -> None:
        chair = make_chair()
        old = ready(StyleVariant.objects.get())
        files = [media / name for name in old.file_names()]
        assert all(path.exists() for path in files)
        chair = Chair.objects.get(pk=chair.pk)
        chair.photo = ContentFile(picture(colour="#902020"), name="chair.jpg")
        chair.save()
        old.refresh_from_db()
        assert old.retired_at
        assert not any(path.exists() for path in files)
        new = StyleVariant.objects.live().get()
        assert new.source_digest != old.source_digest

    def test_the_same_bytes_again_change_nothing(self, make_chair: Any, picture: Any) -> None:
        chair = make_chair()
        variant = StyleVariant.objects.get()
        chair.photo = ContentFile(picture(), name="again.jpg")
        chair.save()
        assert StyleVariant.objects.live().get() == variant

    def test_bytes_replaced_under_the_same_name(self, make_chair: Any, picture: Any) -> None:
        chair = make_chair()
        old = StyleVariant.objects.get()
        name = chair.photo.name
        chair.photo.storage.delete(name)
        chair.photo = ContentFile(picture(colour="#10a010"), name=Path(name).name)
        chair.save()
        assert chair.photo.name == name
        assert StyleVariant.objects.live().get() != old

    def test_a_proxy_class_of_the_same_row(self, make_chair: Any, picture: Any) -> None:
        chair = FoldingChair(photo=ContentFile(picture(), name="fold.jpg"))
        chair.save()
        old = StyleVariant.objects.get()
        chair = FoldingChair.objects.get(pk=chair.pk)
        chair.photo = ContentFile(picture(colour="#123456"), name="fold.jpg")
        chair.save()
        old.refresh_from_db()
        assert old.retired_at
        chair.delete()
        assert not StyleVariant.objects.live().exists()

    def test_a_change_that_was_not_saved_at_first(self, make_chair: Any, picture: Any) -> None:
        chair = make_chair()
        other = make_chair(data=picture(colour="#a0a000"))
        old = StyleVariant.objects.for_objects([chair]).get()
        chair = Chair.objects.get(pk=chair.pk)
        chair.photo = other.photo.name
        chair.save(update_fields=["name"])
        old.refresh_from_db()
        assert not old.retired_at
        with pytest.raises(RuntimeError), transaction.atomic():
            chair.save()
            raise RuntimeError
        chair.save()
        old.refresh_from_db()
        assert old.retired_at

    def test_an_emptied_picture_is_retired(self, picture: Any) -> None:
        poster = Poster.objects.create(artwork=ContentFile(picture(), name="p.jpg"))
        assert StyleVariant.objects.live().count() == 1
        poster.artwork = None
        poster.save()
        assert not StyleVariant.objects.live().exists()

    def test_child_rows_deleted_by_cascade(self, picture: Any) -> None:
        lamp = Lamp.objects.create()
        Shot.objects.create(lamp=lamp, picture=ContentFile(picture(), name="s.jpg"))
        assert StyleVariant.objects.live().count() == 1
        lamp.delete()
        assert not StyleVariant.objects.live().exists()

    def test_a_second_database_follows_too(self, make_chair: Any, picture: Any) -> None:
        chair = make_chair(using="tenant")
        old = StyleVariant.objects.using("tenant").get()
        chair.photo = ContentFile(picture(colour="#777700"), name="chair.jpg")
        chair.save()
        old.refresh_from_db()
        assert old.retired_at
        chair.delete(using="tenant")
        assert not StyleVariant.objects.using("tenant").live().exists()
        assert not StyleVariant.objects.using("default").exists()

    def test_raw_fixture_loading_triggers_nothing(self, make_chair: Any) -> None:
        chair = make_chair()
        text = serializers.serialize("json", [chair])
        StyleVariant.objects.all().delete()
        for item in serializers.deserialize("json", text):
            item.save()
        assert not StyleVariant.objects.exists()

    def test_a_file_that_is_gone_never_breaks_the_hosts_save(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        poster = Poster(artwork="posters/gone.jpg")
        poster.save()
        assert Poster.objects.filter(pk=poster.pk).exists()
        assert "posters/gone.jpg" in caplog.text

    def test_a_rolled_back_save_leaves_no_request(self, make_chair: Any) -> None:
        with pytest.raises(RuntimeError), transaction.atomic():
            make_chair()
            raise RuntimeError
        assert not StyleVariant.objects.exists()


def test_deletion_retires_and_removes_files_on_commit(
    make_chair: Any, make_style: Any, media: Path
) -> None:
    chair = make_chair()
    variant = ready(request_variant(chair, make_style()))
    files = [media / name for name in variant.file_names()]
    with transaction.atomic():
        chair.delete()
        assert all(path.exists() for path in files)
    assert not any(path.exists() for path in files)
    variant.refresh_from_db()
    assert variant.retired_at


def test_a_rolled_back_deletion_keeps_everything(
    make_chair: Any, make_style: Any, media: Path
) -> None:
    chair = make_chair()
    variant = ready(request_variant(chair, make_style()))
    with pytest.raises(RuntimeError), transaction.atomic():
        chair.delete()
        raise RuntimeError
    variant.refresh_from_db()
    assert variant.retired_at is None
    assert all((media / name).exists() for name in variant.file_names())


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("shop.Chair", "app_label.Model.field"),
        ("nowhere.Chair.photo", "nowhere"),
        ("shop.Stool.photo", "Stool"),
        ("shop.Chair.picture", "its file fields are photo"),
        ("shop.Chair.name", "not an image field"),
    ],
)
def test_bad_source_strings_say_which_part(text: str, part: str) -> None:
    with pytest.raises(SourceError, match=part):
        parse_source(text)


def test_queries_do_not_grow_with_the_pictures(
    make_style: Any, make_chair: Any, django_assert_num_queries: Any
) -> None:
    style = make_style()
    ContentType.objects.get_for_model(Chair)
    few = [source_image(make_chair()) for _ in range(2)]
    many = [source_image(make_chair()) for _ in range(12)]
    with django_assert_num_queries(5):  # begin, look, insert, look again, commit
        request_variants(few, [style])
    with django_assert_num_queries(5):
        request_variants(many, [style])
    with django_assert_num_queries(3):
        request_variants(many, [style])
