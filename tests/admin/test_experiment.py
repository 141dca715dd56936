"""An experiment through the admin: drafted, started, watched, finished, and read as a report."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop_style.experiments import lifecycle
from shop_style.experiments.rollup import rollup
from shop_style.experiments.snapshot import forget_snapshot
from shop_style.models import (
    Arm,
    AuditEntry,
    Experiment,
    PhaseProduct,
    StyleVariant,
    SummaryTotals,
)
from tests.experiments.test_report_commands import Outline
from tests.experiments.visits import visit

pytestmark = pytest.mark.django_db

LIST = "/admin/shop_style/experiment/"
RUN = "shop_style.run_experiment"
VIEW = "shop_style.view_experiment"
EDIT = tuple(f"shop_style.{what}_experiment" for what in ("view", "add", "change", "delete"))


def page_of(experiment: Any) -> str:
    return f"{LIST}{experiment.pk}/change/"


def step(client: Client, experiment: Any, name: str, **values: Any) -> Any:
    return client.post(f"{LIST}{experiment.pk}/step/", {"step": name, **values}, follow=True)


def said(response: Any) -> list[tuple[str, str]]:
    return [(item.level_tag, str(item)) for item in response.context["messages"]]


def buttons(client: Client, experiment: Any) -> list[str]:
    """Steps that the page offers, and ends that can be chosen."""
    outline = Outline(client.get(page_of(experiment)).content.decode())
    return [
        str(attributes["value"])
        for tag, attributes in outline.tags
        if tag == "button" and attributes.get("name") in ("step", "ship")
    ]


def form(**values: Any) -> dict[str, Any]:
    """A draft as its form posts it, without arms."""
    return {
        "name": "Warm listing",
        "slug": "warm-listing",
        "hypothesis": "",
        "placement": "listing",
        "planned_visitors": "400",
        "coverage": "1",
        "layer": "",
        "layer_from": "0",
        "layer_to": "1",
        "arms-TOTAL_FORMS": "0",
        "arms-INITIAL_FORMS": "0",
        **values,
    }


def row(number: int, **values: Any) -> dict[str, Any]:
    """One arm of the form."""
    columns = {"slug": "", "style": "", "weight": "0.5", "position": number, **values}
    return {f"arms-{number}-{name}": value for name, value in columns.items()}


def play(shop: Any, visitors: int) -> None:
    for number in range(visitors):
        seen = visit(shop)
        seen.page.finish(HttpResponse())
        seen.report(("viewable", 0), ("viewable", 1), *([("click", 0)] if number % 2 else []))


def published(shop: Any, slug: str = "warm") -> int:
    return StyleVariant.objects.published().filter(style__slug=slug).count()


def test_a_draft_is_added_started_and_finished_by_buttons(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    shop.experiment.delete()
    client = staff(*EDIT, RUN)
    response = client.post(
        f"{LIST}add/",
        {
            **form(),
            **row(0, slug="control"),
            **row(1, slug="warm", style=shop.style.pk),
            "arms-TOTAL_FORMS": "2",
            "_continue": "1",
        },
        follow=True,
    )
    experiment = Experiment.objects.get()
    assert [arm.slug for arm in experiment.arms.all()] == ["control", "warm"]
    assert experiment.state == "draft"
    page = response.content.decode()
    assert "<strong>4</strong> products are eligible" in page
    assert "Nothing stands in the way." in page
    assert buttons(client, experiment) == ["start"]

    assert said(step(client, experiment, "start")) == [("success", "It runs with 4 products.")]
    assert buttons(client, experiment) == ["pause", "warm", ""]
    step(client, experiment, "pause", reason="sale begins")
    assert buttons(client, experiment) == ["resume", "warm", ""]
    step(client, experiment, "resume")
    response = step(client, experiment, "finish", ship="", reason="no effect")
    assert said(response) == [
        ("success", "It is finished. Variants published anew: 0; withdrawn: 4.")
    ]
    experiment.refresh_from_db()
    assert (experiment.state, experiment.outcome) == ("finished", "revert")
    assert buttons(client, experiment) == []
    trail = AuditEntry.objects.filter(target_model="shop_style.experiment").order_by("pk")
    assert [entry.verb for entry in trail] == ["added", "started", "paused", "resumed", "finished"]
    assert {entry.actor for entry in trail} == {"mira"}
    page = response.content.decode()
    for text in ("sale begins", "reverted to the originals. no effect", "resumed"):
        assert text in page


def test_the_checklist_names_each_problem_and_the_button_waits(staff: Any, make_shop: Any) -> None:
    shop = make_shop(planned_visitors=None)
    shop.experiment.arms.filter(slug="warm").update(weight=0.4)
    client = staff(*EDIT, RUN)
    page = client.get(page_of(shop.experiment)).content.decode()
    problems = (
        "the weights sum to 0.9; they must sum to 1",
        "planned visitors are missing; say when the result is to be read",
    )
    for problem in problems:
        assert f"<li>{problem}</li>" in page
    assert 'value="start" disabled' in page
    # A page opened before the arms were changed still has its button.
    ((level, text),) = said(step(client, shop.experiment, "start"))
    assert level == "error"
    assert text.split("<br>") == [
        "experiment &#x27;warm-listing&#x27; cannot start:",
        *(f"- {problem}" for problem in problems),
    ]
    assert Experiment.objects.get().state == "draft"


def test_the_checklist_counts_products_and_names_experiments_in_the_way(
    staff: Any, make_shop: Any, make_style: Any
) -> None:
    shop = make_shop()
    other = Experiment.objects.create(
        slug="second", name="Second", placement="listing", planned_visitors=10
    )
    Arm.objects.create(experiment=other, slug="control", weight=0.5)
    Arm.objects.create(experiment=other, slug="warm", style=shop.style, weight=0.5)
    client = staff(VIEW, RUN)
    StyleVariant.objects.filter(object_id=str(shop.chairs[0].pk)).update(published_at=None)
    assert "<strong>3</strong> products are eligible" in client.get(page_of(other)).content.decode()
    shop.start()
    page = client.get(page_of(other)).content.decode()
    assert "3 of its pictures are in the experiment &#x27;warm-listing&#x27;" in page
    other.arms.filter(slug="warm").update(style=make_style("cold"))
    page = client.get(page_of(other)).content.decode()
    assert "<strong>0</strong> products are eligible" in page
    assert "no picture has a published variant in the style of each arm" in page


def test_steps_take_their_own_permission_a_post_and_a_token(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    editor, viewer = staff(*EDIT), staff(VIEW, username="vera")
    for client in (editor, viewer):
        assert buttons(client, shop.experiment) == []
        assert step(client, shop.experiment, "start").status_code == 403
    runner = staff(RUN, username="rob")  # may run, but not see
    assert step(runner, shop.experiment, "start").status_code == 403
    able = staff(VIEW, RUN, username="ada")
    address = f"{LIST}{shop.experiment.pk}/step/"
    assert able.get(address).status_code == 404
    assert able.post(address, {"step": "delete"}).status_code == 404
    assert able.post(f"{LIST}999/step/", {"step": "start"}).status_code == 404
    careful = Client(enforce_csrf_checks=True)
    careful.cookies = able.cookies
    assert careful.post(address, {"step": "start"}).status_code == 403
    assert Experiment.objects.get().state == "draft"
    assert able.post(address, {"step": "start"}).status_code == 302
    assert Experiment.objects.get().state == "running"
    assert Client().get(f"{LIST}{shop.experiment.pk}/report/").status_code == 302


def test_an_end_must_be_chosen(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    client = staff(VIEW, RUN)
    assert step(client, shop.experiment, "finish", reason="Enter").status_code == 404
    ((level, text),) = said(step(client, shop.experiment, "finish", ship="cold"))
    assert (level, text) == (
        "error",
        "there is no arm &#x27;cold&#x27;; there are: control, warm",
    )
    assert Experiment.objects.get().state == "running"
    page = client.get(page_of(shop.experiment)).content.decode()
    finishing = page.split('class="ss-finish"')[1]
    assert finishing.index("disabled hidden") < finishing.index('name="ship"')


def test_shipping_publishes_the_winner_and_withdraws_the_others(
    staff: Any, make_shop: Any, make_style: Any, publish_variant: Any
) -> None:
    shop = make_shop(3)
    cold = make_style("cold")
    for chair in shop.chairs:
        publish_variant(chair, cold)
    shop.experiment.arms.update(weight=0.25)
    Arm.objects.create(experiment=shop.experiment, slug="cold", style=cold, weight=0.5, position=2)
    shop.start()
    before = set(StyleVariant.objects.filter(style=cold).values_list("published_at", flat=True))
    client = staff(VIEW, RUN)
    page = client.get(page_of(shop.experiment)).content.decode()
    assert "Ship Cold" in page and "Ship Warm" in page
    assert page.count("3 variants are published anew,") == 2
    assert page.count("3 variants are withdrawn.") == 2
    assert page.count("6 variants are withdrawn.") == 1
    response = step(client, shop.experiment, "finish", ship="cold")
    assert said(response) == [
        ("success", "It is finished. Variants published anew: 3; withdrawn: 3.")
    ]
    assert (published(shop, "cold"), published(shop, "warm")) == (3, 0)
    after = set(StyleVariant.objects.filter(style=cold).values_list("published_at", flat=True))
    assert not before & after
    entries = AuditEntry.objects.filter(reason="experiment warm-listing finished")
    verbs = sorted(entries.values_list("verb", flat=True))
    assert verbs == ["published"] * 3 + ["withdrawn"] * 3


def test_what_was_left_out_or_rejected_is_not_shipped_and_not_counted(
    staff: Any, make_shop: Any
) -> None:
    shop = make_shop()
    shop.start()
    lost, rejected = shop.chairs[:2]
    PhaseProduct.objects.filter(object_id=str(lost.pk)).update(
        left_out_at=timezone.now(), left_out_because="file_missing"
    )
    StyleVariant.objects.filter(object_id=str(rejected.pk)).update(
        review="rejected", published_at=None
    )
    client = staff(VIEW, RUN)
    page = client.get(page_of(shop.experiment)).content.decode()
    assert "2 variants are published anew, 1 variant is withdrawn." in page
    response = step(client, shop.experiment, "finish", ship="warm")
    assert said(response)[0][1].endswith("Variants published anew: 2; withdrawn: 1.")
    shown = set(StyleVariant.objects.published().values_list("object_id", flat=True))
    assert shown == {str(chair.pk) for chair in shop.chairs[2:]}


def test_coverage_is_raised_and_never_lowered(staff: Any, make_shop: Any) -> None:
    shop = make_shop(coverage=0.5)
    shop.start()
    client = staff(VIEW, RUN)
    assert "raise_coverage" in buttons(client, shop.experiment)
    for value in ("0.25", "1.5", "nan", "", "half"):
        ((level, _text),) = said(step(client, shop.experiment, "raise_coverage", coverage=value))
        assert level == "error"
        assert Experiment.objects.get().coverage == 0.5
    response = step(client, shop.experiment, "raise_coverage", coverage="0.75")
    assert said(response) == [("success", "Coverage is 0.75 now.")]
    step(client, shop.experiment, "raise_coverage", coverage="1")
    assert "raise_coverage" not in buttons(client, shop.experiment)


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
    assert "230 of 1,000 planned" in page and "not a result yet" in page
    assert "<polyline" in page and 'class="ss-split-ok"' in page
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
