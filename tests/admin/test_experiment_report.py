"""The report's pages."""

from __future__ import annotations

from typing import Any

import pytest

from shop_style.experiments.rollup import rollup
from tests.admin.experiments import LIST, RUN, VIEW, play, said

pytestmark = pytest.mark.django_db


def test_the_report_page_without_and_with_data(staff: Any, make_shop: Any) -> None:
    shop = make_shop(hypothesis="Warm <b>earns</b> more.")
    client = staff(VIEW)
    address = f"{LIST}{shop.experiment.pk}/report/"
    assert "The experiment has not started." in client.get(address).content.decode()
    shop.start()
    page = client.get(address).content.decode()
    assert "No picture has been seen yet." in page and "never brought up to date" in page
    play(shop, 230)
    response = client.post(address, follow=True)
    ((level, text),) = said(response)
    assert level == "success" and "230 visitors rolled up" in text
    page = response.content.decode()
    assert "230 of 1,000 planned" in page and "no difference is shown yet" in page
    assert "<polyline" in page and 'class="ss-light ss-light-green"' in page
    assert "Warm &lt;b&gt;earns&lt;/b&gt; more." in page
    body = page.split('class="ss-report"')[1].split("</main>")[0]
    assert " style=" not in body and "<script" not in body
    assert "shop_style/report.css" in page


def test_the_report_is_downloaded_as_one_file(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    play(shop, 10)
    rollup()
    response = staff(VIEW).get(f"{LIST}{shop.experiment.pk}/report/download/")
    assert response["Content-Disposition"] == 'attachment; filename="warm-listing.html"'
    page = response.content.decode()
    assert page.startswith("<!DOCTYPE html>") and "http" not in page and "<script" not in page


def test_the_report_takes_permission_to_view(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    client = staff(RUN)
    for address in ("report/", "report/download/"):
        assert client.get(f"{LIST}{shop.experiment.pk}/{address}").status_code == 403
    assert client.post(f"{LIST}{shop.experiment.pk}/report/").status_code == 403
    assert staff(VIEW, username="vera").get(f"{LIST}999/report/").status_code == 404
