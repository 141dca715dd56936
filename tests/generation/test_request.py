"""One row however often, and by however many, it is asked for."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import connections, transaction
from django.utils import timezone

from shop_style.exceptions import EngineParameterError
from shop_style.generation.files import walk
from shop_style.generation.jobs import request_preview
from shop_style.generation.plan import plan_requests
from shop_style.generation.request import request_variant, request_variants
from shop_style.generation.worker import Worker
from shop_style.models import Status, StyleJob, StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.sources import source_image

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "tenant"])


def test_many_callers_at_once_make_one_row(make_chair: Any, make_style: Any) -> None:
    picture, style = source_image(make_chair()), make_style()
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            request_variants([picture], [style])
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert StyleVariant.objects.count() == 1


def test_the_recipe_tells_styles_apart(make_chair: Any, make_style: Any, reference: bytes) -> None:
    from django.core.files.base import ContentFile

    from shop_style.models import StyleReference

    style = make_style()
    chair = make_chair()
    first = request_variant(chair, style)
    style.name = "Another name"
    style.save()
    assert request_variant(chair, style) == first
    digests = {style.digest}
    style.parameters = {"lightness": 0.25}
    style.save()
    digests.add(style.digest)
    style.region = "product"
    style.save()
    digests.add(style.digest)
    StyleReference.objects.create(
        style=style, image=ContentFile(reference + b" ", name="b.png"), licence="MIT"
    )
    digests.add(style.digest)
    assert len(digests) == 4
    assert request_variant(chair, style) != first
    assert request_variant(chair, style, overrides={"strength": 0.5}).overrides == {"strength": 0.5}
    assert StyleVariant.objects.count() == 3


@pytest.mark.parametrize(
    "overrides", [{"strength": 1.5}, {"strength": "much"}, {"region": "left"}, {"colour": 1}]
)
def test_bad_overrides(overrides: dict[str, Any], make_chair: Any, make_style: Any) -> None:
    with pytest.raises(EngineParameterError):
        request_variant(make_chair(), make_style(), overrides=overrides)


def test_a_plan_counts_without_reading_files(
    make_chair: Any, make_style: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [source_image(make_chair()) for _ in range(3)]
    styles = [make_style("a"), make_style("b")]
    request_variants(pictures[:2], styles[:1])
    monkeypatch.setattr(FileSystemStorage, "_open", None)
    plan = plan_requests(pictures, styles)
    assert (plan.pictures, plan.styles, plan.existing, plan.to_make) == (3, 2, 2, 4)


def test_the_immediate_dispatcher_renders_at_once(
    make_chair: Any, make_style: Any, settings: Any
) -> None:
    settings.SHOP_STYLE = {
        **settings.SHOP_STYLE,
        "DISPATCHER": "shop_style.generation.dispatchers.immediate.ImmediateDispatcher",
    }
    variant = request_variant(make_chair(), make_style())
    variant.refresh_from_db()
    assert variant.status == Status.READY


def test_a_preview_sheet_is_a_job(make_chair: Any, make_style: Any) -> None:
    from PIL import Image

    style = make_style()
    job = request_preview(style, [source_image(make_chair()) for _ in range(2)], actor="anna")
    assert Worker(once=True).run() == 1
    job.refresh_from_db()
    assert (job.status, job.requested_by) == (Status.READY, "anna"), job.error_detail
    with Image.open(variant_storage().open(job.result.name)) as sheet:
        left = sheet.crop((0, 0, sheet.width // 2, sheet.height // 2)).convert("RGB")
        right = sheet.crop((sheet.width // 2, 0, sheet.width, sheet.height // 2)).convert("RGB")
    blue = [max(b - r for r, _g, b in half.get_flattened_data()) for half in (left, right)]
    assert blue[0] > blue[1]  # the warm style takes blue out of the right-hand picture


def test_a_job_that_cannot_work_says_why(make_chair: Any, make_style: Any) -> None:
    style = make_style()
    chair = make_chair()
    job = request_preview(style, [source_image(chair)], actor="anna")
    chair.delete()
    Worker(once=True).run()
    job.refresh_from_db()
    assert job.status == Status.FAILED and "is gone" in job.error_detail
    assert StyleJob.objects.count() == 1


class TestRegenerate:
    def test_twice_queues_once(self, make_chair: Any, make_style: Any) -> None:
        picture, style = source_image(make_chair()), make_style()
        request_variants([picture], [style])
        for _ in range(2):
            report = request_variants([picture], [style], regenerate=True)
            assert (report.created, report.existing) == (0, 1)  # still in the queue
        StyleVariant.objects.update(status=Status.READY)
        assert request_variants([picture], [style], regenerate=True).created == 1
        assert request_variants([picture], [style], regenerate=True).created == 0
        assert StyleVariant.objects.count() == 2

    def test_a_retired_revision_is_not_taken_again(self, make_chair: Any, make_style: Any) -> None:
        picture, style = source_image(make_chair()), make_style()
        request_variants([picture], [style])
        StyleVariant.objects.update(status=Status.READY)
        request_variants([picture], [style], regenerate=True)
        StyleVariant.objects.filter(revision=1).update(
            status=Status.READY, retired_at=timezone.now()
        )
        assert request_variants([picture], [style], regenerate=True).created == 1
        assert StyleVariant.objects.live().order_by("-revision").first().revision == 2  # type: ignore[union-attr]


def test_nothing_is_dispatched_before_the_commit(
    make_chair: Any, make_style: Any, settings: Any
) -> None:
    settings.SHOP_STYLE = {
        **settings.SHOP_STYLE,
        "DISPATCHER": "shop_style.generation.dispatchers.immediate.ImmediateDispatcher",
    }
    picture, style = source_image(make_chair()), make_style()
    with pytest.raises(RuntimeError), transaction.atomic():
        request_variants([picture], [style])
        assert StyleVariant.objects.get().status == Status.PENDING
        raise RuntimeError
    assert not StyleVariant.objects.exists()
    assert not list(walk(variant_storage(), "shop_style/variants"))
    with transaction.atomic():
        request_variants([picture], [style])
        assert StyleVariant.objects.get().status == Status.PENDING
    assert StyleVariant.objects.get().status == Status.READY


def test_a_storage_with_errors_of_its_own_is_refused_not_fatal(
    make_chair: Any, make_style: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ForeignError(Exception):
        pass

    def fail(*arguments: Any, **values: Any) -> Any:
        raise ForeignError("no such bucket")

    pictures = [source_image(make_chair()) for _ in range(2)]
    style = make_style()
    monkeypatch.setattr(FileSystemStorage, "_open", fail)
    report = request_variants(pictures, [style])
    assert (report.created, len(report.refused)) == (0, 2)
    assert "no such bucket" in str(report.refused[0][1])
