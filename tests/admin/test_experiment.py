"""The list and form of experiments: what may be edited, and until when."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop_style.experiments import lifecycle
from shop_style.experiments.rollup import rollup
from shop_style.experiments.snapshot import forget_snapshot
from shop_style.models import (
    Arm,
    AuditEntry,
    Experiment,
    SummaryTotals,
)
from tests.admin.experiments import EDIT, LIST, RUN, VIEW, form, page_of, play, row
from tests.experiments.test_report_commands import Outline

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", ["running", "paused", "finished"])
def test_what_has_started_is_read_only_with_its_arms(
    staff: Any, make_shop: Any, state: str
) -> None:
    shop = make_shop()
    shop.start()
    if state == "paused":
        lifecycle.pause(shop.experiment, actor="ada")
    if state == "finished":
        lifecycle.finish(shop.experiment, actor="ada", ship="warm")
    client = staff(*EDIT, RUN)
    page = client.get(page_of(shop.experiment)).content.decode()
    fields = {
        str(attributes["name"])
        for tag, attributes in Outline(page).tags
        if tag in ("input", "select", "textarea", "button") and attributes.get("name")
    }
    hidden = {f"arms-{number}-{name}" for number in (0, 1) for name in ("id", "experiment")}
    own = {"csrfmiddlewaretoken", "step", "reason", "ship", *hidden}
    assert {name for name in fields if not name.endswith("_FORMS")} <= own
    arms = {arm.slug: arm for arm in shop.experiment.arms.all()}
    posted = {
        **form(name="Another"),
        **row(0, slug="control", weight="0.9", id=arms["control"].pk),
        **row(1, slug="warm", style=shop.style.pk, weight="0.1", id=arms["warm"].pk),
        "arms-TOTAL_FORMS": "2",
        "arms-INITIAL_FORMS": "2",
    }
    assert client.post(page_of(shop.experiment), posted).status_code == 403
    assert client.post(f"{LIST}{shop.experiment.pk}/delete/", {"post": "yes"}).status_code == 403
    shop.experiment.refresh_from_db()
    assert shop.experiment.name == "Warm listing"
    assert [arm.weight for arm in shop.experiment.arms.all()] == [0.5, 0.5]


def test_a_draft_is_edited_and_deleted_and_the_trail_keeps_both(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    client = staff(*EDIT)
    arms = {arm.slug: arm for arm in shop.experiment.arms.all()}
    posted = {
        **form(name="Renamed", coverage="0.2"),
        **row(0, slug="control", weight="0.8", id=arms["control"].pk),
        **row(1, slug="warm", style=shop.style.pk, weight="0.2", id=arms["warm"].pk),
        "arms-TOTAL_FORMS": "2",
        "arms-INITIAL_FORMS": "2",
        "state": "running",
        "arm_salt": "mine",
    }
    assert client.post(page_of(shop.experiment), posted).status_code == 302
    shop.experiment.refresh_from_db()
    assert (shop.experiment.name, shop.experiment.coverage) == ("Renamed", 0.2)
    assert (shop.experiment.state, shop.experiment.arm_salt) == ("draft", "")
    assert [arm.weight for arm in shop.experiment.arms.all()] == [0.8, 0.2]
    client.post(f"{LIST}{shop.experiment.pk}/delete/", {"post": "yes"})
    assert not Experiment.objects.exists()
    verbs = AuditEntry.objects.filter(target_name="Renamed").order_by("pk")
    assert [entry.verb for entry in verbs] == ["changed", "deleted"]


def test_a_form_does_not_overwrite_what_was_started_meanwhile(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    client = staff(*EDIT)
    started: list[bool] = []

    def start_after_first_look(execute: Any, sql: str, *arguments: Any) -> Any:
        result = execute(sql, *arguments)
        if not started and sql.startswith("SELECT") and 'FROM "shop_style_experiment"' in sql:
            started.append(True)
            Experiment.objects.update(state="running", arm_salt="salt")
        return result

    with connection.execute_wrapper(start_after_first_look):
        response = client.post(page_of(shop.experiment), form(name="Renamed"))
    assert started and response.status_code == 403
    assert Experiment.objects.get().name == "Warm listing"


def test_deleting_a_selection_stops_at_what_has_started(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    draft = Experiment.objects.create(slug="draft", name="Draft")
    shop.start()
    client = staff(*EDIT)
    action = {"action": "delete_selected", "post": "yes", "index": "0"}
    keys = [shop.experiment.pk, draft.pk]
    client.post(LIST, {**action, ACTION_CHECKBOX_NAME: keys})
    assert Experiment.objects.count() == 2
    client.post(LIST, {**action, ACTION_CHECKBOX_NAME: [draft.pk]})
    assert list(Experiment.objects.all()) == [shop.experiment]


def test_the_list_asks_as_often_for_twelve_rows_as_for_two(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    play(shop, 7)
    rollup()
    client = staff(VIEW)
    counts = []
    for number in range(1, 12):
        other = Experiment.objects.create(slug=f"e{number}", name=f"E {number}")
        Arm.objects.create(experiment=other, slug="control", weight=0.5)
        Arm.objects.create(experiment=other, slug="warm", style=shop.style, weight=0.5)
        if number in (1, 11):
            client.get(LIST)
            with CaptureQueriesContext(connection) as queries:
                response = client.get(LIST)
            assert response.context["cl"].result_count == number + 1
            counts.append(len(queries))
    assert counts[0] == counts[1]
    page = response.content.decode()
    assert "7 / 1,000" in page and "0 / –" in page
    assert page.count("Originals, Warm") == 12
    assert page.count(f'href="{LIST}{shop.experiment.pk}/report/"') == 1
    assert page.count("/report/") == 1  # drafts have none


def test_visitors_of_several_days_and_phases_count_once(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    play(shop, 5)
    rollup()
    SummaryTotals.objects.update(day="2026-01-01")
    play(shop, 4)
    rollup()
    lifecycle.change_weights(shop.experiment, {"control": 0.2, "warm": 0.8}, actor="ada")
    forget_snapshot()
    play(shop, 3)
    rollup()
    assert SummaryTotals.objects.filter(slice="all").count() > 4
    assert "12 / 1,000" in staff(VIEW).get(LIST).content.decode()


def test_the_trail_leads_back_to_the_experiment(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    page = staff(VIEW).get("/admin/shop_style/auditentry/").content.decode()
    assert f'href="{page_of(shop.experiment)}"' in page
