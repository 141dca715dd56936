"""Oscar's own pages with our pictures in them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db

LISTING = "/catalogue/"


def token_of(page: str) -> str:
    found = re.search(r'data-token="([^"]+)"', page)
    assert found, "the page has no token"
    return found[1]


def test_the_listing_shows_the_arm_and_its_clicks_count(
    make_goods: Any, make_experiment: Any, browser: Any
) -> None:
    from shop_style.models import Event, Kind

    goods = [make_goods(f"Mug {number}") for number in range(3)]
    make_experiment(goods, control=0.01)
    client = browser()
    page = client.get(LISTING).content.decode()
    assert page.count("data-shop-style=") == 3
    assert "shop_style/variants/" in page and "data-shop-style-tile" in page
    report = {"token": token_of(page), "events": [{"kind": "click", "position": 1}]}
    answer = client.post("/shop-style/events/", report, "application/json")
    assert answer.json()["accepted"] == 1, answer.content
    assert Event.objects.filter(kind=Kind.CLICK).count() == 1


def test_the_gallery_shows_the_same_arm_as_the_listing(
    make_goods: Any, make_experiment: Any, browser: Any
) -> None:
    product = make_goods(pictures=3)
    make_experiment([product], control=0.01)
    client = browser()
    assert "shop_style/variants/" in client.get(LISTING).content.decode()
    page = client.get(product.get_absolute_url()).content.decode()
    assert page.count('class="carousel-item') == 3
    assert page.count("shop_style/variants/") >= 3


def test_without_an_experiment_pages_show_oscars_files(make_goods: Any, browser: Any) -> None:
    product = make_goods(pictures=2)
    for address in (LISTING, product.get_absolute_url(), "/search/?q=Mug"):
        page = browser().get(address)
        assert page.status_code == 200, address
        assert "/images/products/" in page.content.decode(), address


def test_a_product_without_a_picture_or_without_its_file_shows_oscars_own(
    make_goods: Any, browser: Any
) -> None:
    from oscar.test.factories import create_product_image

    bare = make_goods("Bare", pictures=0)
    rowed = make_goods("Rowed", pictures=0)
    create_product_image(rowed)
    rowed.images.update(original="")
    assert isinstance(bare.primary_image(), dict)
    for address in (LISTING, bare.get_absolute_url(), rowed.get_absolute_url()):
        page = browser().get(address)
        assert page.status_code == 200, address
        assert "data-shop-style=" not in page.content.decode()


def test_a_child_shows_its_parents_pictures(make_goods: Any, browser: Any) -> None:
    from oscar.test.factories import create_product

    parent = make_goods("Shirt", structure="parent", pictures=2)
    child = create_product(structure="child", parent=parent, title="Shirt, red")
    page = browser().get(child.get_absolute_url(), follow=True).content.decode()
    assert page.count('class="carousel-item') == 2


def test_the_listing_asks_for_any_number_of_products_at_once(
    make_goods: Any, make_experiment: Any, browser: Any
) -> None:
    """Our queries do not grow with the products, as Oscar's own do (stock, child products)."""

    def ours(client: Any) -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = client.get(LISTING)
        assert page.status_code == 200
        return [item["sql"] for item in queries if '"shop_style_' in item["sql"]]

    goods = [make_goods(f"Mug {number}") for number in range(2)]
    make_experiment(goods + [make_goods(f"Cup {number}") for number in range(10)])
    client = browser()
    client.get(LISTING)
    many = ours(client)
    from oscar.core.loading import get_model

    get_model("catalogue", "Product").objects.filter(title__startswith="Cup").update(
        is_public=False
    )
    few = ours(client)
    assert len(many) == len(few) > 0


def test_atomic_requests_a_failure_of_ours_leaves_the_page(
    make_goods: Any, make_experiment: Any, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    from shop_style.experiments import placement

    assert settings.DATABASES["default"]["ATOMIC_REQUESTS"]
    make_experiment([make_goods()])

    def broken(*_: Any, **__: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")

    monkeypatch.setattr(placement, "_entries", broken)
    page = browser().get(LISTING)
    assert page.status_code == 200
    assert "/images/products/" in page.content.decode()
