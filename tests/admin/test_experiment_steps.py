"""An experiment's steps by buttons: who may take them, what refuses them, what they do."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from shop_style.experiments import lifecycle
from shop_style.experiments.preview import requested_preview
from shop_style.models import (
    Arm,
    AuditEntry,
    Experiment,
    PhaseProduct,
    StyleVariant,
)
from tests.admin.experiments import (
    EDIT,
    LIST,
    RUN,
    VIEW,
    buttons,
    form,
    page_of,
    published,
    row,
    said,
    step,
)

pytestmark = pytest.mark.django_db


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
    assert "Nothing stands in the way" in page
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
    # What it shows can be decided anew; the other end is offered, and asked for once more.
    assert buttons(client, experiment) == ["warm"]
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
    assert able.post(address, {"step": "start", "confirmed": "1"}).status_code == 302
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
    gone = StyleVariant.objects.get(object_id=str(lost.pk))
    gone.image.storage.delete(gone.renditions[1]["name"])
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


def test_each_arm_of_what_is_not_over_has_a_preview(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    client = staff(VIEW)
    for _ in ("a draft", "running"):
        html = client.get(page_of(shop.experiment)).content.decode()
        links = re.findall(r'href="(/\?shop_style_arm=[^"]+)"', html)
        seen = [requested_preview(RequestFactory().get(link)) for link in links]
        assert [item.style for item in seen if item] == [None, shop.style.pk]
        if shop.experiment.state == "draft":
            shop.start()
    Experiment.objects.update(state="finished")
    assert "shop_style_arm" not in client.get(page_of(shop.experiment)).content.decode()


def test_an_end_is_asked_for_once_with_numbers(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    client = staff(*EDIT, RUN)
    address = f"{LIST}{shop.experiment.pk}/step/"
    asked = client.post(address, {"step": "finish", "ship": "", "reason": "no effect"})
    page = asked.content.decode()
    assert "4 variants are withdrawn; they stay approved." in page
    assert 'name="reason" value="no effect"' in page and "Yes, show the originals" in page
    shop.experiment.refresh_from_db()
    assert shop.experiment.state == "running" and published(shop) == 4
    asked = client.post(address, {"step": "finish", "ship": "warm"})
    assert "4 variants are published anew." in asked.content.decode()
    gone = client.post(address, {"step": "finish", "ship": "cold"}, follow=True)
    assert said(gone)[0][0] == "error" and published(shop) == 4


def test_a_ship_is_taken_back_by_a_button(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    client = staff(*EDIT, RUN)
    step(client, shop.experiment, "finish", ship="warm")
    assert buttons(client, shop.experiment) == [""] and published(shop) == 4
    step(client, shop.experiment, "finish", ship="", reason="returns went up")
    assert buttons(client, shop.experiment) == ["warm"] and published(shop) == 0
    shop.experiment.refresh_from_db()
    assert (shop.experiment.state, shop.experiment.outcome) == ("finished", "revert")
    assert AuditEntry.objects.filter(verb="reverted", reason="returns went up").exists()


def test_a_pause_of_its_own_says_why(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    client = staff(*EDIT, RUN)
    lifecycle.pause(shop.experiment, actor="guardrail", because="load_failures", reason="60 of 400")
    page = client.get(page_of(shop.experiment)).content.decode()
    assert "pictures of an arm do not load" in page and "60 of 400" in page
    assert buttons(client, shop.experiment) == ["resume", "warm", ""]
    Experiment.objects.update(paused_because="end_due")
    assert buttons(client, shop.experiment) == ["warm", ""]
    assert "waits for your decision" in client.get(page_of(shop.experiment)).content.decode()
