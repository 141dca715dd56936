"""The page of a style: limits tried, steps taken, and who uses it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop_style.generation.jobs import request_preview
from shop_style.generation.retirement import retire_style
from shop_style.models import AuditEntry, Status, Style, StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.models.variant import Review
from shop_style.sources import source_image
from tests.admin.conftest import CARD_2
from tests.admin.test_style import EDIT, GENERATE, LIST

pytestmark = pytest.mark.django_db(databases=["default", "tenant"])

JSON = {"accept": "application/json"}
PUBLISH = "shop_style.publish_stylevariant"


def page(client: Any, style: Style, query: str = "") -> str:
    return str(client.get(f"{LIST}{style.pk}/change/{query}").content.decode())


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
