"""The page of a style: references dropped at once, jobs watched, limits tried, steps taken."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop_style.admin.staging import stage
from shop_style.generation.fitting import request_fit
from shop_style.generation.jobs import request_preview
from shop_style.generation.retirement import retire_style
from shop_style.models import AuditEntry, Status, Style, StyleJob, StyleReference, StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.models.variant import Review
from shop_style.sources import source_image
from tests.admin.conftest import CARD_2
from tests.admin.test_style import EDIT, GENERATE, LIST, form, reference_errors

pytestmark = pytest.mark.django_db(databases=["default", "tenant"])

JSON = {"accept": "application/json"}
PUBLISH = "shop_style.publish_stylevariant"


def upload(data: bytes, name: str = "strokes.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "image/png")


def page(client: Any, style: Style, query: str = "") -> str:
    return str(client.get(f"{LIST}{style.pk}/change/{query}").content.decode())


class TestReferences:
    def test_several_at_once_share_licence_and_source(self, staff: Any, reference: bytes) -> None:
        files = [upload(reference, "one.png"), upload(reference + b"\n", "two.png")]
        values = form(
            **{
                "references-TOTAL_FORMS": "0",
                "references-dropped": files,
                "references-all-licence": "own work",
                "references-all-source": "studio, October",
            }
        )
        assert staff(*EDIT).post(f"{LIST}add/", values).status_code == 302
        rows = list(StyleReference.objects.order_by("position"))
        assert [(row.licence, row.source) for row in rows] == [("own work", "studio, October")] * 2
        assert [row.position for row in rows] == [0, 1] and len({row.sha256 for row in rows}) == 2
        assert rows[0].image.read() == reference
        style = Style.objects.get()
        assert style.digest == style.compute_digest()

    def test_one_bad_file_is_named_and_the_others_stay(self, staff: Any, reference: bytes) -> None:
        client = staff(*EDIT)
        files = [upload(reference, "good.png"), upload(b"hello", "notes.png")]
        values = form(
            **{
                "references-TOTAL_FORMS": "0",
                "references-dropped": files,
                "references-all-licence": "own work",
                "references-all-source": "studio",
            }
        )
        response = client.post(f"{LIST}add/", values)
        assert response.status_code == 200 and not Style.objects.exists()
        formset = reference_errors(response)
        (problem,) = formset.non_form_errors().as_data()
        assert problem.code == "not_an_allowed_image" and "notes.png" in problem.messages[0]
        (kept,) = formset.forms
        shown = response.content.decode()
        assert kept.picture_url in shown and "good.png" in shown
        # What the page holds now is posted again, without choosing a file again.
        again = form(
            **{
                "references-0-staged": kept["staged"].value(),
                "references-0-licence": kept["licence"].value(),
                "references-0-source": kept["source"].value(),
            }
        )
        assert client.post(f"{LIST}add/", again).status_code == 302
        assert StyleReference.objects.get().image.read() == reference

    @pytest.mark.parametrize(
        ("missing", "code"), [("licence", "no_licence"), ("source", "no_source")]
    )
    def test_licence_and_source_are_required_of_each(
        self, missing: str, code: str, staff: Any, reference: bytes
    ) -> None:
        client = staff(*EDIT)
        values = form(
            **{"references-0-staged": stage(upload(reference)).token, f"references-0-{missing}": ""}
        )
        response = client.post(f"{LIST}add/", values)
        (problem,) = reference_errors(response).errors[0].as_data()[missing]
        assert problem.code == code
        assert not Style.objects.exists()

    def test_a_row_of_an_earlier_time_without_source_is_asked_for_it_when_edited(
        self, staff: Any, make_style: Any
    ) -> None:
        style = make_style()
        row = style.references.get()
        values = form(
            **{
                "references-INITIAL_FORMS": "1",
                "references-0-id": str(row.pk),
                "references-0-style": str(style.pk),
                "references-0-licence": "MIT",
                "references-0-source": "",
            }
        )
        client = staff(*EDIT)
        assert client.post(f"{LIST}{style.pk}/change/", values).status_code == 302
        response = client.post(
            f"{LIST}{style.pk}/change/", {**values, "references-0-licence": "CC0"}
        )
        assert "source" in reference_errors(response).errors[0]

    def test_a_card_that_was_taken_away_again_is_no_reference(
        self, staff: Any, reference: bytes
    ) -> None:
        values = form(
            **{
                "references-TOTAL_FORMS": "3",
                "references-0-staged": stage(upload(reference)).token,
                "references-2-position": "1",
            }
        )
        assert staff(*EDIT).post(f"{LIST}add/", values).status_code == 302
        assert StyleReference.objects.count() == 1

    def test_sent_ahead_each_file_has_its_answer(self, staff: Any, reference: bytes) -> None:
        client = staff(*EDIT)
        files = [upload(reference, "good.png"), upload(b"hello", "notes.png")]
        said = client.post(f"{LIST}references/", {"dropped": files}).json()
        (kept,), (refused,) = said["kept"], said["refused"]
        assert kept["file"] == "good.png" and kept["url"]
        assert refused["file"] == "notes.png" and refused["code"] == "not_an_allowed_image"
        assert "notes.png" in refused["text"]
        values = form(**{"references-0-staged": kept["token"]})
        assert client.post(f"{LIST}add/", values).status_code == 302
        # A second save of the same upload would give two rows one file.
        response = client.post(f"{LIST}add/", {**values, "slug": "again"})
        (problem,) = reference_errors(response).errors[0].as_data()["image"]
        assert problem.code == "upload_expired"

    def test_a_token_of_somebody_elses_making_opens_no_file(self, staff: Any) -> None:
        values = form(**{"references-0-staged": "shop_style/variants/secret.webp"})
        response = staff(*EDIT).post(f"{LIST}add/", values)
        assert "image" in reference_errors(response).errors[0]

    def test_sending_takes_the_permission_and_a_post(
        self, staff: Any, reference: bytes, media: Any
    ) -> None:
        assert staff(*EDIT).get(f"{LIST}references/").status_code == 404
        watcher = staff(username="omar")
        values = {"dropped": upload(reference)}
        assert watcher.post(f"{LIST}references/", values).status_code == 403
        assert not media.exists()  # nothing was kept

    def test_who_may_only_look_sees_them_and_no_field(self, staff: Any, make_style: Any) -> None:
        style = make_style()
        StyleReference.objects.update(source="studio, October")
        text = page(staff("shop_style.view_stylereference"), style)
        assert style.references.get().image.name in text and "studio, October" in text
        assert "references-dropped" not in text and "references-0-licence" not in text

    def test_places_are_the_order_that_counts(
        self, staff: Any, make_style: Any, reference: bytes
    ) -> None:
        style = make_style()
        first = style.references.get()
        second = StyleReference.objects.create(
            style=style,
            image=stage(upload(reference + b"\n")).name,
            licence="MIT",
            source="studio",
            position=1,
        )
        before = Style.objects.get().digest
        values = form(
            **{
                "references-TOTAL_FORMS": "2",
                "references-INITIAL_FORMS": "2",
                "references-0-id": str(first.pk),
                "references-0-style": str(style.pk),
                "references-0-position": "1",
                "references-1-id": str(second.pk),
                "references-1-style": str(style.pk),
                "references-1-licence": "MIT",
                "references-1-source": "studio",
                "references-1-position": "0",
            }
        )
        assert staff(*EDIT).post(f"{LIST}{style.pk}/change/", values).status_code == 302
        assert Style.objects.get().ordered_references() == [second, first]
        assert Style.objects.get().digest != before


class TestProgress:
    def test_a_script_is_told_of_every_job_in_two_queries(
        self, staff: Any, make_style: Any, make_chair: Any
    ) -> None:
        style = make_style("brand", engine="network")
        client = staff(GENERATE)
        address = f"{LIST}{style.pk}/jobs/"
        chair = source_image(make_chair())

        def told() -> tuple[list[Any], int]:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                jobs = client.get(address, headers=JSON).json()["jobs"]
            return jobs, len(queries)

        request_preview(style, [chair], actor="mira")
        few = told()[1]
        for _ in range(20):
            request_preview(style, [chair], actor="mira")
        request_fit(style, [chair], actor="mira")
        StyleJob.objects.filter(kind="fit").update(status=Status.RUNNING, progress=0.42)
        jobs, many = told()
        assert many == few
        assert [job["kind"] for job in jobs] == ["fit", "preview"]
        assert jobs[0]["active"] and jobs[0]["percent"] == 42 and "42 %" in jobs[0]["said"]
        assert 'value="42"' in jobs[0]["html"]
        key = jobs[0]["key"]
        StyleJob.objects.filter(kind="fit").update(status=Status.READY)
        jobs, _ = told()
        assert jobs[0]["key"] != key and not jobs[0]["active"]

    def test_asking_and_stopping_without_a_reload(
        self, staff: Any, make_style: Any, make_chair: Any
    ) -> None:
        style = make_style()
        make_chair()
        client = staff(GENERATE)
        said = client.post(f"{LIST}{style.pk}/strengths/", headers=JSON).json()
        job = StyleJob.objects.get()
        assert said["done"] and said["jobs"][0]["active"]
        assert f"/jobs/{job.pk}/stop/" in said["jobs"][0]["html"]
        said = client.post(f"{LIST}{style.pk}/jobs/{job.pk}/stop/", headers=JSON).json()
        assert said["done"] and not said["jobs"][0]["active"]
        said = client.post(f"{LIST}{style.pk}/jobs/{job.pk}/stop/", headers=JSON).json()
        assert not said["done"] and "ended already" in said["text"]
        other = make_style("other")
        assert client.post(f"{LIST}{other.pk}/jobs/{job.pk}/stop/").status_code == 404

    def test_what_is_wrong_comes_back_as_words(self, staff: Any, make_style: Any) -> None:
        style = make_style()
        said = staff(GENERATE).post(f"{LIST}{style.pk}/preview/", headers=JSON).json()
        assert not said["done"] and "no picture" in said["text"]

    def test_who_may_only_look_watches_and_stops_nothing(
        self, staff: Any, make_style: Any, make_chair: Any
    ) -> None:
        style = make_style()
        job = request_preview(style, [source_image(make_chair())], actor="mira")
        watcher = staff(username="omar")
        assert "/stop/" not in watcher.get(f"{LIST}{style.pk}/jobs/").json()["jobs"][0]["html"]
        assert watcher.post(f"{LIST}{style.pk}/jobs/{job.pk}/stop/").status_code == 403
        job.refresh_from_db()
        assert job.status == Status.PENDING
        nobody = staff(username="nobody")
        nobody.get(LIST).wsgi_request.user.user_permissions.clear()
        assert nobody.get(f"{LIST}{style.pk}/jobs/").status_code == 403

    def test_a_sheet_is_shown_pair_by_pair(
        self, staff: Any, make_style: Any, reference: bytes
    ) -> None:
        from django.core.files.base import ContentFile

        style = make_style()
        name = variant_storage().save("shop_style/jobs/sheet.png", ContentFile(reference))
        shown = [
            {
                "name": "a/mug.jpg",
                "strength": 0.8,
                "passed": True,
                "reasons": [],
                "size": [360, 240],
            },
            {"name": "tea.jpg", "strength": 1, "passed": False, "reasons": ["colour", "halo"]},
        ]
        StyleJob.objects.create(
            kind="preview", style=style, status=Status.READY, result=name, report={"shown": shown}
        )
        text = page(staff(), style)
        assert 'viewBox="16 76 360 240"' in text and 'viewBox="392 392 360 360"' in text
        assert "✓ true to the product" in text and "✗ not true: Colour and 1 more" in text
        assert text.count('<image href="') == 4

    def test_a_cell_of_the_strips_is_taken_over(
        self, staff: Any, make_style: Any, reference: bytes
    ) -> None:
        from django.core.files.base import ContentFile

        style = make_style()
        name = variant_storage().save("shop_style/jobs/sheet.png", ContentFile(reference))
        cells = [{"strength": 0.5, "passed": True, "reasons": []}]
        report = {
            "strengths": [
                {"region": "product", "row": 0, "cells": cells},
                {"region": "background", "error": "mug.jpg: no mask"},
            ]
        }
        StyleJob.objects.create(
            kind="strengths", style=style, status=Status.READY, result=name, report=report
        )
        client = staff(*EDIT, GENERATE)
        text = page(client, style)
        assert "?region=product&amp;strength=0.5" in text and "mug.jpg: no mask" in text
        taken = client.get(f"{LIST}{style.pk}/change/?region=product&strength=0.5")
        values = taken.context["adminform"].form
        assert (values["region"].value(), values["strength"].value()) == ("product", 0.5)
        assert 'aria-current="true"' in taken.content.decode()
        style.refresh_from_db()
        assert style.region == "whole"  # in the form alone, till it is saved
        for odd in ("?region=moon&strength=7", "?strength=x"):
            assert client.get(f"{LIST}{style.pk}/change/{odd}").status_code == 200


class TestTrial:
    @pytest.fixture
    def style(self, make_style: Any, make_chair: Any, make_variant: Any) -> Style:
        style: Style = make_style()
        for review in (Review.APPROVED, Review.REJECTED):
            make_variant(make_chair(), style, scorecard=CARD_2, review=review)
        return style

    def values(self, **values: str) -> dict[str, str]:
        return {"engine": "grade", "mode": "", "thresholds": "{}", "region": "whole", **values}

    def test_the_forms_limits_are_counted_before_they_are_saved(
        self, staff: Any, style: Style
    ) -> None:
        client = staff(*EDIT)
        said = client.post(
            f"{LIST}{style.pk}/trial/", self.values(thresholds='{"max_delta_e": 9}')
        ).json()
        assert "2 variants of this style have been scored." in said["sentence"]
        assert "0 → 1 of 1" in said["html"] and 'data-ss-limit="max_delta_e"' in said["html"]
        style.refresh_from_db()
        assert style.thresholds == {} and style.variants.filter(passed=True).count() == 2

    def test_without_a_script_the_saved_ones_are_on_the_page(
        self, staff: Any, style: Style
    ) -> None:
        text = page(staff(), style)
        assert "2 variants of this style have been scored." in text and "<tfoot>" in text
        assert "data-ss-limit" not in text  # who may only look is given no field

    def test_none_scored_is_said(self, staff: Any, make_style: Any) -> None:
        assert "No variant of this style has been scored yet" in page(staff(), make_style())

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"thresholds": "{"}, "thresholds"),
            ({"thresholds": '{"min_beauty": 1}'}, "thresholds"),
            ({"mode": "lenient"}, "mode"),
            ({"region": "moon"}, "region"),
        ],
    )
    def test_what_does_not_fit_is_said_by_field(
        self, values: dict[str, str], field: str, staff: Any, style: Style
    ) -> None:
        response = staff(*EDIT).post(f"{LIST}{style.pk}/trial/", self.values(**values))
        assert response.status_code == 400 and field in response.json()["errors"]

    def test_it_takes_a_post_and_leave_to_look(self, staff: Any, style: Style) -> None:
        assert staff().get(f"{LIST}{style.pk}/trial/").status_code == 404


class TestSteps:
    def test_a_copy_opens(self, staff: Any, make_style: Any) -> None:
        style = make_style()
        client = staff(*EDIT)
        assert f"/{style.pk}/duplicate/" in page(client, style)
        response = client.post(f"{LIST}{style.pk}/duplicate/")
        made = Style.objects.get(slug="warm-2")
        assert response.url == f"{LIST}{made.pk}/change/"
        assert client.get(f"{LIST}{style.pk}/duplicate/").status_code == 404
        watcher = staff(username="omar")
        assert watcher.post(f"{LIST}{style.pk}/duplicate/").status_code == 403
        assert "/duplicate/" not in page(watcher, style)

    def test_a_copy_that_fails_says_which_file(self, staff: Any, make_style: Any) -> None:
        style = make_style()
        lost = style.references.get().image.name
        variant_storage().delete(lost)
        client = staff(*EDIT)
        said = client.post(f"{LIST}{style.pk}/duplicate/", follow=True).content.decode()
        assert lost in said and "gone from storage" in said and Style.objects.count() == 1

    def test_retiring_asks_once_in_numbers(
        self, staff: Any, make_style: Any, make_chair: Any, make_variant: Any, published: Any
    ) -> None:
        style = make_style()
        make_variant(make_chair(), style, **published)
        make_variant(make_chair(), style, status=Status.PENDING, image="", scorecard=None)
        client = staff(*EDIT, PUBLISH, GENERATE)
        asked = client.get(f"{LIST}{style.pk}/retire/").content.decode()
        assert "1 variant is published" in asked and "1 variant in the queue is taken out" in asked
        style.refresh_from_db()
        assert style.retired_at is None  # asking does nothing
        values = {"published": "withdraw", "reason": "over"}
        said = client.post(f"{LIST}{style.pk}/retire/", values, follow=True).content.decode()
        assert (
            "Variants withdrawn: 1; taken out of the queue: 1" in said and "Retired since" in said
        )
        assert not StyleVariant.objects.published().exists()
        assert AuditEntry.objects.get(verb="retired").reason == "over"
        back = client.post(f"{LIST}{style.pk}/bring-back/", follow=True).content.decode()
        assert "1 approved variant is not published" in back
        style.refresh_from_db()
        assert style.retired_at is None

    def test_withdrawing_takes_the_permission_to_publish(
        self, staff: Any, make_style: Any, make_chair: Any, make_variant: Any, published: Any
    ) -> None:
        style = make_style()
        make_variant(make_chair(), style, **published)
        client = staff(*EDIT)
        asked = client.get(f"{LIST}{style.pk}/retire/").content.decode()
        assert 'value="withdraw"' not in asked and "takes the permission to publish" in asked
        response = client.post(f"{LIST}{style.pk}/retire/", {"published": "withdraw"})
        assert response.status_code == 403 and StyleVariant.objects.published().exists()
        watcher = staff(username="omar")
        assert watcher.get(f"{LIST}{style.pk}/retire/").status_code == 403
        assert watcher.post(f"{LIST}{style.pk}/bring-back/").status_code == 403
        style.refresh_from_db()
        assert style.retired_at is None

    def test_not_while_an_experiment_runs(self, staff: Any, make_shop: Any) -> None:
        shop = make_shop(2)
        shop.start()
        client = staff(*EDIT, "shop_style.view_experiment")
        asked = client.get(f"{LIST}{shop.style.pk}/retire/").content.decode()
        assert "cannot be retired now" in asked and "Warm listing" in asked
        assert 'value="Yes, retire it"' not in asked
        said = client.post(f"{LIST}{shop.style.pk}/retire/", {"published": "serve"}, follow=True)
        assert "ship it or revert it first" in said.content.decode()

    def test_a_retired_style_is_not_offered(
        self, staff: Any, make_style: Any, make_photo: Any
    ) -> None:
        style, other = make_style(), make_style("cool")
        product = make_photo(1).product
        retire_style(style, withdraw_published=False, actor="mira")
        client = staff(GENERATE, "demo.change_product")
        values = {"action": "generate_style_variants", "_selected_action": [product.pk], "index": 0}
        text = client.post("/admin/demo/product/", values).content.decode()
        assert f'value="{other.pk}"' in text and "Cool" in text and "Warm" not in text
        listed = client.get(LIST).content.decode()
        assert "ss-retired" in listed
        assert client.get(f"{LIST}?retired_at__isempty=1").context["cl"].result_count == 1


class TestUses:
    def test_counts_with_links(
        self, staff: Any, make_shop: Any, make_chair: Any, make_variant: Any
    ) -> None:
        shop = make_shop(3)
        make_variant(make_chair(), shop.style)
        text = page(staff("shop_style.view_experiment"), shop.style)
        assert "3 published" in text and "1 to review" in text
        assert f"/admin/shop_style/experiment/{shop.experiment.pk}/change/" in text
        assert f"/admin/shop_style/stylevariant/?style__id__exact={shop.style.pk}" in text
        assert "of 3</li>" in text  # channels, asked about the three that are published

    def test_nothing_uses_it(self, staff: Any, make_style: Any) -> None:
        assert "Nothing yet" in page(staff(), make_style())

    @pytest.mark.parametrize("address", ["change", "list"])
    def test_queries_do_not_grow(
        self,
        address: str,
        staff: Any,
        make_style: Any,
        make_chair: Any,
        publish_variant: Any,
    ) -> None:
        style = make_style()
        client = staff(*EDIT, GENERATE)
        where = f"{LIST}{style.pk}/change/" if address == "change" else LIST

        def queries() -> int:
            with CaptureQueriesContext(connection) as found:
                assert client.get(where).status_code == 200
            return len(found)

        def add(number: int) -> None:
            for index in range(number):
                chair = make_chair()
                publish_variant(chair, style, scorecard=CARD_2)
                request_preview(style, [source_image(chair)], actor="mira")
                if address == "list":
                    make_style(f"s-{number}-{index}")

        add(3)
        queries()  # content types and permissions are looked up once a process
        few = queries()
        add(27)
        assert queries() == few

    def test_a_page_whose_engine_is_gone_still_opens(self, staff: Any, make_style: Any) -> None:
        style = make_style()
        Style.objects.update(engine="gone")
        response = staff(*EDIT).get(f"{LIST}{style.pk}/change/")
        assert response.status_code == 200


def test_the_photos_to_choose_from_are_the_shops_own(
    staff: Any, make_style: Any, make_photo: Any
) -> None:
    style = make_style()
    for number in range(30):
        make_photo(number)
    client = staff(GENERATE)
    offers = client.get(f"{LIST}{style.pk}/change/").context["photos"]
    assert sum(offer.chosen for offer in offers.photos) == 6 and offers.has_more
    assert all(offer.url.endswith(".jpg") for offer in offers.photos)
    text = page(client, style, "?photos=2")
    assert "Newer photos" in text and 'class="ss-photos" open' in text
    seen = {offer.value for offer in offers.photos}
    for number in range(2, 9):
        later = client.get(f"{LIST}{style.pk}/change/?photos={number}").context["photos"]
        seen |= {offer.value for offer in later.photos}
    assert len(seen) == 30
    assert page(client, style, "?photos=nonsense")


def test_scripts_hold_no_words_of_their_own(staff: Any, make_style: Any) -> None:
    """What a person reads comes from the page, which is translated."""
    text = page(staff(*EDIT, GENERATE), make_style())
    for name in ("data-moved", "data-going", "data-added", "data-taken", "data-lost", "data-wrong"):
        assert f"{name}=" in text
    assert json.dumps("onclick") not in text and "<script>" not in text
