"""One claimed row through the stages, and what may go wrong on the way."""

from __future__ import annotations

import errno
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from PIL import Image

from shop_style.generation import runner
from shop_style.generation.files import walk
from shop_style.generation.request import request_variant
from shop_style.imaging.provenance import read_digital_source_type
from shop_style.models import Status, StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.signals import stage_started, variant_failed, variant_ready

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def variant(make_chair: Any, make_style: Any, picture: Any) -> StyleVariant:
    return request_variant(make_chair(data=picture(size=(700, 520))), make_style())


def test_a_ready_variant_is_whole(variant: StyleVariant, media: Path) -> None:
    heard: list[int] = []

    def hear(sender: Any, pk: int, **_: Any) -> None:
        heard.append(pk)

    variant_ready.connect(hear)
    try:
        assert runner.run(variant.pk, using="default") == Status.READY
    finally:
        variant_ready.disconnect(hear)
    assert heard == [variant.pk]
    variant.refresh_from_db()
    assert (variant.width, variant.height) == (700, 520)
    assert [(r["format"], r["width"]) for r in variant.renditions] == [
        ("webp", 700),
        ("jpeg", 700),
        ("webp", 640),
        ("jpeg", 640),
        ("webp", 320),
        ("jpeg", 320),
    ]
    for item in variant.renditions:
        with Image.open(media / item["name"]) as image:
            assert image.size == (item["width"], item["height"])
            assert read_digital_source_type(image) == variant.digital_source_type
    assert variant.digital_source_type.endswith("/algorithmicallyEnhanced")
    # What an experiment's control shows: as wide, as heavy, and only not styled.
    assert [(r["format"], r["width"]) for r in variant.original_renditions] == [
        (r["format"], r["width"]) for r in variant.renditions
    ]
    own = np.asarray(Image.open(variant.host_object().photo).convert("RGB"), np.float32)
    for item in variant.original_renditions:
        with Image.open(media / item["name"]) as image:
            assert image.size == (item["width"], item["height"])
            assert read_digital_source_type(image) is None
            if item["width"] == 700:
                # Encoded again at quality 86 and more: a level or two, on average.
                assert np.abs(np.asarray(image.convert("RGB"), np.float32) - own).mean() < 2
    assert {*variant.file_names()} == {
        item["name"] for item in (*variant.renditions, *variant.original_renditions)
    }
    assert variant.scorecard["ssim"]["product"] == variant.ssim
    assert variant.perceptual_name == "ST-LPIPS (AlexNet)"
    assert 0 < variant.ssim < 1 and variant.delta_e > 0
    assert variant.passed is not None and (variant.passed or variant.reasons)
    assert (variant.engine, variant.strength_used, variant.device) == ("grade", 1.0, "cpu")
    assert variant.seconds > 0 and not variant.lease_token


def test_a_ready_variant_is_not_rendered_again(variant: StyleVariant) -> None:
    assert runner.run(variant.pk, using="default") == Status.READY
    assert runner.run(variant.pk, using="default") is None


def test_strength_zero_changes_no_pixel_and_fails_the_gate(
    make_chair: Any, make_style: Any
) -> None:
    variant = request_variant(make_chair(), make_style(), overrides={"strength": 0})
    runner.run(variant.pk, using="default")
    variant.refresh_from_db()
    # The published pixels are 8-bit, but scores are taken before: float rounding is left.
    assert variant.ssim == pytest.approx(1.0, abs=1e-6)
    assert variant.delta_e == pytest.approx(0.0, abs=1e-4)
    assert variant.passed is False
    assert [item["code"] for item in variant.reasons] == ["unchanged"]


def test_auto_strength_takes_the_largest_that_passes(make_chair: Any, make_style: Any) -> None:
    chair = make_chair()
    auto = request_variant(chair, make_style("auto", strength=None))
    runner.run(auto.pk, using="default")
    auto.refresh_from_db()
    assert auto.passed is True
    full = request_variant(chair, make_style("full", strength=1.0))
    runner.run(full.pk, using="default")
    full.refresh_from_db()
    assert full.passed is (auto.strength_used == 1.0)


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


def test_a_background_style_needs_a_mask(make_chair: Any, make_style: Any, picture: Any) -> None:
    chair = make_chair(data=picture(background="#507030"))
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


def test_a_zombie_cannot_touch_the_winner(variant: StyleVariant, media: Path) -> None:
    """A worker whose lease ran out before its last step finds the row taken, and its own files
    gone; the winner's files and row stay."""

    def let_another_win(sender: Any, stage: str, **_: Any) -> None:
        if stage != "commit":
            return
        stage_started.disconnect(let_another_win)
        rows = StyleVariant.objects.filter(pk=variant.pk)
        rows.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        winner = threading.Thread(target=runner.run, args=[variant.pk], kwargs={"using": "default"})
        winner.start()
        winner.join()

    stage_started.connect(let_another_win)
    assert runner.run(variant.pk, using="default") == Status.RUNNING
    variant.refresh_from_db()
    assert (variant.status, variant.attempts) == (Status.READY, 2)
    assert set(walk(variant_storage(), "shop_style/variants")) == set(variant.file_names())


def test_a_variant_retired_while_it_renders_leaves_no_file(
    variant: StyleVariant, picture: Any
) -> None:
    def replace_picture(sender: Any, stage: str, **_: Any) -> None:
        if stage == "score":
            stage_started.disconnect(replace_picture)
            chair = variant.host_object()
            assert chair is not None
            chair.photo = ContentFile(picture(colour="#118811"), name="new.jpg")  # type: ignore[attr-defined]
            chair.save()

    stage_started.connect(replace_picture)
    runner.run(variant.pk, using="default")
    variant.refresh_from_db()
    assert variant.retired_at and not variant.image
    assert not list(walk(variant_storage(), "shop_style/variants"))


def test_a_killed_optimisation_resumes_from_its_checkpoint(
    make_chair: Any, make_style: Any
) -> None:
    """The second worker is told fewer steps than a start from nothing would take."""
    style = make_style(
        engine="optimise",
        parameters={
            "working_side": 64,
            "steps": 12,
            "scales": 1,
            "checkpoint_every": 4,
            "trunk": "distilled",
        },
    )
    variant = request_variant(make_chair(), style)
    saved: list[int] = []

    class Killed(BaseException):
        pass

    from shop_style.generation.checkpoint import CheckpointStore

    original = CheckpointStore.save

    def save_then_die(self: CheckpointStore, data: bytes) -> None:
        original(self, data)
        saved.append(len(data))
        if len(saved) == 2:
            raise Killed

    CheckpointStore.save = save_then_die  # type: ignore[method-assign]
    try:
        with pytest.raises(Killed):
            runner.run(variant.pk, using="default")
    finally:
        CheckpointStore.save = original  # type: ignore[method-assign]
    loaded: list[bool] = []
    load = CheckpointStore.load

    def note(self: CheckpointStore) -> bytes | None:
        data = load(self)
        loaded.append(data is not None)
        return data

    StyleVariant.objects.update(lease_expires_at=timezone.now())
    CheckpointStore.load = note  # type: ignore[method-assign]
    try:
        assert runner.run(variant.pk, using="default") == Status.READY
    finally:
        CheckpointStore.load = load  # type: ignore[method-assign]
    assert loaded == [True]
    assert not list(walk(variant_storage(), "shop_style/checkpoints"))


class TestOutdated:
    def test_a_style_edited_while_its_row_waits(self, variant: StyleVariant) -> None:
        style = variant.style
        style.strength = 0.5
        style.save()
        assert runner.run(variant.pk, using="default") == Status.FAILED
        variant.refresh_from_db()
        assert variant.error_code == "outdated" and variant.retired_at
        wanted = StyleVariant.objects.live().get()
        assert runner.run(wanted.pk, using="default") == Status.READY
        wanted.refresh_from_db()
        assert wanted.strength_used == 0.5

    def test_an_original_replaced_behind_our_back(
        self, variant: StyleVariant, media: Path, picture: Any
    ) -> None:
        (media / variant.source_name).write_bytes(picture(size=(60, 60)))
        assert runner.run(variant.pk, using="default") == Status.FAILED
        wanted = StyleVariant.objects.live().get()
        assert wanted.source_digest != variant.source_digest
        assert runner.run(wanted.pk, using="default") == Status.READY

    def test_a_file_over_the_limit_is_refused_not_asked_for_again(
        self, variant: StyleVariant, settings: Any, media: Path
    ) -> None:
        size = (media / variant.source_name).stat().st_size
        settings.SHOP_STYLE = {**settings.SHOP_STYLE, "MAX_BYTES": size - 1}
        assert runner.run(variant.pk, using="default") == Status.FAILED
        assert StyleVariant.objects.get().error_code == "too_many_bytes"


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
