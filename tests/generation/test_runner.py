"""One claimed row through the stages, and what may go wrong on the way."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from shop_style.generation import runner
from shop_style.generation.files import walk
from shop_style.generation.request import request_variant
from shop_style.imaging.evidence import ROWS
from shop_style.imaging.provenance import read_digital_source_type
from shop_style.models import Status, StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.signals import stage_started, variant_ready

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
        (form, width) for width in (700, 640, 320) for form in ("webp", "jpeg", "avif")
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
    listed = {item["name"] for item in (*variant.renditions, *variant.original_renditions)}
    assert {*variant.file_names()} == listed | {variant.evidence.name}
    with Image.open(media / variant.evidence.name) as sheet:
        assert sheet.mode == "RGBA" and sheet.height % len(ROWS) == 0
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
