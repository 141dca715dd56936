"""A render that cannot be done: what the row says, and that nothing is lost."""

from __future__ import annotations

import errno
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import InterfaceError, OperationalError
from PIL import Image

from shop_style.generation import runner
from shop_style.generation.files import walk
from shop_style.generation.request import request_variant
from shop_style.models import Status, StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.signals import variant_failed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def variant(make_chair: Any, make_style: Any, picture: Any) -> StyleVariant:
    return request_variant(make_chair(data=picture(size=(700, 520))), make_style())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"not a picture", "not_an_allowed_image"),
        (b"GIF89a" + bytes(50), "not_an_allowed_image"),
    ],
)
def test_a_bad_picture_fails_at_once_with_its_code(data: bytes, code: str, make_style: Any) -> None:
    from tests.shop.models import Poster

    poster = Poster.objects.create(artwork=ContentFile(data, name="bad.jpg"))
    variant = request_variant(poster, make_style())
    failed: list[str] = []

    def hear(sender: Any, code: str, **_: Any) -> None:
        failed.append(code)

    variant_failed.connect(hear)
    try:
        assert runner.run(variant.pk, using="default") == Status.FAILED
    finally:
        variant_failed.disconnect(hear)
    variant.refresh_from_db()
    assert (variant.error_code, variant.attempts, failed) == (code, 1, [code])
    assert "bad" in variant.error_detail


def test_people_are_refused_where_the_shop_says_so(
    make_chair: Any, make_style: Any, settings: Any
) -> None:
    from skimage import data

    stream = io.BytesIO()
    Image.fromarray(data.astronaut()).save(stream, "JPEG", quality=95)
    chair = make_chair(data=stream.getvalue())
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "FACES": "refuse"}
    refused = request_variant(chair, make_style())
    assert runner.run(refused.pk, using="default") == Status.FAILED
    refused.refresh_from_db()
    assert (refused.error_code, refused.attempts) == ("faces_refused", 1)
    assert refused.source_name in refused.error_detail and "crop" in refused.error_detail
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "FACES": "allow"}
    styled = request_variant(chair, make_style(slug="cool"))
    assert runner.run(styled.pk, using="default") == Status.READY


def test_a_background_style_needs_a_mask(make_chair: Any, make_style: Any) -> None:
    stream = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    Image.fromarray(noise).save(stream, "PNG")
    chair = make_chair(data=stream.getvalue())
    variant = request_variant(chair, make_style(region="background"))
    assert runner.run(variant.pk, using="default") == Status.FAILED
    variant.refresh_from_db()
    assert variant.error_code == "mask_uncertain"
    assert variant.source_name in variant.error_detail


def test_a_reference_that_is_no_picture(make_chair: Any, make_style: Any, media: Path) -> None:
    style = make_style()
    (media / style.references.get().image.name).write_bytes(b"junk")
    variant = request_variant(make_chair(), style)
    assert runner.run(variant.pk, using="default") == Status.FAILED
    variant.refresh_from_db()
    assert variant.error_code == "bad_style_reference"


def test_a_style_without_reference(make_chair: Any, make_style: Any) -> None:
    style = make_style()
    style.references.get().delete()
    style.refresh_from_db()
    variant = request_variant(make_chair(), style)
    assert runner.run(variant.pk, using="default") == Status.FAILED
    variant.refresh_from_db()
    assert variant.error_code == "bad_style_reference" and style.slug in variant.error_detail


def test_a_host_row_gone_behind_our_back(make_chair: Any, make_style: Any) -> None:
    chair = make_chair()
    variant = request_variant(chair, make_style())
    type(chair).objects.filter(pk=chair.pk)._raw_delete("default")
    assert runner.run(variant.pk, using="default") == Status.FAILED
    variant.refresh_from_db()
    assert variant.error_code == "source_file_missing"


def test_a_full_disk_is_tried_again_and_leaves_no_file(
    variant: StyleVariant, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    original = FileSystemStorage._save
    calls = 0

    def save(self: Any, name: str, content: Any) -> str:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return original(self, name, content)

    monkeypatch.setattr(FileSystemStorage, "_save", save)
    assert runner.run(variant.pk, using="default") == Status.PENDING
    variant.refresh_from_db()
    assert variant.error_code == "storage_failed" and "No space" in variant.error_detail
    assert not list(walk(variant_storage(), "shop_style/variants"))
    assert not list(walk(variant_storage(), "shop_style/.part"))
    assert runner.run(variant.pk, using="default") == Status.READY


def test_a_failure_that_may_pass_is_capped(
    variant: StyleVariant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Any, name: str, content: Any) -> str:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(FileSystemStorage, "_save", fail)
    statuses = [runner.run(variant.pk, using="default") for _ in range(4)]
    assert statuses == [Status.PENDING, Status.PENDING, Status.FAILED, None]


class ForeignError(Exception):
    """Like botocore's: not an OSError."""


def test_a_foreign_storage_error_is_tried_again(
    variant: StyleVariant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(FileSystemStorage, "_open", _raise_foreign)
        assert runner.run(variant.pk, using="default") == Status.PENDING
    variant.refresh_from_db()
    assert variant.error_code == "storage_failed" and "ForeignError" in variant.error_detail
    with monkeypatch.context() as patch:
        patch.setattr(FileSystemStorage, "delete", _raise_foreign)  # the checkpoint's clean-up
        assert runner.run(variant.pk, using="default") == Status.READY
    variant.refresh_from_db()
    assert variant.status == Status.READY


def _raise_foreign(*arguments: Any, **values: Any) -> Any:
    raise ForeignError("the bucket is on fire")


@pytest.mark.parametrize("fault", [OperationalError, InterfaceError])
def test_files_stay_when_the_answer_to_the_last_write_is_lost(
    fault: type[Exception], variant: StyleVariant, monkeypatch: pytest.MonkeyPatch
) -> None:
    queryset = type(StyleVariant.objects.all())
    original = queryset.update

    def update(self: Any, **values: Any) -> int:
        rows = original(self, **values)
        if "scorecard" in values and values.get("status") == Status.READY:
            raise fault("server closed the connection unexpectedly")
        return rows

    monkeypatch.setattr(queryset, "update", update)
    with pytest.raises(fault):
        runner.run(variant.pk, using="default")
    variant.refresh_from_db()
    assert variant.status == Status.READY
    assert all(variant_storage().exists(name) for name in variant.file_names())


def test_an_engine_that_is_gone_fails_at_once(variant: StyleVariant) -> None:
    type(variant.style).objects.update(engine="vanished")
    assert runner.run(variant.pk, using="default") == Status.FAILED
    variant.refresh_from_db()
    assert (variant.error_code, variant.attempts) == ("unknown_engine", 1)
