"""What is photographed for the docs: each page of the demo, and its states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

ADMIN = "/admin/shop_style/"
Action = Callable[[Any], None]


@dataclass(frozen=True, kw_only=True)
class Screen:
    """One page in one state.

    name: of its files. title: of what it shows. path: of the demo's server. act: brings the open
    page into its state. theme: light or dark. height: of the picture at most, in CSS pixels.
    """

    name: str
    title: str
    path: str
    act: Action | None = None
    theme: str = "light"
    height: int = 1600


def screens() -> Iterator[Screen]:
    """Every screen, of the rows of `make demo`. Raises LookupError where one is missing."""
    yield from _storefront()
    yield from _merchandiser()
    yield from _analyst()


def _storefront() -> Iterator[Screen]:
    for look, title in (("original", "Listing, originals"), ("grade", "Listing, styled")):
        yield Screen(name=f"shop-{look}", title=title, path=f"/?look={look}")
    yield Screen(name="shop-dark", title="Listing, dark theme", path="/", theme="dark")
    yield Screen(
        name="product", title="Product page with its gallery", path="/product/harbour-mug/"
    )


def _merchandiser() -> Iterator[Screen]:
    yield Screen(name="overview", title="Overview", path=f"{ADMIN}overview/")
    yield Screen(
        name="overview-dark", title="Overview, dark", path=f"{ADMIN}overview/", theme="dark"
    )
    yield from _host()
    yield from _review()
    yield from _styles()


def _host() -> Iterator[Screen]:
    from shop_style.demo.models import Product

    product = _first(Product.objects.filter(slug="harbour-mug"))
    yield Screen(
        name="generate",
        title="Asking for variants from the shop's own list",
        path="/admin/demo/product/",
        act=_ask_for_variants,
    )
    yield Screen(
        name="product-admin",
        title="A product of the shop, with its variants",
        path=f"/admin/demo/product/{product.pk}/change/",
    )


def _review() -> Iterator[Screen]:
    from django.contrib import admin

    from shop_style.admin.studio_links import studio_address
    from shop_style.models import StyleVariant

    failed = _first(StyleVariant.objects.filter(passed=False).order_by("pk"))
    board = f"{ADMIN}reviewboard/?review=all"
    yield Screen(name="review", title="The review board", path=board)
    yield Screen(name="review-slider", title="Compared by a slider", path=board, act=_slide)
    yield Screen(name="review-dark", title="The review board, dark", path=board, theme="dark")
    yield Screen(
        name="studio",
        title="The studio of one picture",
        path=studio_address(
            admin.site, failed.content_type.model_class(), failed.object_id, failed.field
        ),
    )
    variants = f"{ADMIN}stylevariant/"
    yield Screen(name="variants", title="Every variant, as a list", path=variants)
    page = f"{variants}{failed.pk}/change/"
    yield Screen(name="variant-failed", title="A variant that failed, and where", path=page)
    yield Screen(name="variant-dark", title="The same, dark", path=page, theme="dark")
    passed = _first(StyleVariant.objects.filter(passed=True).order_by("pk"))
    yield Screen(
        name="variant-passed", title="A variant that passed", path=f"{variants}{passed.pk}/change/"
    )


def _styles() -> Iterator[Screen]:
    from shop_style.models import Style

    yield Screen(name="styles", title="Styles", path=f"{ADMIN}style/")
    for slug in ("grade", "painterly"):
        row = _first(Style.objects.filter(slug=slug))
        page = f"{ADMIN}style/{row.pk}/change/"
        yield Screen(name=f"style-{slug}", title=f"A style: {row.name}", path=page, height=2400)


def _analyst() -> Iterator[Screen]:
    from shop_style.models import Experiment

    experiment = _first(Experiment.objects.filter(slug="golden-hour"))
    page = f"/admin/shop_style/experiment/{experiment.pk}/"
    yield Screen(name="experiments", title="Experiments", path="/admin/shop_style/experiment/")
    yield Screen(name="experiment", title="An experiment that runs", path=f"{page}change/")
    yield Screen(name="plan", title="The planner", path=f"{page}plan/")
    yield Screen(
        name="ship", title="Before it ends: what changes", path=f"{page}change/", act=_ask_to_ship
    )
    yield Screen(name="report", title="Its report", path=f"{page}report/", height=2400)
    yield Screen(
        name="report-dark", title="The report, dark theme", path=f"{page}report/", theme="dark"
    )


def _ask_for_variants(page: Any) -> None:
    page.check("#action-toggle")
    page.select_option("select[name=action]", "generate_style_variants")
    page.click("button[name=index]")
    page.wait_for_selector(".ss-generate")


def _slide(page: Any) -> None:
    page.locator("[name=ss-way][value=slider]").check(force=True)


def _ask_to_ship(page: Any) -> None:
    page.locator("button[name=ship]:not([value=''])").first.click()
    page.wait_for_selector(".ss-yes")


def _first(rows: Any) -> Any:
    row = rows.first()
    if row is None:
        raise LookupError(f"the demo has no such {rows.model._meta.verbose_name}: run `make demo`")
    return row
