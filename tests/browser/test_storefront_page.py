"""The demo's list and product pages in a real browser: light, still, silent, whole without JS."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.base import ContentFile

from shop_style.demo.models import Product, ProductImage
from shop_style.experiments import lifecycle
from shop_style.experiments.preview import preview_link
from shop_style.experiments.snapshot import forget_snapshot
from shop_style.models import Arm, Experiment, StyleVariant

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.browser.demo_shop"),
    pytest.mark.slow,
]
NUMBER = 24
SHIFT = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})"""
WEIGHT = """() => performance.getEntriesByType("resource")
  .filter(entry => entry.initiatorType !== "img")
  .concat(performance.getEntriesByType("navigation"))
  .reduce((sum, entry) => sum + entry.transferSize, 0)"""


@pytest.fixture
def shop(picture: Any, make_style: Any, publish_variant: Any) -> Experiment:
    """Twenty-four products in a running experiment; the first has two pictures."""
    style = make_style()
    kinds, colours = Product.Category.values, Product.Colour.values
    for index in range(NUMBER):
        product = Product.objects.create(
            name=f"Product {index}",
            slug=f"product-{index}",
            price=10 + 5 * index,
            category=kinds[index % 3],
            colour=colours[index % 6],
        )
        for position in range(2 if index == 0 else 1):
            data = ContentFile(picture(), name=f"{index}-{position}.jpg")
            image = ProductImage.objects.create(
                product=product, image=data, alt=f"Picture {index}", position=position
            )
            variant = publish_variant(image, style)
            StyleVariant.objects.filter(pk=variant.pk).update(
                original_renditions=variant.renditions
            )
    experiment = Experiment.objects.create(
        slug="looks", name="Looks", placement="listing", planned_visitors=100
    )
    Arm.objects.create(experiment=experiment, slug="originals", weight=0.5)
    Arm.objects.create(experiment=experiment, slug="warm", style=style, weight=0.5, position=1)
    lifecycle.start(experiment, actor="ada")
    forget_snapshot()
    return experiment


def in_both_arms(open_page: Any, **options: Any) -> dict[bool, Any]:
    """A page of a visitor in each arm, by whether it is styled."""
    found: dict[bool, Any] = {}
    for _ in range(40):
        page = open_page(**options)
        styled = page.locator(".shop-style-disclosure").count() > 0
        if styled in found:
            page.context.close()
        else:
            found[styled] = page
        if len(found) == 2:
            return found
    raise AssertionError("forty visitors, and all in one arm")


def listen(page: Any) -> list[str]:
    """What the console complains of from the next load on."""
    heard: list[str] = []
    page.on("console", lambda m: heard.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


@pytest.mark.parametrize("width", [390, 1280])
def test_the_list_is_light_still_and_silent_in_both_arms(
    shop: Experiment, open_page: Any, width: int
) -> None:
    size = {"width": width, "height": 800}
    for styled, page in in_both_arms(open_page, viewport=size).items():
        heard = listen(page)
        page.reload()
        for _ in range(8):  # all the way down: what loads lazily must not push
            page.mouse.wheel(0, 900)
            page.wait_for_timeout(60)
        page.wait_for_function("[...document.images].every(image => image.complete)")
        assert page.evaluate(SHIFT) == 0
        weight = page.evaluate(WEIGHT)
        assert 0 < weight < 100_000, f"{weight} bytes, styled: {styled}"
        assert heard == [] and page.problems == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.locator("img").count() == NUMBER
        loading = page.locator("img").evaluate_all("all => all.map(one => one.loading)")
        assert loading == ["eager"] * 4 + ["lazy"] * (NUMBER - 4)
        urgent = page.locator("img[fetchpriority=high]")
        assert urgent.count() == 1 and urgent.get_attribute("alt") == "Picture 0"


def test_without_a_script_one_finds_and_opens_a_product(shop: Experiment, open_page: Any) -> None:
    page = open_page(java_script_enabled=False)
    page.get_by_label("Category").select_option("home")
    page.get_by_label("Price", exact=True).select_option("25-75")
    page.get_by_label("Sort by").select_option("-price")
    page.get_by_role("button", name="Show", exact=True).click()
    names = page.locator(".card .name").all_text_contents()
    assert names == ["Product 10", "Product 7", "Product 4"]
    page.get_by_role("link", name="Product 7").click()
    assert page.locator("h1").inner_text() == "Product 7"
    page.go_back()
    page.get_by_role("link", name="Show all").click()
    assert page.locator(".card").count() == NUMBER


def test_a_gallery_goes_to_each_picture_and_is_as_still(shop: Experiment, open_page: Any) -> None:
    page = open_page("/product/product-0/", viewport={"width": 1280, "height": 800})
    heard = listen(page)
    page.reload()
    page.wait_for_timeout(200)
    assert page.evaluate(SHIFT) == 0
    assert page.locator(".stage > li").count() == 2
    page.locator(".thumbs a").nth(1).click()
    page.wait_for_function("document.querySelector('.stage').scrollLeft > 100")
    assert heard == []


def test_staff_switch_arms_by_the_bar_and_count_for_nothing(
    shop: Experiment, open_page: Any, live_server: Any, admin_client: Any
) -> None:
    page = open_page()
    assert page.locator(".bar").get_by_text("See as a visitor of").count() == 0
    session = admin_client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page.reload()
    page.locator(".bar summary").click()
    page.locator(".bar").get_by_role("link", name="Warm").first.click()
    assert page.locator(".shop-style-disclosure").count() == NUMBER
    assert page.locator("picture[data-shop-style]").count() == 0
    assert "Preview: Warm" in page.locator(".bar summary").inner_text()
    page.locator(".card a").first.click()  # the preview goes along
    assert "shop_style_arm=" in page.url
    assert page.locator(".shop-style-disclosure").count() >= 2
    page.goto(live_server.url + preview_link(shop.arms.get(slug="originals"), "/"))
    assert page.locator(".shop-style-disclosure").count() == 0
    page.locator(".bar summary").click()
    page.get_by_role("link", name="Leave the preview").click()
    assert "shop_style_arm" not in page.url
