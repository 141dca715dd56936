"""Template tags: whatever a template hands over, a page comes up."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from django.utils.functional import SimpleLazyObject

from shop_style.experiments.rendering import control_rendering, variant_rendering
from shop_style.experiments.shown import Shown
from shop_style.experiments.snapshot import forget_snapshot
from shop_style.experiments.tally import tally
from shop_style.experiments.tokens import read_token
from shop_style.models import DailyTally, StyleVariant
from shop_style.sources import source_image

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.experiments.storefront")]


@pytest.fixture
def shop(make_shop: Any) -> Any:
    return make_shop()


def token_of(html: str) -> str:
    match = re.search(r'data-token="([^"]+)"', html)
    return match[1] if match else ""


def test_a_template_without_a_request_shows_what_is_published(shop: Any) -> None:
    template = Template("{% load shop_style %}{% styled_picture chair disclose=False %}")
    html = template.render(Context({"chair": shop.chairs[0]}))
    assert "image/webp" in html and "AI-styled" not in html
    shop.start()
    forget_snapshot()
    html = template.render(Context({"chair": shop.chairs[0]}))
    assert shop.chairs[0].photo.url in html and "image/webp" not in html


def test_text_of_people_is_escaped(shop: Any) -> None:
    chair = shop.chairs[0]
    chair.name = '"><script>alert(1)</script>'
    template = Template("{% load shop_style %}{% styled_picture chair %}")
    assert "<script>" not in template.render(Context({"chair": chair}))


def test_a_row_without_a_picture_says_so() -> None:
    from tests.shop.models import Poster

    poster = Poster.objects.create()
    template = Template("{% load shop_style %}{% styled_picture poster %}{% styled_picture none %}")
    html = template.render(Context({"poster": poster, "none": None}))
    assert html.count("No picture") == 2


def test_lazy_rows_and_what_is_no_request_do_not_keep_a_page_from_coming_up(shop: Any) -> None:
    def broken() -> Any:
        raise RuntimeError("the host's own fault")

    template = Template(
        "{% load shop_style %}{% styled_pictures chairs eager=no_such_variable %}"
        "{% for chair in chairs %}{% styled_picture chair disclose=False %}{% endfor %}"
        "{% styled_script %}"
    )
    chair = shop.chairs[0]
    chairs = [SimpleLazyObject(lambda: chair), SimpleLazyObject(broken)]
    for request in ("RFQ 17", {"number": 17}, 0):
        html = template.render(Context({"chairs": chairs, "request": request}))
        assert html.count("image/webp") == 1 and html.count("No picture") == 1


def test_the_same_picture_twice_is_one_tile(browser: Any, shop: Any, rf: Any) -> None:
    from shop_style.experiments.page import Page
    from tests.conftest import BROWSER

    shop.start()
    request = rf.get("/", headers={"user-agent": BROWSER})
    Page.of(request).keeps_visitor = True
    template = Template(
        "{% load shop_style %}{% styled_picture c placement='listing' %}"
        "{% styled_picture c placement='listing' %}{% styled_script %}"
    )
    html = template.render(Context({"c": shop.chairs[0], "request": request}))
    assert html.count('data-shop-style="0"') == 2 and 'data-shop-style="1"' not in html


def rendered(source: str, **values: Any) -> str:
    return Template("{% load shop_style %}" + source).render(Context(values))


def test_a_product_is_shown_by_the_first_of_its_pictures(
    make_style: Any, publish_variant: Any, picture: Any
) -> None:
    from django.core.files.base import ContentFile

    from tests.shop.models import Lamp, Shot

    style = make_style()
    lamps = [Lamp.objects.create(name=f"Lamp {number}") for number in range(3)]
    for lamp in lamps[:2]:
        shots = [
            Shot.objects.create(lamp=lamp, picture=ContentFile(picture(), name="s.jpg"))
            for _ in range(2)
        ]
        publish_variant(shots[0], style)
    html = rendered(
        "{% styled_pictures lamps %}{% for lamp in lamps %}{% styled_picture lamp %}{% endfor %}",
        lamps=lamps,
    )
    assert html.count("image/webp") == 2 and html.count("No picture") == 1


def test_odd_objects_keep_a_page_from_nothing(shop: Any) -> None:
    html = rendered(
        "{% styled_pictures none %}{% styled_pictures list %}"
        "{% for item in list %}{% styled_picture item %}{% endfor %}{% styled_script %}",
        none=None,
        list=[None, "a string", 7, object(), shop.style, shop.chairs[0]],
    )
    assert html.count("No picture") == 5 and html.count("image/webp") == 1


def test_two_rows_that_are_not_saved_are_not_mixed_up() -> None:
    from tests.shop.models import Poster

    one, other = Poster(artwork="one.jpg"), Poster(artwork="other.jpg")
    html = rendered("{% styled_picture one %}{% styled_picture other %}", one=one, other=other)
    assert "one.jpg" in html and "other.jpg" in html


def test_a_template_without_a_request_is_given_none(shop: Any) -> None:
    """A mail's own `{% if request %}` must stay false."""
    shop.start()
    html = rendered(
        "{% styled_pictures c %}{% if request %}{{ request.build_absolute_uri }}{% endif %}ok",
        c=shop.chairs,
    )
    assert html.strip() == "ok"
    tally.write()
    assert not DailyTally.objects.exists()


def test_a_picture_by_its_row_its_file_and_its_product_is_one_tile(
    browser: Any, shop: Any, rf: Any
) -> None:
    from shop_style.experiments.page import Page
    from tests.conftest import BROWSER

    shop.start()
    request = rf.get("/", headers={"user-agent": BROWSER})
    Page.of(request).keeps_visitor = True
    source = (
        "{% load shop_style %}{% styled_pictures chairs placement='listing' %}"
        "{% for c in chairs %}{% styled_picture c.photo %}{% styled_picture c %}{% endfor %}"
        "{% styled_script %}"
    )
    context = Context({"chairs": shop.chairs, "request": request})
    with CaptureQueriesContext(connection) as queries:
        html = Template(source).render(context)
    assert len([q for q in queries if "SAVEPOINT" not in q["sql"]]) <= 4
    assert html.count("data-shop-style=") == 8
    (exposure,) = read_token(token_of(html), hours=1).exposures
    assert sorted(exposure.products) == [0, 1, 2, 3]


def test_products_without_a_picture_are_looked_for_once(make_style: Any) -> None:
    from tests.shop.models import Lamp

    counts = []
    for number in (2, 12):
        lamps = [Lamp.objects.create() for _ in range(number)]
        with CaptureQueriesContext(connection) as queries:
            html = rendered(
                "{% styled_pictures x %}{% for i in x %}{% styled_picture i %}{% endfor %}", x=lamps
            )
        assert html.count("No picture") == number
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_row_in_the_place_of_a_list_is_a_list_of_one(shop: Any) -> None:
    html = rendered("{% styled_pictures c %}{% styled_picture c %}", c=shop.chairs[0])
    assert "image/webp" in html


def test_the_first_tiles_load_at_once_and_the_very_first_before_others(shop: Any) -> None:
    source = (
        '{% styled_pictures x placement="listing" eager=2 %}'
        "{% for i in x %}{% styled_picture i %}{% endfor %}"
    )
    html = rendered(source, x=shop.chairs)
    assert re.findall(r'loading="(\w+)"(?: fetchpriority="(\w+)")?', html) == [
        ("eager", "high"),
        ("eager", ""),
        ("lazy", ""),
        ("lazy", ""),
    ]
    html = rendered('{% styled_picture x loading="eager" fetchpriority="low" %}', x=shop.chairs[0])
    assert 'loading="eager" fetchpriority="low"' in html


def test_avif_comes_before_webp_before_jpeg_for_either_arm(shop: Any) -> None:
    variant = StyleVariant.objects.get(object_id=str(shop.chairs[0].pk))
    listed = [*variant.renditions, {**variant.renditions[0], "format": "avif", "name": "v.avif"}]
    variant.renditions = variant.original_renditions = listed
    picture = source_image(shop.chairs[0])
    for found in (
        variant_rendering(picture, variant),
        control_rendering(picture, Shown.of(variant)),
    ):
        kinds = [kind for kind, _srcset in found.sources]
        assert kinds == ["image/avif", "image/webp", "image/jpeg"]
        assert "jpeg" in found.src or found.src.endswith(".jpg")


def test_the_script_is_below_three_kilobytes() -> None:
    """As a web server sends it, gzipped; it needs nothing else."""
    text = Path(str(finders.find("shop_style/track.js"))).read_bytes()
    assert len(gzip.compress(text, 9)) < 3000
    assert b"import " not in text and b"http" not in text
