"""Jobs that learn a style: fits and first looks, asked for, done, raced, given back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from shop_style.exceptions import LeaseLost, StyleNotFittable
from shop_style.generation import jobs, runner
from shop_style.generation.files import save_whole, walk
from shop_style.generation.fitting import request_first_look, request_fit
from shop_style.generation.job_result import JobResult, keep_result
from shop_style.generation.prune import prune
from shop_style.generation.request import request_variant
from shop_style.generation.worker import Worker
from shop_style.models import AuditEntry, Status, Style, StyleJob, StyleReference
from shop_style.models.storage import variant_storage
from shop_style.sources import source_image
from shop_style.transfer.built_in import built_in_styles

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "tenant"])

SECONDS = 3.0
"""A fit's budget here: it improves little in that time, and everything around it is the same."""


@pytest.fixture
def style(make_style: Callable[..., Style]) -> Style:
    return make_style("brand", engine="network")


def artefacts() -> set[str]:
    return set(walk(variant_storage(), "shop_style/artefacts"))


def add_reference(style: Style, data: bytes) -> None:
    StyleReference.objects.create(
        style=style, image=ContentFile(data, name="more.png"), licence="MIT", position=9
    )


def finished(job: StyleJob) -> StyleJob:
    Worker(once=True).run()
    job.refresh_from_db()
    return job


def test_a_fit_gives_the_style_its_parameters_and_a_sheet(style: Style, make_chair: Any) -> None:
    before = style.digest
    pictures = [source_image(make_chair()) for _ in range(2)]
    job = finished(request_fit(style, pictures, actor="anna", seconds=SECONDS))
    assert job.status == Status.READY, job.error_detail
    style.refresh_from_db()
    assert style.artefact.name == job.artefact.name in artefacts()
    assert style.digest == style.compute_digest() != before
    assert job.report["started_from"] in built_in_styles()
    assert job.report["seconds"] > 0 and job.report["summary"]
    assert job.report["disagreeing"] == job.report["left_out"] == []
    with Image.open(variant_storage().open(job.result.name)) as sheet:
        middles = [sheet.crop((x - 20, 176, x + 20, 216)).convert("RGB") for x in (196, 572)]
    original, styled = (np.asarray(middle, np.float32) for middle in middles)
    # The middle of a product and of itself in the style: apart by more than WebP's two levels.
    assert np.abs(original - styled).mean() > 3
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor, entry.detail["recipe"]) == ("fitted", "anna", style.digest)


def test_a_fitted_style_renders_and_one_that_is_not_says_so(style: Style, make_chair: Any) -> None:
    early = request_variant(make_chair(), style)
    assert runner.run(early.pk, using="default") == Status.FAILED
    early.refresh_from_db()
    assert early.error_code == "bad_style_reference" and "fit" in early.error_detail
    finished(request_fit(style, [], actor="anna", seconds=SECONDS))
    style.refresh_from_db()
    late = request_variant(make_chair(), style)
    assert late.recipe_digest != early.recipe_digest
    assert runner.run(late.pk, using="default") == Status.READY


def test_a_shop_without_pictures_has_a_fit_without_a_sheet(style: Style) -> None:
    job = finished(request_fit(style, [], actor="anna", seconds=SECONDS))
    style.refresh_from_db()
    assert job.status == Status.READY and not job.result
    assert style.artefact


def test_a_picture_that_cannot_be_shown_costs_no_fit(style: Style, make_chair: Any) -> None:
    gone, junk, good = make_chair(), make_chair(data=b"junk"), make_chair()
    job = request_fit(
        style, [source_image(item) for item in (gone, junk, good)], actor="anna", seconds=SECONDS
    )
    gone.delete()
    job = finished(job)
    assert job.status == Status.READY and job.result and job.artefact
    first, second = job.report["left_out"]
    assert "is gone" in first and source_image(junk).name in second


def test_an_earlier_fit_keeps_its_file_until_its_job_goes(style: Style) -> None:
    first = finished(request_fit(style, [], actor="anna", seconds=SECONDS))
    second = finished(request_fit(style, [], actor="anna", seconds=SECONDS, seed=1))
    style.refresh_from_db()
    assert style.artefact.name == second.artefact.name != first.artefact.name
    prune(retired_days=0, orphan_hours=0)
    assert artefacts() == {first.artefact.name, second.artefact.name}
    first.delete()
    stray = save_whole(variant_storage(), "shop_style/artefacts/stray.safetensors", b"x")
    assert stray in artefacts()
    prune(retired_days=0, orphan_hours=0)
    assert artefacts() == {second.artefact.name}


def test_asking_twice_queues_once(style: Style, reference: bytes) -> None:
    first = request_fit(style, [], actor="anna")
    assert request_fit(style, [], actor="omar") == first
    assert request_first_look(style, [], actor="anna") != first
    add_reference(style, reference)
    assert request_fit(style, [], actor="anna") != first


def test_references_changed_after_the_request(style: Style, reference: bytes) -> None:
    job = request_fit(style, [], actor="anna", seconds=SECONDS)
    add_reference(style, reference)
    job = finished(job)
    assert (job.status, job.error_code) == (Status.FAILED, "outdated")
    assert "brand" in job.error_detail and not artefacts()


def test_references_changed_while_it_fits(style: Style, reference: bytes) -> None:
    job = request_fit(style, [], actor="anna", seconds=SECONDS)
    token = StyleJob.objects.all().claim(job.pk, lease_seconds=60)
    assert token

    def edit() -> bool:
        if style.references.count() == 1:
            add_reference(style, reference)
        return False

    status = jobs.run_claimed(job.pk, token, using="default", cancelled=edit)
    job.refresh_from_db()
    assert (status, job.error_code) == (Status.FAILED, "outdated")
    style.refresh_from_db()
    assert not style.artefact and not job.artefact and not artefacts()


def test_a_fit_is_given_back_when_its_worker_goes_down(style: Style) -> None:
    job = request_fit(style, [], actor="anna", seconds=600)
    token = StyleJob.objects.all().claim(job.pk, lease_seconds=60)
    assert token
    status = jobs.run_claimed(job.pk, token, using="default", cancelled=lambda: True)
    job.refresh_from_db()
    assert (status, job.status, job.attempts) == (Status.PENDING, Status.PENDING, 0)
    assert not artefacts()


def test_a_worker_that_lost_its_lease_changes_nothing(style: Style) -> None:
    rows = StyleJob.objects.all()
    job = request_fit(style, [], actor="anna")
    stale = rows.claim(job.pk, lease_seconds=60)
    rows.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    fresh = rows.claim(job.pk, lease_seconds=60)
    assert stale and fresh
    with pytest.raises(LeaseLost):
        keep_result(rows, job, stale, JobResult(artefact=b"zombie", sheet=b"zombie"))
    style.refresh_from_db()
    assert not style.artefact and not artefacts()
    assert not set(walk(variant_storage(), "shop_style/jobs"))
    keep_result(rows, job, fresh, JobResult(artefact=b"winner"))
    style.refresh_from_db()
    with style.artefact.open("rb") as stream:
        assert stream.read() == b"winner"


def test_a_first_look_serves_only_until_there_is_better(style: Style, make_chair: Any) -> None:
    pictures = [source_image(make_chair())]
    look = finished(request_first_look(style, pictures, actor="anna"))
    assert look.status == Status.READY and look.result, look.error_detail
    style.refresh_from_db()
    assert style.artefact.name == look.artefact.name
    fit = finished(request_fit(style, [], actor="anna", seconds=SECONDS))
    style.refresh_from_db()
    digest = style.digest
    again = finished(request_first_look(style, pictures, actor="omar"))
    assert again.result and not again.artefact
    style.refresh_from_db()
    assert (style.artefact.name, style.digest) == (fit.artefact.name, digest)


def test_a_lost_artefact_names_the_style_and_the_way_out(style: Style, make_chair: Any) -> None:
    finished(request_fit(style, [], actor="anna", seconds=SECONDS))
    style.refresh_from_db()
    variant_storage().delete(style.artefact.name)
    variant = request_variant(make_chair(), style)
    assert runner.run(variant.pk, using="default") == Status.FAILED
    variant.refresh_from_db()
    assert variant.error_code == "bad_style_artefact"
    assert "brand" in variant.error_detail and "fit it again" in variant.error_detail


class TestNotFittable:
    def test_another_engine(self, make_style: Any) -> None:
        with pytest.raises(StyleNotFittable, match="“warm”.*'grade'.*'network'"):
            request_fit(make_style("warm"), [], actor="anna")

    def test_a_built_in_look(self, make_style: Any) -> None:
        slug = next(iter(built_in_styles()))
        style = make_style("brand", engine="network", parameters={"style": slug})
        with pytest.raises(StyleNotFittable, match=f"built-in style '{slug}'"):
            request_first_look(style, [], actor="anna")

    @pytest.mark.parametrize("number", [0, 6])
    def test_none_or_too_many_references(self, number: int, style: Style, reference: bytes) -> None:
        style.references.all().delete()
        for _ in range(number):
            add_reference(style, reference)
        with pytest.raises(StyleNotFittable, match=f"has {number} reference.*from 1 to 5"):
            request_fit(style, [], actor="anna")
        assert not StyleJob.objects.exists()
