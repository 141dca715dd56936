"""What shoppers see: the published variant, or the original, and always a page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop_style.demo.models import Product, ProductImage
from shop_style.models.variant import Review, StyleVariantQuerySet

pytestmark = pytest.mark.django_db


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture(params=["/", "/product/mug/"])
def address(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_original_is_shown_where_nothing_is_published(
    client: Client, address: str, make_photo: Any, make_style: Any, make_variant: Any
) -> None:
    image = make_photo()
    style = make_style()
    make_variant(image, style, review=Review.UNREVIEWED, published_at=None)
    make_variant(image, style, recipe_digest="old", retired_at=timezone.now())
    html = page(client, address)
    assert f'<img src="{image.image.url}" alt="A mug" width="96" height="80"' in html
    assert "<source" not in html
    assert "AI-styled" not in html


def test_the_published_variant_is_shown_in_both_formats_with_its_disclosure(
    client: Client, address: str, make_photo: Any, make_style: Any, make_variant: Any
) -> None:
    image = make_photo()
    variant = make_variant(image, make_style())
    wide, narrow, jpeg, small_jpeg = (f"/media/{item['name']}" for item in variant.renditions)
    html = page(client, address)
    assert f'<source type="image/webp" srcset="{narrow} 48w, {wide} 96w"' in html
    assert f'<source type="image/jpeg" srcset="{small_jpeg} 48w, {jpeg} 96w"' in html
    assert f'<img src="{jpeg}" alt="A mug" width="96" height="80"' in html
    assert "AI-styled picture" in html
    # Named once, for a browser whose variant does not load.
    assert html.count(f'="{image.image.url}"') == 1
    assert f'data-shop-style-original="{image.image.url}"' in html
    assert "static/shop_style/track.js" in html


def test_originals_and_single_styles_can_be_asked_for(
    client: Client, make_photo: Any, make_style: Any, make_variant: Any
) -> None:
    image = make_photo()
    older = timezone.now() - timedelta(days=1)
    warm = make_variant(image, make_style("warm"), published_at=older)
    cold = make_variant(image, make_style("cold"))
    looks = {
        "/": cold.renditions[2]["name"],
        "/?look=warm": warm.renditions[2]["name"],
        "/?look=original": image.image.name,
        "/?look=nonsense": image.image.name,
    }
    for address, name in looks.items():
        html = page(client, address)
        assert f'<img src="/media/{name}"' in html
        assert '<a href="?look=warm"' in html
    assert "/product/mug/?look=warm" in page(client, "/?look=warm")
    assert "Shown in the style “Warm”" in page(client, "/product/mug/?look=warm")
    assert "Original photograph." in page(client, "/product/mug/?look=original")


def test_any_failure_of_the_plugin_shows_the_original(
    client: Client,
    address: str,
    make_photo: Any,
    make_style: Any,
    make_variant: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = make_photo()
    make_variant(image, make_style())

    def fail(self: Any) -> Any:
        raise DatabaseError("no such table")

    monkeypatch.setattr(StyleVariantQuerySet, "published", fail)
    assert f'<img src="{image.image.url}"' in page(client, address)


def test_a_storage_without_an_address_for_the_variant_shows_the_original(
    client: Client,
    address: str,
    make_photo: Any,
    make_style: Any,
    make_variant: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = make_photo()
    make_variant(image, make_style())
    url = storages["default"].url

    def only_originals(name: str) -> str:
        if "variants" in name:
            raise OSError("the bucket is away")
        return str(url(name))

    monkeypatch.setattr(storages["default"], "url", only_originals)
    html = page(client, address)
    assert f'<img src="{image.image.url}"' in html
    assert "AI-styled" not in html


def test_products_without_a_picture_have_a_page(client: Client) -> None:
    assert "The shelves are empty" in page(client, "/")
    product = Product.objects.create(name="Bare", slug="bare")
    ProductImage.objects.create(product=product, image="")
    Product.objects.create(name="Barer", slug="barer")
    assert page(client, "/").count("No picture") == 2
    assert "No picture" in page(client, "/product/bare/")
    assert "No picture" in page(client, "/product/barer/")
    assert client.get("/product/none/").status_code == 404


def test_the_list_asks_as_often_for_thirty_products_as_for_three(
    client: Client, make_photo: Any, make_style: Any, make_variant: Any
) -> None:
    style = make_style()
    counts = []
    for number in range(30):
        make_variant(make_photo(f"mug-{number}"), style)
        if number + 1 in (3, 30):
            page(client, "/")
            with CaptureQueriesContext(connection) as queries:
                html = page(client, "/")
            assert html.count("AI-styled picture") == number + 1
            # A test is one transaction, so that our queries are guarded by a savepoint.
            counts.append(sum("SAVEPOINT" not in item["sql"] for item in queries))
    assert counts == [5, 5]  # products, pictures, filters, variants twice


def test_the_shops_own_admin_opens_with_the_panel(
    admin_client: Client, make_photo: Any, make_style: Any, make_variant: Any
) -> None:
    image = make_photo()
    variant = make_variant(image, make_style())
    listed = page(admin_client, "/admin/demo/product/")
    assert "generate_style_variants" in listed
    html = page(admin_client, f"/admin/demo/product/{image.product_id}/change/")
    assert variant.renditions[1]["name"] in html
