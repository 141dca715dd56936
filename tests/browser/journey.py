"""A look's way through a shop in a browser, from the request to the report."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connections

from shop_style.experiments.rollup import rollup
from shop_style.experiments.snapshot import forget_snapshot
from shop_style.generation.worker import Worker
from shop_style.models import Event, Experiment, Kind, StyleVariant

ACTION = "generate_style_variants"
_SHOPPERS = 40
_PICTURE = "[data-shop-style]"
# The arm with the originals gets them in the same formats and widths.
_STYLED = f"{_PICTURE} source:not([srcset*='/original-'])"


@dataclass(kw_only=True)
class Journey:
    """The steps, each of which asserts what the person sees.

    staff: the merchandiser's page, logged in. server: its address. products: path of the host's
    own list in the admin. listing: path of the shop's list. open_shopper: a new person's browser
    at a path. style: name of the style to ask for.
    """

    staff: Any
    server: str
    products: str
    listing: str
    style: str
    open_shopper: Callable[[str], Any]
    clicked: dict[bool, int] = field(default_factory=dict)

    def walk(self) -> None:
        """All of it, without an error in the merchandiser's page."""
        self.request()
        self.watch()
        self.compare()
        self.approve()
        experiment = self.start()
        self.visit()
        self.report(experiment)
        assert not self.staff.problems

    def request(self) -> int:
        """Ask for the style of every product of the host's own list; how many wait."""
        self.staff.goto(self.server + self.products)
        self.staff.check("#action-toggle")
        self.staff.select_option("select[name=action]", ACTION)
        self.staff.click("button[name=index]")
        self.staff.get_by_label(self.style, exact=True).check()
        self.staff.click("input[name=confirm]")
        self.staff.wait_for_selector(".messagelist .success")
        waiting = StyleVariant.objects.filter(status="pending").count()
        assert waiting > 0
        return waiting

    def watch(self) -> None:
        """On the first picture's studio the tile fills while the page stays."""
        variant = StyleVariant.objects.order_by("pk").first()
        self.staff.goto(f"{self.server}/admin/shop_style/stylevariant/{variant.pk}/change/")
        self.staff.click("a[href*='reviewboard/studio']")
        tile = self.staff.locator(f"[data-variant='{variant.pk}']")
        assert tile.get_attribute("data-status") == "pending"
        self.staff.evaluate("() => { window.samePage = true; }")
        work()
        self.staff.wait_for_selector(
            f"[data-variant='{variant.pk}'][data-status=ready] img", timeout=20_000
        )
        assert self.staff.evaluate("() => window.samePage"), "the page was loaded anew"

    def compare(self) -> None:
        """The slider uncovers the original; O shows it as long as it is held."""
        self.staff.locator("[data-viewer]").first.click()
        self.staff.wait_for_selector(".ss-evidence img")
        self.staff.locator("[name=ss-way][value=slider]").check(force=True)
        cut = self.staff.locator("[data-cut]")
        cut.focus()
        before = cut.input_value()
        cut.press("ArrowRight")
        assert cut.input_value() != before
        self.staff.keyboard.down("o")
        assert self.staff.locator(".ss-evidence[data-held]").count()
        self.staff.keyboard.up("o")
        assert not self.staff.locator(".ss-evidence[data-held]").count()

    def approve(self) -> None:
        """All of them, by the keyboard alone, on the board; then published from the list."""
        variants = StyleVariant.objects.filter(status="ready")
        self.staff.goto(f"{self.server}/admin/shop_style/reviewboard/")
        for _ in range(variants.count()):
            current = self.staff.locator("article[data-id]").get_attribute("data-id")
            if self.staff.locator("[data-decide][data-passed=no]").count():
                self.staff.fill("#ss-reason", "the client likes it")
                self.staff.locator("#ss-reason").blur()
            self.staff.keyboard.press("a")
            _wait_until(lambda pk=current: _review(pk) == "approved")
            self._wait_for_another(current)
        assert not variants.exclude(review="approved").exists()
        self.staff.goto(f"{self.server}/admin/shop_style/stylevariant/")
        self.staff.check("#action-toggle")
        self.staff.select_option("select[name=action]", "publish_selected")
        self.staff.click("button[name=index]")
        self.staff.click(".ss-yes")
        self.staff.wait_for_selector(".messagelist .success")
        assert variants.filter(published_at=None).count() == 0

    def _wait_for_another(self, shown: str) -> None:
        """Until the board shows what comes next; the last one stays."""
        if StyleVariant.objects.filter(status="ready", review="unreviewed").exists():
            self.staff.wait_for_selector(f"article[data-id]:not([data-id='{shown}'])")

    def start(self) -> Experiment:
        """An experiment made and started by the forms of the admin."""
        style = StyleVariant.objects.first().style
        self.staff.goto(f"{self.server}/admin/shop_style/experiment/add/")
        for name, value in (
            ("name", "Golden listing"),
            ("slug", "golden-listing"),
            ("planned_visitors", "500"),
            ("arms-0-slug", "control"),
            ("arms-1-slug", "styled"),
        ):
            self.staff.fill(f"[name={name}]", value)
        for number in (0, 1):
            self.staff.fill(f"[name=arms-{number}-weight]", "0.5")
            self.staff.fill(f"[name=arms-{number}-position]", str(number))
        self.staff.select_option("[name=arms-1-style]", str(style.pk))
        placement = self.staff.locator("[name=placement]")
        if placement.evaluate("(field) => field.tagName") == "SELECT":
            placement.select_option("listing")
        else:
            placement.fill("listing")
        self.staff.click("input[name=_continue]")
        self.staff.click("button[name=step][value=start]")
        self.staff.click(".ss-yes")
        self.staff.wait_for_selector(".messagelist .success")
        experiment = Experiment.objects.get()
        assert experiment.state == Experiment.State.RUNNING
        forget_snapshot()
        return experiment

    def visit(self) -> None:
        """Shoppers come until each arm has had one, who clicks a product and sees its page."""
        for _ in range(_SHOPPERS):
            page = self.open_shopper(self.listing)
            styled = bool(page.locator(_STYLED).count())
            if styled not in self.clicked:
                page.locator(f"{_PICTURE} img").first.scroll_into_view_if_needed()
                tile = page.locator("[data-shop-style-tile] a").first
                address = tile.get_attribute("href")
                tile.click()
                page.wait_for_url(f"**{address}")
                self.clicked[styled] = 1
            page.context.close()
            if len(self.clicked) == 2:
                break
        assert set(self.clicked) == {True, False}, "forty shoppers, and not one in each arm"
        _wait_until(lambda: Event.objects.filter(kind=Kind.CLICK).count() == 2)
        clicks = Event.objects.filter(kind=Kind.CLICK).values_list("arm__slug", flat=True)
        assert sorted(clicks) == ["control", "styled"]

    def report(self, experiment: Experiment) -> None:
        """The report counts them, in both arms."""
        rollup()
        self.staff.goto(f"{self.server}/admin/shop_style/experiment/{experiment.pk}/report/")
        text = self.staff.inner_text(".ss-report")
        assert "Originals" in text and self.style in text
        shown = Event.objects.filter(kind=Kind.RENDERED).values("visitor").distinct().count()
        assert shown >= 2


def work() -> None:
    """Empty the queue, as a worker beside the web server does."""

    def run() -> None:
        try:
            Worker(once=True).run()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=300)
    assert not thread.is_alive()


def _review(pk: str) -> str:
    return str(StyleVariant.objects.values_list("review", flat=True).get(pk=pk))


def _wait_until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come in time"
        time.sleep(0.05)
