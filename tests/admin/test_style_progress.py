"""The page of a style: jobs that are watched and stopped."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop_style.generation.fitting import request_fit
from shop_style.generation.jobs import request_preview
from shop_style.models import Status, Style, StyleJob
from shop_style.models.storage import variant_storage
from shop_style.sources import source_image
from tests.admin.test_style import EDIT, GENERATE, LIST

pytestmark = pytest.mark.django_db(databases=["default", "tenant"])

JSON = {"accept": "application/json"}
PUBLISH = "shop_style.publish_stylevariant"


def page(client: Any, style: Style, query: str = "") -> str:
    return str(client.get(f"{LIST}{style.pk}/change/{query}").content.decode())


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
