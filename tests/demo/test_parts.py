"""The storefront during an experiment: who sees what, what is counted, and how a page says so."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shop_style.experiments import lifecycle
from shop_style.experiments.tokens import read_token
from shop_style.models import Arm, Experiment

pytestmark = pytest.mark.django_db
COOKIE = "shop_style_visitor"
LINE = re.compile(r"You take part in “Warm on the listing”: you see ([\w ]+)\.")
TOKEN = re.compile(r'data-token="([^"]+)"')
POSITION = re.compile(r'<picture data-shop-style="(\d+)"')

Browser = Callable[..., Client]


@pytest.fixture
def shop(make_photo: Any, make_style: Any, make_variant: Any) -> Any:
    """Three products in a running experiment, and one outside it. Returns the experiment."""
    style = make_style()
    images = [make_photo(slug) for slug in ("mug", "jar", "pot")]
    for image in images:
        make_variant(image, style)
    make_photo("vase")
    experiment = Experiment.objects.create(
        slug="warm", name="Warm on the listing", placement="listing", planned_visitors=100
    )
    Arm.objects.create(experiment=experiment, slug="originals", weight=0.5)
    Arm.objects.create(experiment=experiment, slug="warm", style=style, weight=0.5, position=1)
    lifecycle.start(experiment, actor="ada", objects=images)
    return experiment


def page(client: Client, address: str = "/") -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def said(html: str) -> str | None:
    found = LINE.search(html)
    return found[1] if found else None


def visitor_seeing(look: str, browser: Browser) -> Client:
    """A new browser that falls into the arm with that look."""
    for _ in range(60):
        client = browser()
        if said(page(client)) == look:
            return client
    raise AssertionError(f"nobody of sixty sees {look}")


def test_each_visitor_is_told_the_arm_and_sees_it_again_and_again(
    shop: Any, browser: Browser
) -> None:
    for look, styled in (("Warm", 3), ("the original photographs", 0)):
        client = visitor_seeing(look, browser)
        for _ in range(3):
            html = page(client)
            assert said(html) == look
            assert html.count("AI-styled picture") == styled
        html = page(client, "/product/mug/")
        assert said(html) == look
        assert ("AI-styled picture" in html) == bool(styled)


def test_the_tiles_of_the_listing_and_no_others_are_counted(shop: Any, browser: Browser) -> None:
    client = browser()
    html = page(client)
    token = read_token(TOKEN.findall(html)[0], hours=1)
    (exposure,) = token.exposures
    assert sorted(exposure.products) == [int(number) for number in POSITION.findall(html)]
    assert len(exposure.products) == 3
    assert html.count("<picture>") == 1  # the vase is outside
    # Each picture and its name lie in one tile, so that a click on either counts.
    tiles = re.findall(r'<li class="card" data-shop-style-tile>(.*?)</li>', html, re.DOTALL)
    assert len(tiles) == 4
    assert all("<picture" in tile and 'class="name"' in tile for tile in tiles)
    assert 'data-events="/shop-style/events/"' in html
    # A product page shows the arm, but nobody can click through to where they are.
    assert not TOKEN.search(page(client, "/product/mug/"))


def test_a_visitor_who_comes_to_a_product_page_first_has_not_entered(
    shop: Any, browser: Browser
) -> None:
    client = browser()
    html = page(client, "/product/mug/")
    assert said(html) is None
    assert "AI-styled picture" not in html
    assert COOKIE not in client.cookies


def test_a_preview_takes_no_part(shop: Any, browser: Browser) -> None:
    client = browser()
    for address in ("/?look=warm", "/?look=original", "/product/mug/?look=warm"):
        html = page(client, address)
        assert said(html) is None
        assert "track.js" not in html
        assert "data-shop-style=" not in html
    assert COOKIE not in client.cookies
    assert page(client, "/?look=warm").count("AI-styled picture") == 3


@pytest.mark.parametrize(
    "headers", [{"user-agent": "Googlebot/2.1"}, {"sec-gpc": "1"}], ids=["crawler", "gpc"]
)
def test_who_takes_no_part_sees_originals_and_no_line(
    shop: Any, browser: Browser, headers: dict[str, str]
) -> None:
    client = browser(**headers)
    html = page(client)
    assert said(html) is None
    assert "AI-styled picture" not in html
    assert not TOKEN.search(html)
    assert COOKIE not in client.cookies


def test_without_an_experiment_nothing_is_said(browser: Browser, make_photo: Any) -> None:
    make_photo()
    html = page(browser())
    assert "You take part" not in html
    assert "csrfmiddlewaretoken" not in html


def test_a_page_with_a_part_asks_as_often_for_any_number_of_products(
    shop: Any, browser: Browser, make_photo: Any
) -> None:
    client, counts = browser(), []
    page(client)
    for number in range(21):
        if number in (0, 20):
            with CaptureQueriesContext(connection) as queries:
                page(client)
            counts.append(sum("SAVEPOINT" not in item["sql"] for item in queries))
        make_photo(f"more-{number}")
    assert counts[0] == counts[1] == 7


def test_another_visitor_is_drawn_anew(shop: Any, browser: Browser) -> None:
    client, seen, visitors = browser(), set(), set()
    for _ in range(40):
        seen.add(said(page(client)))
        visitors.add(client.cookies[COOKIE].value)
        response = client.post("/new-visitor/", {"next": "https://elsewhere.example/"})
        assert (response.status_code, response["Location"]) == (302, "/")
        assert client.cookies[COOKIE].value == ""
    assert seen == {"Warm", "the original photographs"}
    assert len(visitors) == 40


def test_another_visitor_takes_a_post_of_our_own_page(shop: Any) -> None:
    agent = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/133.0"}
    client = Client(enforce_csrf_checks=True, headers=agent)
    html = page(client)
    assert client.get("/new-visitor/").status_code == 405
    assert client.post("/new-visitor/").status_code == 403
    assert client.cookies[COOKIE].value
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', html)[0]
    assert client.post("/new-visitor/", {"csrfmiddlewaretoken": token}).status_code == 302
    assert client.cookies[COOKIE].value == ""
