"""Pages that no link leads to: other states of a page, what a form posts to, previews of an arm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from shop_style.experiments.preview import preview_link
from shop_style.models import StyleVariant
from tests.browser.furnished import Furnished

_OURS = "/admin/shop_style/"
_PRODUCTS = "/admin/demo/product/"
_VARIANTS = f"{_OURS}stylevariant/"
_ASKS = "body.delete-confirmation"
# As a person's form does: with the page's own token, to where the page would lead.
_POST = """([address, fields]) => {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = address;
  const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
  for (const [name, value] of [...fields, ['csrfmiddlewaretoken', token]]) {
    const input = document.createElement('input');
    input.type = 'hidden'; input.name = name; input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}"""


@dataclass(frozen=True, kw_only=True)
class State:
    """A page as it is at an address. fields: what is posted to it; none for a link.

    page: where the form stands. holds: a selector that is met in this state alone.
    """

    path: str
    holds: str
    page: str = ""
    fields: Sequence[tuple[str, str]] = ()

    def open_in(self, page: Any, server: str) -> None:
        """Go there; AssertionError where it is another page than was meant."""
        page.goto(server + (self.page or self.path))
        if self.fields:
            with page.expect_navigation():
                page.evaluate(_POST, [self.path, list(self.fields)])
        assert page.locator(self.holds).count(), f"{self}: {page.url} holds none"

    def __str__(self) -> str:
        return " ".join([self.path, *(f"{name}={value}" for name, value in self.fields)])


def states(shop: Furnished) -> Iterator[State]:
    """All of them, of the furnished shop."""
    yield from _rows(shop)
    yield from _boards(shop)
    yield from _bulk(shop)
    yield from _steps(shop)
    yield from _mistakes(shop)
    for arm in shop.experiment.arms.all():
        yield State(path=preview_link(arm, "/"), holds=".card")
        yield State(path=preview_link(arm, "/product/harbour-mug/"), holds=".stage")


def _rows(shop: Furnished) -> Iterator[State]:
    for row, holds in (
        (shop.brand, ".ss-ref"),
        (shop.style, "[data-kind=preview] progress"),
        (shop.draft, ".ss-checklist .ss-unmet"),
        (shop.ready, ".ss-checklist .ss-met"),
        (shop.baseline, ".ss-course"),
        (shop.experiment, ".ss-finish"),
        (shop.guide, "[data-boxes]"),
        *((job, "#content-main") for job in shop.jobs),
    ):
        yield State(path=f"{_OURS}{row._meta.model_name}/{row.pk}/change/", holds=holds)
    for page in ("report", "plan", "weights"):
        yield State(path=f"{_OURS}experiment/{shop.baseline.pk}/{page}/", holds="#content h1")
    yield State(path=f"{_OURS}experiment/{shop.experiment.pk}/weights/", holds="#content h1")
    for style in (shop.style, shop.brand):
        yield State(path=f"{_OURS}style/{style.pk}/retire/", holds=".ss-confirm")


def _boards(shop: Furnished) -> Iterator[State]:
    failed = StyleVariant.objects.filter(passed=False).order_by("-pk")[0]
    yield State(
        path=f"{_OURS}reviewboard/?review=all&at={failed.pk}", holds="[data-passed=no] #ss-reason"
    )
    yield State(path=f"{_OURS}reviewboard/?q=nothing+of+this+name", holds=".ss-nothing")
    waiting = StyleVariant.objects.get(status="pending")
    for variant in (failed, waiting):
        picture = f"demo.ProductImage.image:{variant.object_id}"
        yield State(path=f"{_OURS}reviewboard/studio/?picture={picture}", holds="[data-request]")


def _bulk(shop: Furnished) -> Iterator[State]:
    products = [
        ("_selected_action", str(image.product_id)) for image in shop.images if image.position == 0
    ]
    variants = [("_selected_action", str(row.pk)) for row in StyleVariant.objects.all()]
    styles = [("styles", str(shop.style.pk)), ("count", "1")]
    for action, more, holds in (
        ("generate_style_variants", [], ".ss-generate"),
        ("generate_style_variants", styles, ".ss-generate :checked"),
        ("approve_style_variants", [], _ASKS),
        ("withdraw_style_variants", [], _ASKS),
    ):
        fields = [("action", action), *products, *more]
        yield State(path=_PRODUCTS, page=_PRODUCTS, fields=fields, holds=holds)
    for action in ("reject_selected", "withdraw_selected", "delete_selected"):
        fields = [("action", action), *variants]
        yield State(path=_VARIANTS, page=_VARIANTS, fields=fields, holds=_ASKS)


def _steps(shop: Furnished) -> Iterator[State]:
    for experiment, fields in (
        (shop.ready, [("step", "start")]),
        (shop.experiment, [("step", "pause"), ("reason", "stock")]),
        (shop.experiment, [("step", "finish"), ("ship", "grade")]),
        (shop.experiment, [("step", "finish"), ("ship", "")]),
    ):
        page = f"{_OURS}experiment/{experiment.pk}/"
        yield State(path=f"{page}step/", page=f"{page}change/", fields=fields, holds=_ASKS)


def _mistakes(shop: Furnished) -> Iterator[State]:
    empty = [("name", ""), ("_save", "1")]
    for name in ("experiment", "style"):
        path = f"{_OURS}{name}/add/"
        yield State(path=path, page=path, fields=empty, holds=".errornote, .errorlist")
    path = f"{_OURS}style/{shop.brand.pk}/retire/"
    yield State(path=path, page=path, fields=[("reason", "x" * 600)], holds=".errorlist")
