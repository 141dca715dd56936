"""What an experiment's steps say before they are taken: numbers, pictures, and the way back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import timezone

from shop_style.experiments import lifecycle
from shop_style.experiments.end_preview import preview_end
from shop_style.experiments.ending import ending
from shop_style.models import Experiment, PhaseProduct, StyleVariant
from tests.admin.experiments import LIST, RUN, VIEW, page_of, said
from tests.admin.test_confirm import hidden

pytestmark = pytest.mark.django_db


def ask(client: Any, experiment: Any, name: str, **values: str) -> Any:
    return client.post(f"{LIST}{experiment.pk}/step/", {"step": name, **values})


def say_yes(client: Any, experiment: Any, asked: Any) -> Any:
    fields = {**hidden(asked.content.decode()), "confirmed": "yes"}
    return client.post(f"{LIST}{experiment.pk}/step/", fields, follow=True)


def changes(experiment: Any, ship: str | None) -> list[tuple[list[str], str]]:
    """What each picture shows now and then, by style; empty for the original."""

    def name(variant: StyleVariant | None) -> str:
        return variant.style.slug if variant else ""

    found = preview_end(experiment, ending(experiment, ship))
    return [([name(item) for item in change.now], name(change.then)) for change in found.changes]


def test_a_start_asks_once_and_says_what_is_frozen(staff: Any, make_shop: Any) -> None:
    shop = make_shop()
    client = staff(VIEW, RUN)
    asked = ask(client, shop.experiment, "start")
    page = asked.content.decode()
    assert "Start Warm listing?" in page and "4 pictures take part, in 2 arms." in page
    assert "100 % of all visitors take part, until 1,000 have come." in page
    shop.experiment.refresh_from_db()
    assert shop.experiment.state == "draft"
    assert said(say_yes(client, shop.experiment, asked)) == [
        ("success", "It runs with 4 products.")
    ]


def test_what_cannot_start_says_so_instead_of_asking(staff: Any, make_shop: Any) -> None:
    shop = make_shop(planned_visitors=None)
    response = staff(VIEW, RUN).post(
        f"{LIST}{shop.experiment.pk}/step/", {"step": "start"}, follow=True
    )
    ((level, text),) = said(response)
    assert level == "error" and "planned visitors are missing" in text


def test_a_pause_and_more_coverage_ask_with_numbers(staff: Any, make_shop: Any) -> None:
    shop = make_shop(coverage=0.25)
    shop.start()
    client = staff(VIEW, RUN)
    asked = ask(client, shop.experiment, "raise_coverage", coverage="0.75")
    page = asked.content.decode()
    assert "75 % of all visitors take part instead of 25 %." in page
    assert "It cannot be lowered again" in page
    assert said(say_yes(client, shop.experiment, asked)) == [("success", "Coverage is 0.75 now.")]
    asked = ask(client, shop.experiment, "pause", reason="new photos")
    page = asked.content.decode()
    assert "4 pictures show their originals to every visitor, at once." in page
    shop.experiment.refresh_from_db()
    assert shop.experiment.state == "running"
    say_yes(client, shop.experiment, asked)
    shop.experiment.refresh_from_db()
    assert shop.experiment.state == "paused"


def test_an_end_shows_what_each_picture_becomes(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    assert changes(shop.experiment, "warm") == 4 * [(["", "warm"], "warm")]
    assert changes(shop.experiment, None) == 4 * [(["", "warm"], "")]
    PhaseProduct.objects.filter(object_id=str(shop.chairs[0].pk)).update(
        left_out_at=timezone.now(), left_out_because="file_missing"
    )
    assert changes(shop.experiment, "warm")[0] == ([""], "warm")
    lifecycle.pause(shop.experiment, actor="ada")
    assert changes(shop.experiment, "warm") == 4 * [([""], "warm")]
    lifecycle.ship(shop.experiment, "warm", actor="ada")
    assert changes(shop.experiment, None) == 4 * [(["warm"], "")]
    lifecycle.revert(shop.experiment, actor="ada")
    assert changes(shop.experiment, "warm") == 4 * [([""], "warm")]


def test_the_preview_is_what_the_end_then_does(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    foretold = changes(shop.experiment, "warm")
    lifecycle.ship(shop.experiment, "warm", actor="ada")
    shown = StyleVariant.objects.published().filter(shipped_at__isnull=False)
    assert [then for _now, then in foretold] == [row.style.slug for row in shown]


def test_the_page_shows_the_first_pictures_and_the_number_of_all(
    staff: Any, make_shop: Any, django_assert_num_queries: Any
) -> None:
    shop = make_shop(8)
    shop.start()
    asked = ask(staff(VIEW, RUN), shop.experiment, "finish", ship="warm")
    page = asked.content.decode()
    assert "8 pictures change; the first 6 are shown." in page
    assert page.count('class="ss-then"') == 6
    assert len(re.findall(r'<img class="ss-thumb"', page)) == 6 * 3
    assert "The end itself is final" in page and "takes it out of the shop again" in page
    end = ending(shop.experiment, "warm")
    with django_assert_num_queries(5):
        preview_end(shop.experiment, end)


def test_a_draft_has_a_checklist_with_the_way_out(
    staff: Any, make_shop: Any, publish_variant: Any
) -> None:
    shop = make_shop(3)
    client = staff(VIEW, RUN)
    points = client.get(page_of(shop.experiment)).context["checklist"].points
    assert [point.name for point in points if not point.is_met] == []
    assert len(points) == 9
    StyleVariant.objects.update(review="unreviewed", published_at=None)
    Experiment.objects.update(planned_visitors=None)
    response = client.get(page_of(shop.experiment))
    points = response.context["checklist"].points
    assert [point.name for point in points if not point.is_met] == ["visitors", "products"]
    page = response.content.decode()
    assert page.count('<li class="ss-met">') == 7 and page.count('<li class="ss-unmet">') == 2
    assert "Warm: 0 published, 0 approved, 3 to review." in page
    link = f"/admin/shop_style/stylevariant/?style__id__exact={shop.style.pk}&status__exact=ready"
    assert link in page.replace("&amp;", "&")
    assert client.get(f"{link}&published=no").context["cl"].result_count == 3
