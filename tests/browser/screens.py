"""What is photographed for the docs: each page of the demo, and its states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

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
    from shop_style.demo.models import Product
    from shop_style.models import Style

    product = _first(Product.objects.filter(slug="harbour-mug"))
    style, painted = _first(Style.objects.filter(slug="grade")), Style.objects.get(slug="painterly")
    variants = "/admin/shop_style/stylevariant/"
    yield Screen(name="admin", title="The plugin in the admin", path="/admin/shop_style/")
    yield Screen(name="variants", title="Every variant, as a list", path=variants)
    passed, failed = _variant(passed=True), _variant(passed=False)
    yield Screen(
        name="variant-passed", title="A variant that passed", path=f"{variants}{passed}/change/"
    )
    yield Screen(
        name="variant-failed",
        title="A variant that failed, with the worst spot shown",
        path=f"{variants}{failed}/change/",
    )
    yield Screen(
        name="variant-dark",
        title="The same in the dark theme",
        path=f"{variants}{failed}/change/",
        theme="dark",
    )
    yield Screen(
        name="product-admin",
        title="A product of the host, with its variants",
        path=f"/admin/demo/product/{product.pk}/change/",
    )
    for name, row in (("style-grade", style), ("style-network", painted)):
        title = f"A style: {row.name}"
        yield Screen(name=name, title=title, path=f"/admin/shop_style/style/{row.pk}/change/")


def _analyst() -> Iterator[Screen]:
    from shop_style.models import Experiment

    experiment = _first(Experiment.objects.filter(slug="golden-hour"))
    page = f"/admin/shop_style/experiment/{experiment.pk}/"
    yield Screen(name="experiments", title="Experiments", path="/admin/shop_style/experiment/")
    yield Screen(name="experiment", title="An experiment that runs", path=f"{page}change/")
    yield Screen(name="plan", title="The planner", path=f"{page}plan/")
    yield Screen(name="report", title="Its report", path=f"{page}report/", height=2400)
    yield Screen(
        name="report-dark", title="The report, dark theme", path=f"{page}report/", theme="dark"
    )


def _variant(*, passed: bool) -> Any:
    from shop_style.models import StyleVariant

    return _first(StyleVariant.objects.filter(passed=passed).order_by("pk")).pk


def _first(rows: Any) -> Any:
    row = rows.first()
    if row is None:
        raise LookupError(f"the demo has no such {rows.model._meta.verbose_name}: run `make demo`")
    return row
