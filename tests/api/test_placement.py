"""POST placement/: what a headless storefront gets."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop_style.experiments.tokens import read_token
from shop_style.models import StyleVariant
from tests.shop.models import Chair, Lamp, Poster, Shot

pytestmark = pytest.mark.django_db


def visible(queryset: Any, request: Any) -> Any:
    return queryset.exclude(pk__in=hidden) if queryset.model is Chair else queryset


hidden: set[Any] = set()


def placed(post: Any, names: list[str], **body: Any) -> Any:
    response = post("placement", {"objects": names, "placement": "listing", **body})
    assert response.status_code == 200, response.content
    return response.json()


def arm(answer: Any) -> str:
    styles = {item["picture"]["style"] for item in answer["pictures"]}
    assert len(styles) == 1
    return styles.pop() or "control"


def test_each_object_gets_its_picture_in_order_and_the_page_one_token(post: Any, shop: Any) -> None:
    answer = placed(post, shop.names())
    while arm(answer) == "control":
        answer = placed(post, shop.names())
    assert [item["object"] for item in answer["pictures"]] == shop.names()
    assert [item["position"] for item in answer["pictures"]] == [0, 1, 2, 3]
    picture = answer["pictures"][1]["picture"]
    variant = StyleVariant.objects.get(object_id=str(shop.chairs[1].pk))
    wide, narrow, jpeg, small = (f"/media/{item['name']}" for item in variant.renditions)
    assert picture == {
        "src": jpeg,
        "srcset": f"{small} 48w, {jpeg} 96w",
        "sources": [
            {"type": "image/webp", "srcset": f"{narrow} 48w, {wide} 96w"},
            {"type": "image/jpeg", "srcset": f"{small} 48w, {jpeg} 96w"},
        ],
        "width": 96,
        "height": 80,
        "alt": "Chair 1",
        "digital_source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/"
        "trainedAlgorithmicMedia",
        "style": "warm",
        "original": shop.chairs[1].photo.url,
    }
    assert answer["events"] == "/shop-style/events/"
    assert sorted(read_token(answer["token"], hours=1).exposures[0].products) == [0, 1, 2, 3]


def test_the_control_is_the_original_without_a_source_type(post: Any, shop: Any) -> None:
    answer = placed(post, shop.names())
    while arm(answer) == "warm":
        answer = placed(post, shop.names())
    picture = answer["pictures"][0]["picture"]
    assert picture["src"] == shop.chairs[0].photo.url == picture["original"]
    assert picture["digital_source_type"] is None and picture["sources"] == []
    assert answer["token"] and answer["pictures"][0]["tracked"]


def test_the_visitor_sent_back_keeps_its_arm_without_cookies(post: Any, shop: Any) -> None:
    for _ in range(6):
        first = placed(post, shop.names())
        for _ in range(3):
            again = placed(post, shop.names()[:2], visitor=first["visitor"])
            assert arm(again) == arm(first)


def test_a_browser_keeps_its_arm_by_cookie(post: Any, shop: Any, browser: Any) -> None:
    for _ in range(6):
        client = browser()
        body = {"objects": shop.names(), "placement": "listing"}
        answers = [post("placement", body, client=client).json() for _ in range(3)]
        assert len({arm(answer) for answer in answers}) == 1
        assert "shop_style_visitor" in client.cookies


def test_the_api_counts_and_keeps_visitors_without_the_middleware(
    post: Any, shop: Any, browser: Any, settings: Any
) -> None:
    from shop_style.experiments.tally import tally
    from shop_style.models import DailyTally

    body = {"objects": shop.names(), "placement": "listing"}
    for middleware in (settings.MIDDLEWARE, []):
        settings.MIDDLEWARE = middleware
        client = browser()
        arms = {arm(post("placement", body, client=client).json()) for _ in range(3)}
        assert len(arms) == 1
    tally.write()
    counted: dict[str, int] = {}
    for row in DailyTally.objects.all():
        counted[row.kind] = counted.get(row.kind, 0) + row.number
    assert counted == {"token": 6, "visitor": 2}


def test_the_same_picture_named_twice_is_one_tile(post: Any, shop: Any) -> None:
    name = shop.names()[0]
    answer = placed(post, [name, name.replace("chair", "Chair", 1), name])
    assert [item["position"] for item in answer["pictures"]] == [0, 0, 0]
    (exposure,) = read_token(answer["token"], hours=1).exposures
    assert len(exposure.products) == 1


def test_answers_are_private_and_never_stored(post: Any, shop: Any) -> None:
    response = post("placement", {"objects": shop.names()})
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "headers", [{"user-agent": "Googlebot/2.1"}, {"sec-gpc": "1"}, {"dnt": "1"}]
)
def test_who_takes_no_part_gets_originals_and_nothing_to_keep(
    post: Any, shop: Any, headers: dict[str, str]
) -> None:
    for _ in range(6):
        response = post("placement", {"objects": shop.names(), "placement": "listing"}, **headers)
        answer = response.json()
        assert arm(answer) == "control"
        assert (answer["token"], answer["visitor"]) == ("", "")
        assert not response.cookies


def test_unknown_hidden_and_pictureless_objects_look_the_same(
    post: Any, shop: Any, settings: Any, make_chair: Any
) -> None:
    from django.contrib.auth.models import User

    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "VISIBLE_ROWS": f"{__name__}.visible"}
    secret = make_chair(name="draft")
    hidden.add(secret.pk)
    poster = Poster.objects.create()
    user = User.objects.create_user("ada")
    names = [
        f"shop.chair:{secret.pk}",
        f"shop.chair:{uuid.uuid4()}",
        "shop.chair:7",
        f"shop.poster:{poster.pk}",
        "shop.poster:99999999999999999999999",
        "shop.poster:0007",
        "shop.lamp:1",
        f"auth.user:{user.pk}",
        "no.such:1",
        "../../etc/passwd",
        "http://127.0.0.1/x.jpg",
        "shop.chair:' OR 1=1 --",
        "shop.chair",
        "☃",
    ]
    answer = placed(post, [*names, *shop.names()])
    for item in answer["pictures"][: len(names)]:
        assert (item["tracked"], item["picture"]) == (False, None)
    assert all(item["picture"] for item in answer["pictures"][len(names) :])
    hidden.clear()
    assert placed(post, names)["pictures"][0]["picture"]


def test_a_product_is_shown_by_the_first_of_its_pictures(
    post: Any, picture: Any, make_style: Any, publish_variant: Any
) -> None:
    lamp = Lamp.objects.create(name="Lamp")
    bare = Lamp.objects.create(name="Bare")
    shots = [
        Shot.objects.create(lamp=lamp, picture=ContentFile(picture(), name=f"s{n}.jpg"))
        for n in range(2)
    ]
    publish_variant(shots[0], make_style())
    names = [f"shop.lamp:{lamp.pk}", f"shop.lamp:{bare.pk}", f"shop.Shot:{shots[1].pk}"]
    answer = placed(post, names)
    first, second, third = answer["pictures"]
    assert first["picture"]["original"] == shots[0].picture.url
    assert first["picture"]["style"] == "warm"
    assert second["picture"] is None
    assert third["picture"]["src"] == shots[1].picture.url


def test_forty_eight_tiles_cost_the_same_queries_as_three(
    post: Any, make_shop: Any, browser: Any
) -> None:
    shop = make_shop(48)
    shop.start()
    client = browser()
    counts = []
    for number in (3, 48):
        body = {"objects": shop.names()[:number], "placement": "listing"}
        post("placement", body, client=client)
        with CaptureQueriesContext(connection) as queries:
            answer = post("placement", body, client=client).json()
        assert len(answer["pictures"]) == number and all(
            item["tracked"] for item in answer["pictures"]
        )
        counts.append([q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]])
    # The rows; the phase's products with what its arms show.
    assert len(counts[0]) == len(counts[1]) == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"objects": []},
        {"objects": "shop.chair:1"},
        {"objects": [1, {}]},
        {"objects": ["x"] * 101},
        {"objects": ["x" * 301]},
        {"objects": ["x\x00y"]},
        {"objects": ["x"], "placement": "no spaces please"},
        {"objects": ["x"], "visitor": "v" * 5000},
        [],
        "x",
        None,
        7,
    ],
)
def test_a_bad_body_is_refused_with_a_code(post: Any, body: Any) -> None:
    response = post("placement", body if not isinstance(body, str) else f'"{body}"')
    assert response.status_code == 400
    assert response.json()["code"] == "invalid" and response.json()["detail"]
    assert response["Cache-Control"] == "private, no-store"


def test_only_post_is_answered(browser: Any) -> None:
    response = browser().get("/shop-style/placement/")
    assert response.status_code == 405 and response.json()["code"] == "method_not_allowed"


def test_a_logged_in_member_of_staff_is_a_visitor_like_any(post: Any, shop: Any) -> None:
    """A session must neither be asked for a CSRF token nor lend its authority."""
    from django.contrib.auth.models import User
    from django.test import Client

    from tests.conftest import BROWSER

    client = Client(enforce_csrf_checks=True, headers={"user-agent": BROWSER})
    client.force_login(User.objects.create_superuser("root"))
    assert post("placement", {"objects": shop.names()}, client=client).status_code == 200


def test_a_row_of_the_chairs_table_is_needed(shop: Any) -> None:
    assert Chair.objects.count() == len(shop.names())
