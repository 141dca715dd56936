"""Pages by template tags: one arm a page, private where they vary, and an original at worst."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop_style.experiments.tally import tally
from shop_style.experiments.tokens import read_token
from shop_style.models import DailyTally, StyleVariant

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.experiments.storefront")]


@pytest.fixture
def shop(make_shop: Any) -> Any:
    return make_shop()


def page(client: Any, address: str = "/") -> str:
    response = client.get(address)
    assert response.status_code == 200
    return str(response.content.decode())


def is_styled(html: str) -> bool:
    """Does the page show variants? It must show nothing else then."""
    number = html.count("AI-styled picture")
    assert number in (0, 4)
    return number == 4


def two_arms(browser: Any, address: str = "/") -> dict[bool, Any]:
    """A browser in each arm."""
    found: dict[bool, Any] = {}
    while len(found) < 2:
        client = browser()
        found[is_styled(page(client, address))] = client
    return found


def token_of(html: str) -> str:
    match = re.search(r'data-token="([^"]+)"', html)
    return match[1] if match else ""


def test_a_picture_has_sizes_formats_words_and_its_fall_back(browser: Any, shop: Any) -> None:
    shop.start()
    html = page(two_arms(browser)[True])
    chair = shop.chairs[0]
    variant = StyleVariant.objects.get(object_id=str(chair.pk))
    wide, narrow, jpeg, small = (f"/media/{item['name']}" for item in variant.renditions)
    assert f'<source type="image/webp" srcset="{narrow} 48w, {wide} 96w" sizes="50vw">' in html
    assert f'<source type="image/jpeg" srcset="{small} 48w, {jpeg} 96w" sizes="50vw">' in html
    assert f'<img src="{jpeg}" alt="Chair 0" width="96" height="80" loading="lazy">' in html
    assert f'data-shop-style="0" data-shop-style-original="{chair.photo.url}"' in html
    assert 'src="/static/shop_style/track.js" defer data-events="/shop-style/events/"' in html


def test_every_visit_of_a_browser_shows_the_same_arm(browser: Any, shop: Any) -> None:
    shop.start()
    for styled, client in two_arms(browser).items():
        for address in ("/", "/singles/", "/"):
            assert is_styled(page(client, address)) == styled


def test_the_cookie_is_set_once_and_only_where_an_experiment_is(browser: Any, shop: Any) -> None:
    client = browser()
    page(client)
    page(client, "/plain/")
    assert "shop_style_visitor" not in client.cookies
    shop.start()
    first = client.get("/")
    assert "shop_style_visitor" in first.cookies
    assert "shop_style_visitor" not in client.get("/").cookies
    assert first["Cache-Control"] == "private"
    assert "Cache-Control" not in client.get("/plain/")


def test_one_page_has_one_token_for_all_its_tiles(browser: Any, shop: Any) -> None:
    shop.start()
    client = browser()
    for address in ("/", "/singles/"):
        token = read_token(token_of(page(client, address)), hours=1)
        assert sorted(token.exposures[0].products) == [0, 1, 2, 3]


def test_a_page_shows_the_list_in_a_constant_number_of_queries(
    browser: Any, make_shop: Any
) -> None:
    shop = make_shop(30)
    shop.start()
    client = browser()
    counts = []
    for number in (30, 3):
        for chair in shop.chairs[number:]:
            chair.delete()
        page(client)
        with CaptureQueriesContext(connection) as queries:
            page(client)
        counts.append(len([q for q in queries if "SAVEPOINT" not in q["sql"]]))
    assert counts == [2, 2]  # the chairs; the phase's products with what its arms show


def test_two_visitors_behind_a_cache_see_their_own_arms(browser: Any, shop: Any) -> None:
    shop.start()
    for address in ("/cached/", "/public/"):
        cache.clear()
        arms = two_arms(browser)
        for _ in range(2):
            for styled, client in arms.items():
                response = client.get(address)
                assert is_styled(response.content.decode()) == styled
                assert "private" in response["Cache-Control"]
                assert "public" not in response["Cache-Control"]
        tokens = {token_of(page(client, address)) for client in arms.values()}
        assert len(tokens) == 2


def test_a_page_without_an_experiment_may_be_cached(browser: Any, shop: Any) -> None:
    response = browser().get("/cached/")
    assert "private" not in response["Cache-Control"]
    with CaptureQueriesContext(connection) as queries:
        assert is_styled(page(browser(), "/cached/"))
    assert len(queries) == 0


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"user-agent": "Googlebot/2.1"}, "crawler"),
        ({"sec-gpc": "1"}, "gpc"),
        ({"dnt": "1"}, "dnt"),
    ],
)
def test_who_takes_no_part_sees_originals_and_leaves_a_count(
    browser: Any, shop: Any, headers: dict[str, str], kind: str
) -> None:
    phase = shop.start()
    client = browser(**headers)
    for _ in range(6):
        response = client.get("/")
        html = response.content.decode()
        assert not is_styled(html) and token_of(html) == "" and "data-shop-style=" not in html
        assert not response.cookies and response["Cache-Control"] == "private"
    tally.write()
    row = DailyTally.objects.get()
    assert (row.phase, row.kind, row.arm, row.number) == (phase, kind, "", 6)


def test_tokens_and_new_visitors_are_counted_by_arm(browser: Any, shop: Any) -> None:
    shop.start()
    seen = {"control": 0, "warm": 0}
    for _ in range(20):
        client = browser()
        for _ in range(3):
            styled = is_styled(page(client))
        seen["warm" if styled else "control"] += 1
    tally.write()
    tally.write()  # nothing is added twice
    rows = {(row.kind, row.arm): row.number for row in DailyTally.objects.all()}
    for arm, number in seen.items():
        assert rows.get(("visitor", arm), 0) == number
        assert rows.get(("token", arm), 0) == 3 * number


def test_without_the_middleware_nobody_is_enrolled(browser: Any, shop: Any, settings: Any) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "shop_style" not in name]
    shop.start()
    for _ in range(12):
        response = browser().get("/")
        assert not is_styled(response.content.decode()) and not response.cookies


def test_a_request_is_found_without_its_context_processor(
    browser: Any, shop: Any, settings: Any
) -> None:
    options = dict(settings.TEMPLATES[0]["OPTIONS"], context_processors=[])
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": options}]
    shop.start()
    assert token_of(page(browser()))


def test_a_refusal_takes_the_cookie_back(browser: Any, shop: Any) -> None:
    shop.start()
    client = browser()
    page(client)
    assert client.cookies["shop_style_visitor"].value
    response = client.get("/", headers={"sec-gpc": "1"})
    assert response.cookies["shop_style_visitor"]["max-age"] == 0


def test_a_refusal_that_a_cache_answers_takes_nobody_elses_cookie(
    browser: Any, shop: Any, settings: Any, make_chair: Any
) -> None:
    settings.MIDDLEWARE = [
        "django.middleware.cache.UpdateCacheMiddleware",
        *settings.MIDDLEWARE,
        "django.middleware.cache.FetchFromCacheMiddleware",
    ]
    kept, refusing = browser(), browser()
    shop.start()
    assert page(kept) and page(refusing)
    for chair in shop.chairs:
        chair.delete()
    make_chair()  # a page none of whose pictures take part
    cache.clear()
    assert refusing.get("/", headers={"sec-gpc": "1"}).cookies
    page(kept)
    assert kept.cookies["shop_style_visitor"].value
