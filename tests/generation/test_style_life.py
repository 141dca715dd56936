"""A style duplicated, retired and brought back; its limits tried on what is scored already."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.core.files.base import ContentFile

from shop_style.demo.models import Product, ProductImage
from shop_style.exceptions import StyleInUse, StyleReferenceError, StyleRetired
from shop_style.experiments.eligibility import readiness
from shop_style.generation import duplicate as duplicates
from shop_style.generation.duplicate import duplicate
from shop_style.generation.jobs import cancel, request_preview
from shop_style.generation.lease import Lease
from shop_style.generation.request import request_variant
from shop_style.generation.retirement import bring_back, retire_style, retirement_of
from shop_style.generation.strengths import REGIONS, STRENGTHS, request_strengths
from shop_style.generation.style_use import use_of
from shop_style.generation.threshold_trial import try_thresholds
from shop_style.generation.worker import Worker
from shop_style.models import AuditEntry, Status, Style, StyleJob, StyleReference, StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.models.variant import Review
from shop_style.sources import source_image, varied_pictures
from tests.admin.conftest import CARD_2

pytestmark = pytest.mark.django_db(databases=["default", "tenant"])


class TestDuplicate:
    def test_recipe_references_and_files_are_copied_not_shared(
        self, make_style: Any, make_chair: Any
    ) -> None:
        style = make_style("warm", parameters={"chroma": 0.5}, automatic=True, strength=0.4)
        style.artefact.save("look.cube", ContentFile(b"LUT_3D_SIZE 2\n"))
        made = duplicate(style, actor="mira")
        assert (made.slug, made.name, made.parameters) == ("warm-2", "Warm 2", {"chroma": 0.5})
        assert made.strength == 0.4 and not made.automatic  # a copy asks for nothing by itself
        mine, theirs = style.references.get(), made.references.get()
        assert mine.sha256 == theirs.sha256 and mine.image.name != theirs.image.name
        assert theirs.licence == "MIT"
        assert made.artefact.name != style.artefact.name
        assert made.artefact.read() == b"LUT_3D_SIZE 2\n"
        assert made.digest == made.compute_digest()
        # The copy stays whole when the first one's files go.
        variant_storage().delete(mine.image.name)
        assert theirs.image.read()
        assert duplicate(made, actor="mira").slug == "warm-3"
        entry = AuditEntry.objects.filter(verb="duplicated").order_by("pk").first()
        assert entry is not None and (entry.actor, entry.detail["of"]) == ("mira", "warm")

    def test_two_at_once_take_a_number_each(self, make_style: Any, monkeypatch: Any) -> None:
        style = make_style("warm")
        duplicate(style, actor="mira")
        free, late = duplicates._free_number, [2]  # as it was read before the first was saved
        monkeypatch.setattr(
            duplicates, "_free_number", lambda style: late.pop() if late else free(style)
        )
        assert duplicate(style, actor="mira").slug == "warm-3"
        assert Style.objects.count() == 3 and not late

    def test_a_lost_file_is_named_and_nothing_is_left(self, make_style: Any, media: Any) -> None:
        style = make_style()
        StyleReference.objects.create(
            style=style, image=ContentFile(b"second", name="b.png"), licence="MIT", position=1
        )
        lost = style.references.get(position=1).image.name
        variant_storage().delete(lost)
        before = sorted(path for path in media.rglob("*") if path.is_file())
        with pytest.raises(StyleReferenceError, match="is gone from storage"):
            duplicate(style, actor="mira")
        assert Style.objects.count() == 1 and not AuditEntry.objects.exists()
        assert sorted(path for path in media.rglob("*") if path.is_file()) == before


class TestRetire:
    def test_nothing_new_and_what_is_published_goes_on(
        self, make_style: Any, make_chair: Any, publish_variant: Any
    ) -> None:
        style, chair = make_style(), make_chair()
        shown = publish_variant(chair, style)
        waiting = request_variant(make_chair(), style)
        plan = retirement_of(style)
        assert (plan.published, plan.waiting, plan.running) == (1, 1, ())
        retire_style(style, withdraw_published=False, actor="mira", reason="summer is over")
        shown.refresh_from_db()
        waiting.refresh_from_db()
        assert shown.is_published and waiting.retired_at is not None
        with pytest.raises(StyleRetired, match="bring it back"):
            request_variant(make_chair(), style)
        assert list(Style.objects.offered()) == []
        entry = AuditEntry.objects.get(verb="retired")
        assert entry.reason == "summer is over" and entry.detail["published"] == 1
        assert bring_back(Style.objects.get(), actor="mira") == 0
        assert request_variant(make_chair(), Style.objects.get()).status == Status.PENDING

    def test_or_is_withdrawn_and_stays_approved(
        self, make_style: Any, make_chair: Any, publish_variant: Any
    ) -> None:
        style = make_style()
        shown = publish_variant(make_chair(), style)
        retire_style(style, withdraw_published=True, actor="mira")
        shown.refresh_from_db()
        assert not shown.is_published and shown.review == Review.APPROVED
        assert bring_back(style, actor="mira") == 1  # it waits for somebody to publish it

    @pytest.mark.parametrize("state", ["running", "paused"])
    def test_not_while_an_experiment_shows_it(self, make_shop: Any, state: str) -> None:
        shop = make_shop(2)
        shop.start()
        type(shop.experiment).objects.update(state=state)
        with pytest.raises(StyleInUse, match="ship it or revert it first"):
            retire_style(shop.style, withdraw_published=True, actor="mira")
        shop.style.refresh_from_db()
        assert shop.style.retired_at is None
        assert StyleVariant.objects.published().count() == 2

    def test_a_planned_experiment_says_why_it_cannot_start(self, make_shop: Any) -> None:
        shop = make_shop(2)
        assert [item.slug for item in retirement_of(shop.style).planned] == ["warm-listing"]
        retire_style(shop.style, withdraw_published=False, actor="mira")
        arms = list(shop.experiment.arms.select_related("style"))
        assert any("bring it back" in text for text in readiness(shop.experiment, arms)[1])

    def test_an_automatic_style_follows_no_picture_any_more(
        self, make_style: Any, make_chair: Any, django_capture_on_commit_callbacks: Any
    ) -> None:
        style = make_style(automatic=True)
        retire_style(style, withdraw_published=False, actor="mira")
        with django_capture_on_commit_callbacks(execute=True):
            make_chair()
        assert not StyleVariant.objects.exists()


def test_who_uses_it_in_three_queries(
    make_shop: Any, make_chair: Any, django_assert_num_queries: Any
) -> None:
    shop = make_shop(3)
    request_variant(make_chair(), shop.style)
    with django_assert_num_queries(3):
        use = use_of(shop.style)
    assert (use.products, use.variants, use.published, use.waiting) == (4, 4, 3, 1)
    assert [item.slug for item in use.experiments] == ["warm-listing"]


class TestThresholds:
    @pytest.fixture
    def style(self, make_style: Any, make_chair: Any, publish_variant: Any) -> Style:
        """With three scored variants; the colour of one is nearer."""
        style: Style = make_style()
        near = {**CARD_2, "delta_e": {**CARD_2["delta_e"], "product": 5.0}}
        for card, review in ((CARD_2, "approved"), (near, "approved"), (CARD_2, "rejected")):
            publish_variant(make_chair(), style, scorecard=card, review=review)
        publish_variant(make_chair(), style, scorecard={"schema": 99}, review="approved")
        return style

    def test_each_limit_counts_who_passes_now_and_would(self, style: Style) -> None:
        changed = copy.copy(style)
        changed.thresholds = {"max_delta_e": 8.0, "min_ssim": 0.99}
        trial = try_thresholds(style, changed)
        assert (trial.scored, trial.unread, trial.left_out) == (3, 1, 0)
        limits = {item.name: item for item in trial.limits}
        colour = limits["max_delta_e"]
        assert (colour.now, colour.new) == (6.0, 8.0)
        counts = [(share.group, share.now, share.new, share.of) for share in colour.shares]
        assert counts == [("approved", 1, 2, 2), ("rejected", 0, 1, 1), ("unreviewed", 0, 0, 0)]
        fresh = limits["min_ssim"]  # was not checked: everybody passed
        assert (fresh.now, fresh.new) == (None, 0.99)
        assert [(share.now, share.new) for share in fresh.shares] == [(2, 0), (1, 0), (0, 0)]

    def test_the_verdict_is_the_gates_own(self, style: Style) -> None:
        from shop_style.generation.recipe import thresholds_of
        from styleeval.preservation.gate import Thresholds, judge
        from styleeval.preservation.report import Scorecard

        changed = copy.copy(style)
        # Every limit off but one, so that only it decides.
        off = dict.fromkeys(Thresholds.__dataclass_fields__)
        changed.thresholds = {**off, "max_delta_e": 6.0}
        trial = try_thresholds(style, changed)
        said = judge(Scorecard.from_dict(CARD_2), thresholds_of(changed)).passed
        rejected = next(item for item in trial.verdict.shares if item.group == "rejected")
        assert rejected.new == int(said) == 0
        assert [share.new for share in trial.verdict.shares] == [1, 0, 0]
        assert trial.flips == 1

    def test_none_and_queries(
        self, make_style: Any, make_chair: Any, publish_variant: Any, django_assert_num_queries: Any
    ) -> None:
        style = make_style()
        assert try_thresholds(style, style).scored == 0
        for _ in range(12):
            publish_variant(make_chair(), style, scorecard=CARD_2)
        with django_assert_num_queries(1):
            assert try_thresholds(style, style).scored == 12


@pytest.mark.django_db(transaction=True, databases=["default", "tenant"])
class TestJobs:
    def test_one_photo_at_every_strength_in_every_region(
        self, make_style: Any, make_chair: Any
    ) -> None:
        from PIL import Image

        from shop_style.generation.sheet_layout import picture_box, sheet_size

        style = make_style(strength=0.5)
        pictures = [source_image(make_chair()) for _ in range(2)]
        job = request_strengths(style, pictures, actor="mira")
        assert len(job.payload["pictures"]) == 1
        assert Worker(once=True).run() == 1
        job.refresh_from_db()
        assert job.status == Status.READY, job.error_detail
        told = job.report["strengths"]
        assert [item["region"] for item in told] == [str(region) for region in REGIONS]
        assert [cell["strength"] for cell in told[0]["cells"]] == list(STRENGTHS)
        with Image.open(variant_storage().open(job.result.name)) as sheet:
            assert sheet.size == sheet_size(3, 5)

            def cell(row: int, column: int) -> Image.Image:
                left, top, width, height = picture_box(row, column, job.report["size"])
                return sheet.crop((left, top, left + width, top + height)).convert("RGB")

            def blue(image: Image.Image) -> int:
                # The middle of the box in the picture: product, and neither print nor dot.
                red, _green, found = image.getpixel((image.width * 7 // 10, image.height // 4))
                return int(found) - int(red)

            product, ground, whole = (
                [blue(cell(row, column)) for column in range(5)] for row in range(3)
            )
        # The warm style takes blue out of the product, more with strength; a ground styled alone
        # leaves the product as it was.
        assert product[0] == ground[0] == whole[0]
        assert product == sorted(product, reverse=True) and product[4] < product[0] - 5
        assert max(ground) - min(ground) <= 2

    def test_a_region_that_needs_a_product_costs_its_own_row(
        self, make_style: Any, make_chair: Any
    ) -> None:
        import io

        import numpy as np
        from PIL import Image

        noise = np.random.default_rng(7).integers(0, 255, (80, 96, 3), dtype=np.uint8)
        stream = io.BytesIO()
        Image.fromarray(noise).save(stream, "PNG")
        style = make_style()
        job = request_strengths(
            style, [source_image(make_chair(data=stream.getvalue()))], actor="m"
        )
        Worker(once=True).run()
        job.refresh_from_db()
        assert job.status == Status.READY, job.error_detail
        by_region = {item["region"]: item for item in job.report["strengths"]}
        assert by_region["background"]["error"] and "cells" not in by_region["background"]
        assert len(by_region["whole"]["cells"]) == len(STRENGTHS)

    def test_a_preview_says_what_the_gate_would(self, make_style: Any, make_chair: Any) -> None:
        style = make_style()
        job = request_preview(style, [source_image(make_chair())], actor="mira")
        Worker(once=True).run()
        job.refresh_from_db()
        (shown,) = job.report["shown"]
        assert shown["name"].endswith(".jpg") and shown["strength"] == 1.0
        assert shown["passed"] in (True, False) and shown["size"] == [96, 80]

    def test_what_waits_is_stopped_and_what_ended_is_not(
        self, make_style: Any, make_chair: Any
    ) -> None:
        style = make_style()
        job = request_preview(style, [source_image(make_chair())], actor="mira")
        assert cancel(job, actor="omar") and Worker(once=True).run() == 0
        job.refresh_from_db()
        assert (job.status, job.error_code) == (Status.FAILED, "cancelled")
        assert "omar" in job.error_detail and not cancel(job, actor="omar")
        assert AuditEntry.objects.get(verb="stopped").actor == "omar"

    def test_a_worker_that_is_at_it_keeps_nothing(
        self, make_style: Any, make_chair: Any, monkeypatch: pytest.MonkeyPatch, media: Any
    ) -> None:
        """Stopped from the page in the midst of the work, between two of its photographs."""
        style = make_style()
        job = request_preview(style, [source_image(make_chair()) for _ in range(2)], actor="mira")
        report = Lease.report

        def stop_then_report(lease: Lease, done: int, total: int) -> None:
            cancel(StyleJob.objects.get(), actor="omar")
            report(lease, done, total)

        monkeypatch.setattr(Lease, "report", stop_then_report)
        Worker(once=True).run()
        job.refresh_from_db()
        assert (job.status, job.error_code, job.result.name) == (Status.FAILED, "cancelled", "")
        assert not list((media / "shop_style" / "jobs").glob("*"))


def test_varied_pictures_are_of_different_products(picture: Any) -> None:
    for number in range(12):
        product = Product.objects.create(name=f"Mug {number}", slug=f"mug-{number}")
        for _ in range(2):
            image = ContentFile(picture(), name=f"mug-{number}.jpg")
            ProductImage.objects.create(product=product, image=image)
    found = [item.instance for item in varied_pictures(6)]
    owners = sorted(row.product_id for row in found if isinstance(row, ProductImage))
    assert len(owners) == len(set(owners)) == 6
    assert owners[-1] - owners[0] > 6  # from across the catalogue, not the newest alone
    assert len(varied_pictures(20)) == 20  # then second pictures of the same products
