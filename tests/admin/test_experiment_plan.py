"""The planner's page."""

from __future__ import annotations

from typing import Any

import pytest

from shop_style.models import AuditEntry
from tests.admin.experiments import EDIT, LIST, VIEW, page_of, said

pytestmark = pytest.mark.django_db


def test_a_draft_is_planned_and_takes_the_visitors_over(staff: Any, make_shop: Any) -> None:
    shop = make_shop(2, planned_visitors=None)
    client = staff(*EDIT)
    address = f"{LIST}{shop.experiment.pk}/plan/"
    assert address in client.get(page_of(shop.experiment)).content.decode()
    page = client.get(address).content.decode()
    assert "state visitors a day and the click-through rate" in page
    response = client.get(address, {"lift": "10", "visitors": "1000", "ctr": "5", "seen": "10"})
    page = response.content.decode()
    need = next(row for row in response.context["needs"] if row["is_wanted"])
    assert need["visitors"] in page and "To show a lift of 10 %" in page
    response = client.post(address, {"visitors": need["number"]}, follow=True)
    assert said(response)[0][0] == "success"
    shop.experiment.refresh_from_db()
    assert shop.experiment.planned_visitors == need["number"]
    assert AuditEntry.objects.filter(verb="planned").count() == 1


@pytest.mark.parametrize("wrong", ["", "-5", "many", "0", "99999999999999"])
def test_no_number_is_refused(staff: Any, make_shop: Any, wrong: str) -> None:
    shop = make_shop(2)
    address = f"{LIST}{shop.experiment.pk}/plan/"
    response = staff(*EDIT).post(address, {"visitors": wrong}, follow=True)
    assert said(response)[0][0] == "error"
    shop.experiment.refresh_from_db()
    assert shop.experiment.planned_visitors == 1000


def test_a_form_that_says_half_is_asked_for_the_rest(staff: Any, make_shop: Any) -> None:
    shop = make_shop(2)
    client = staff(VIEW)
    address = f"{LIST}{shop.experiment.pk}/plan/"
    assert "or neither" in client.get(address, {"lift": "5", "ctr": "5"}).content.decode()
    page = client.get(address, {"lift": "5", "ctr": "5", "visitors": "900"}).content.decode()
    assert "Plan for these" not in page and "What a time shows" in page
    assert client.post(address, {"visitors": "5"}).status_code == 403
    shop.start()
    editor = staff(*EDIT, username="ed")
    assert editor.post(address, {"visitors": "5"}).status_code == 403
