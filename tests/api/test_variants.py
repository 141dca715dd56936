"""GET variants/: the same for everybody, and only what is published."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop_style.models import StyleVariant

pytestmark = pytest.mark.django_db


def listed(browser: Any, names: list[str], **query: Any) -> Any:
    response = browser().get("/shop-style/variants/", {"object": names, **query})
    assert response.status_code == 200, response.content
    return response.json()


def test_published_variants_of_the_objects_named_newest_first(
    browser: Any, make_shop: Any, make_style: Any, publish_variant: Any
) -> None:
    shop = make_shop()
    newer = publish_variant(shop.chairs[0], make_style("cold"))
    answer = listed(browser, shop.names()[:2])
    assert answer["count"] == 3
    first = answer["results"][0]
    assert (first["id"], first["style"], first["style_name"]) == (newer.pk, "cold", "Cold")
    assert first["object"] == shop.names()[0] and first["field"] == "photo"
    assert first["sources"][0]["type"] == "image/webp" and first["width"] == 96
    assert [item["style"] for item in answer["results"][1:]] == ["warm", "warm"]
    assert [item["id"] for item in listed(browser, shop.names(), style="cold")["results"]] == [
        newer.pk
    ]
    assert listed(browser, shop.names(), field="other")["count"] == 0


def test_pages_are_as_long_as_wished_up_to_a_hundred(browser: Any, make_shop: Any) -> None:
    shop = make_shop(5)
    first = listed(browser, shop.names(), page_size=2)
    assert len(first["results"]) == 2 and first["count"] == 5 and first["next"]
    second = browser().get(first["next"]).json()
    assert not {item["id"] for item in first["results"]} & {
        item["id"] for item in second["results"]
    }
    response = browser().get("/shop-style/variants/", {"object": shop.names(), "page": 99})
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "change",
    [
        {"published_at": None},
        {"retired_at": timezone.now()},
        {"review": "unreviewed"},
        {"status": "pending"},
    ],
)
def test_what_is_not_published_is_as_if_it_were_not_there(
    browser: Any, make_shop: Any, change: dict[str, Any]
) -> None:
    shop = make_shop(1)
    variant = StyleVariant.objects.get()
    there = browser().get(f"/shop-style/variants/{variant.pk}/")
    assert there.status_code == 200 and there.json()["id"] == variant.pk
    StyleVariant.objects.update(**change)
    gone = browser().get(f"/shop-style/variants/{variant.pk}/")
    never = browser().get("/shop-style/variants/987654/")
    assert gone.status_code == never.status_code == 404
    assert gone.content == never.content and dict(gone.headers) == dict(never.headers)
    assert listed(browser, shop.names())["count"] == 0


def test_variants_of_hidden_rows_are_hidden(browser: Any, make_shop: Any, settings: Any) -> None:
    shop = make_shop(1)
    variant = StyleVariant.objects.get()
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "VISIBLE_ROWS": f"{__name__}.nothing"}
    assert browser().get(f"/shop-style/variants/{variant.pk}/").status_code == 404
    assert listed(browser, shop.names())["count"] == 0
    # The function may look at who asks, so no shared cache may keep its answer.
    response = browser().get("/shop-style/variants/", {"object": shop.names()})
    assert response["Cache-Control"] == "private, no-store"


def nothing(queryset: Any, request: Any) -> Any:
    return queryset.none()


@pytest.mark.parametrize("names", [[], ["x"] * 101])
def test_objects_must_be_named(browser: Any, names: list[str]) -> None:
    response = browser().get("/shop-style/variants/", {"object": names})
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert response["Cache-Control"] == "private, no-store"


def test_caches_may_keep_them_for_a_minute(browser: Any, make_shop: Any) -> None:
    shop = make_shop(1)
    response = browser().get("/shop-style/variants/", {"object": shop.names()})
    assert response["Cache-Control"] == "public, max-age=60" and not response.cookies


def test_one_variant_says_where_it_may_go_and_why_not_elsewhere(
    browser: Any, make_shop: Any, settings: Any
) -> None:
    shop = make_shop(1)
    # An untrained grade of a small picture; what is not measured yet is said.
    variant = StyleVariant.objects.get()
    detail = browser().get(f"/shop-style/variants/{variant.pk}/").json()
    assert "channels" not in listed(browser, shop.names())["results"][0]
    answers = {item["channel"]: item for item in detail["channels"]}
    assert list(answers) == ["marketplace-main", "feed-lifestyle", "storefront", "social"]
    shown = answers["storefront"]
    assert shown["allowed"] and shown["reasons"] == [] and shown["original_src"] is None
    assert shown["src"] == variant.image.url and shown["label"] == "Own storefront"
    main = answers["marketplace-main"]
    assert (main["allowed"], main["src"], main["original_src"]) == (False, None, None)
    assert [reason["code"] for reason in main["reasons"]] == ["styled"]
    assert not answers["feed-lifestyle"]["allowed"]
    assert {"value": 80.0, "limit": 500.0, "code": "too_small"}.items() <= {
        **answers["feed-lifestyle"]["reasons"][0]
    }.items()
    StyleVariant.objects.update(
        scorecard={"mask_confidence": 1.0, "frame": {"fill": 0.9}},
        original_renditions=[
            {**item, "name": f"original-{item['width']}.jpg", "bytes": 9, "white_border": 1.0}
            for item in variant.renditions
        ],
    )
    rules = {"min_side": None, "min_long_side": None}
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "CHANNELS": {"marketplace-main": rules}}
    (main, *_) = browser().get(f"/shop-style/variants/{variant.pk}/").json()["channels"]
    assert main["src"] is None and main["original_src"].endswith("original-96.jpg")
    # Rules that cannot be used are for `check` to tell; the picture is still there.
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "CHANNELS": {"social": {"min_side": -1}}}
    broken = browser().get(f"/shop-style/variants/{variant.pk}/")
    assert broken.status_code == 200 and broken.json()["channels"] == []


def test_where_it_may_go_costs_no_query(browser: Any, make_shop: Any, settings: Any) -> None:
    make_shop(1)
    variant = StyleVariant.objects.get()
    presets = ("marketplace-main", "feed-lifestyle", "storefront", "social")
    counts = []
    for channels in ({}, dict.fromkeys(presets)):
        settings.SHOP_STYLE = {**settings.SHOP_STYLE, "CHANNELS": channels}
        browser().get(f"/shop-style/variants/{variant.pk}/")
        with CaptureQueriesContext(connection) as queries:
            body = browser().get(f"/shop-style/variants/{variant.pk}/").json()
        assert len(body["channels"]) == (0 if channels else 4)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_list_takes_the_same_queries_for_one_as_for_thirty(browser: Any, make_shop: Any) -> None:
    shop = make_shop(30)
    counts = []
    for number in (1, 30):
        listed(browser, shop.names()[:number])
        with CaptureQueriesContext(connection) as queries:
            assert listed(browser, shop.names()[:number])["count"] == number
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 3
