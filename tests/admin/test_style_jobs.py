"""Fitting from the style's page: the picker of built-in looks, the buttons, what came of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from shop_style.generation.fitting import request_first_look, request_fit
from shop_style.models import AuditEntry, Status, Style, StyleJob, StyleReference
from shop_style.models.storage import variant_storage
from shop_style.transfer.built_in import built_in_styles
from tests.admin.test_style import EDIT, GENERATE, LIST, errors, form, reference_errors

pytestmark = pytest.mark.django_db

BARE = {"references-TOTAL_FORMS": "0"}
FITS = ("first-look", "fit")


@pytest.fixture
def style(make_style: Callable[..., Style]) -> Style:
    return make_style("brand", engine="network")


@pytest.fixture
def slug() -> str:
    return list(built_in_styles())[1]


def network(**values: Any) -> dict[str, Any]:
    """What the form posts for a style of the network."""
    return form(**{"engine": "network", "parameters": "{}", **values})


def upload(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("strokes.png", data, "image/png")


class TestPicker:
    def test_every_built_in_look_is_offered_by_its_picture(self, staff: Any) -> None:
        page = staff(*EDIT).get(f"{LIST}add/").content.decode()
        for look in built_in_styles().values():
            assert f'name="built_in" value="{look.slug}"' in page
            assert f"/static/{look.thumbnail}" in page and look.name in page

    @pytest.mark.parametrize("slug", built_in_styles())
    def test_its_picture_ships(self, slug: str) -> None:
        assert finders.find(built_in_styles()[slug].thumbnail)

    def test_a_picked_look_is_kept_among_the_parameters(self, staff: Any, slug: str) -> None:
        values = network(**BARE, built_in=slug, parameters='{"luma_gain": 0.5}')
        client = staff(*EDIT)
        assert client.post(f"{LIST}add/", values).status_code == 302
        style = Style.objects.get()
        assert style.parameters == {"style": slug, "luma_gain": 0.5}
        page = client.get(f"{LIST}{style.pk}/change/")
        shown = page.context["adminform"].form
        assert shown["built_in"].value() == slug
        assert json.loads(shown["parameters"].value()) == {"luma_gain": 0.5}
        # Opened and saved, nothing has changed.
        before = style.digest
        client.post(f"{LIST}{style.pk}/change/", values)
        style.refresh_from_db()
        assert style.digest == before
        assert AuditEntry.objects.latest("pk").detail["fields"] == []

    def test_none_picked_takes_the_look_of_the_references(
        self, staff: Any, slug: str, reference: bytes
    ) -> None:
        style = Style.objects.create(
            slug="warm", name="Warm", engine="network", parameters={"style": slug}
        )
        values = network(built_in="", **{"references-0-image": upload(reference)})
        assert staff(*EDIT).post(f"{LIST}{style.pk}/change/", values).status_code == 302
        style.refresh_from_db()
        assert style.parameters == {} and style.references.count() == 1

    def test_a_style_without_any_look_is_refused_with_the_ways_out(self, staff: Any) -> None:
        response = staff(*EDIT).post(f"{LIST}add/", network(**BARE))
        said = " ".join(reference_errors(response).non_form_errors())
        assert "pick a built-in style above, or add" in said and "fit it" in said
        assert not Style.objects.exists()

    def test_more_references_than_a_fit_takes(self, staff: Any, reference: bytes) -> None:
        values: dict[str, Any] = {"references-TOTAL_FORMS": "6"}
        for number in range(6):
            values[f"references-{number}-image"] = upload(reference)
            values |= {
                f"references-{number}-licence": "MIT",
                f"references-{number}-source": "studio",
                f"references-{number}-position": "0",
            }
        response = staff(*EDIT).post(f"{LIST}add/", network(**values))
        assert "at most 5" in " ".join(reference_errors(response).non_form_errors())

    def test_a_look_of_the_network_takes_the_network(
        self, staff: Any, slug: str, reference: bytes
    ) -> None:
        values = form(built_in=slug, **{"references-0-image": upload(reference)})
        response = staff(*EDIT).post(f"{LIST}add/", values)
        assert "choose that engine" in " ".join(errors(response)["built_in"])

    def test_two_looks_are_one_too_many(self, staff: Any, slug: str) -> None:
        other = next(iter(built_in_styles()))
        values = network(**BARE, built_in=slug, parameters=json.dumps({"style": other}))
        response = staff(*EDIT).post(f"{LIST}add/", values)
        assert "remove it there" in " ".join(errors(response)["built_in"])

    def test_those_who_may_only_look_see_it_too(self, staff: Any, slug: str) -> None:
        style = Style.objects.create(
            slug="warm", name="Warm", engine="network", parameters={"style": slug}
        )
        page = staff().get(f"{LIST}{style.pk}/change/").content.decode()
        assert built_in_styles()[slug].thumbnail in page and 'name="built_in"' not in page


class TestButtons:
    @pytest.mark.parametrize("address", FITS)
    def test_each_asks_for_a_job(
        self, address: str, staff: Any, style: Style, make_photo: Any
    ) -> None:
        make_photo(1)
        client = staff(GENERATE)
        assert f"/{style.pk}/{address}/" in client.get(f"{LIST}{style.pk}/change/").content.decode()
        response = client.post(f"{LIST}{style.pk}/{address}/", follow=True)
        job = StyleJob.objects.get()
        assert (job.kind, job.status) == (address.replace("-", "_"), Status.PENDING)
        assert job.requested_by == "mira" and len(job.payload["pictures"]) == 1
        assert f"/admin/shop_style/stylejob/{job.pk}/change/" in response.content.decode()

    @pytest.mark.parametrize("address", FITS)
    def test_it_takes_a_post_and_the_permission(
        self, address: str, staff: Any, style: Style
    ) -> None:
        client = staff(GENERATE)
        assert client.get(f"{LIST}{style.pk}/{address}/").status_code == 404
        watcher = staff(username="omar")
        assert watcher.post(f"{LIST}{style.pk}/{address}/").status_code == 403
        assert f"/{address}/" not in watcher.get(f"{LIST}{style.pk}/change/").content.decode()
        assert not StyleJob.objects.exists()

    def test_styles_that_cannot_be_fitted_offer_none(
        self, staff: Any, make_style: Any, slug: str
    ) -> None:
        graded = make_style("warm")
        built_in = make_style("shelf", engine="network", parameters={"style": slug})
        client = staff(GENERATE)
        for style in (graded, built_in):
            page = client.get(f"{LIST}{style.pk}/change/").content.decode()
            assert "/preview/" in page and "/fit/" not in page
            said = client.post(f"{LIST}{style.pk}/fit/", follow=True).content.decode()
            assert style.slug in said and "choose" in said
        assert not StyleJob.objects.exists()


class TestWhatCameOfIt:
    def page(self, staff: Any, style: Style) -> str:
        return str(staff(GENERATE).get(f"{LIST}{style.pk}/change/").content.decode())

    def test_a_style_that_is_not_fitted(self, staff: Any, style: Style) -> None:
        assert "not fitted yet" in self.page(staff, style)

    def test_a_fit_on_its_way(self, staff: Any, style: Style) -> None:
        request_fit(style, [], actor="anna")
        StyleJob.objects.update(status=Status.RUNNING, progress=0.42)
        assert 'value="42"' in self.page(staff, style)

    def test_a_fit_that_failed_says_why(self, staff: Any, style: Style) -> None:
        request_fit(style, [], actor="anna")
        StyleJob.objects.update(status=Status.FAILED, error_detail="the disk is full")
        assert "the disk is full" in self.page(staff, style)

    def test_a_finished_fit_shows_report_sheet_and_odd_references(
        self, staff: Any, style: Style, reference: bytes
    ) -> None:
        odd = StyleReference.objects.create(
            style=style,
            image=ContentFile(reference + b"\n", name="odd.png"),
            licence="MIT",
            position=1,
        )
        job = request_fit(style, [], actor="anna")
        sheet = variant_storage().save("shop_style/jobs/sheet.png", ContentFile(reference))
        self.finish(
            job,
            style,
            result=sheet,
            report={
                "summary": "Gain 0.40 to 0.80 <ok>.",
                "disagreeing": [2],
                "left_out": ["mug.jpg: no mask"],
            },
        )
        page = self.page(staff, style)
        assert "Gain 0.40 to 0.80 &lt;ok&gt;." in page and sheet in page
        assert page.count(odd.image.name) >= 1 and "Far from the other references" in page
        assert "not fitted yet" not in page and "mug.jpg: no mask" in page
        watcher = staff(username="omar")
        own = watcher.get(f"/admin/shop_style/stylejob/{job.pk}/change/").content.decode()
        assert sheet in own and odd.image.name in own and "Gain 0.40" in own

    def test_a_first_look_in_use_and_references_that_changed(
        self, staff: Any, style: Style, reference: bytes
    ) -> None:
        self.finish(request_first_look(style, [], actor="anna"), style)
        client = staff(GENERATE)
        address = f"{LIST}{style.pk}/change/"
        assert "Variants get its first look" in client.get(address).content.decode()
        StyleReference.objects.create(
            style=style, image=ContentFile(reference, name="more.png"), licence="MIT"
        )
        assert "changed after it was fitted" in client.get(address).content.decode()

    def finish(self, job: StyleJob, style: Style, **values: Any) -> None:
        name = variant_storage().save("shop_style/artefacts/a.safetensors", ContentFile(b"a"))
        values = {"status": Status.READY, "artefact": name, **values}
        StyleJob.objects.filter(pk=job.pk).update(**values)
        style.artefact.name = name
        style.save()
