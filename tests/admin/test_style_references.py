"""The page of a style: references dropped at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from shop_style.admin.staging import stage
from shop_style.models import Style, StyleReference
from tests.admin.test_style import EDIT, LIST, form, reference_errors

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
