"""Every page of ours, as axe-core and a small screen see it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.audit import need_axe, overflow, violations
from tests.browser.crawl import crawl
from tests.browser.furnished import Furnished, furnish
from tests.browser.session import staff_cookie

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.browser.urls")]

ADMIN = "/admin/shop_style/"
STOREFRONT = "/"
OURS = ("/admin/shop_style/", "/admin/demo/", "/product/")
HOSTS = "/admin/demo/"
PANELS = ".field-style_variants_panel, .field-picture_guides_panel"
MOST_MISSED = 20
"""Fewer pages than this were found, and links must be broken."""
VIEWS = ((390, 844, "light"), (390, 844, "dark"), (1280, 800, "dark"), (1920, 1080, "light"))


@pytest.fixture
def shop() -> Furnished:
    return furnish()


@pytest.fixture
def staff_page(open_page: Any, live_server: Any, shop: Furnished) -> Any:
    """A page of the superuser's browser."""
    page = open_page("/admin/login/", reduced_motion="reduce")
    page.context.add_cookies([staff_cookie(live_server.url, shop.actor)])
    return page


@pytest.mark.slow
def test_every_page_meets_wcag_in_every_width_and_theme(staff_page: Any, live_server: Any) -> None:
    need_axe()
    problems: dict[str, set[str]] = {}
    messages = heard(staff_page)
    starts = (STOREFRONT, ADMIN, "/admin/demo/product/")
    for path in crawl(staff_page, live_server.url, starts, inside=OURS):
        part = PANELS if path.startswith(HOSTS) else ""
        found = {line for view in VIEWS for line in seen_in(staff_page, view, part)}
        found |= {f"console: {message}" for message in messages}
        messages.clear()
        problems[path] = found
    assert len(problems) > MOST_MISSED
    text = "\n".join(
        f"{path}: {line}" for path, lines in problems.items() for line in sorted(lines)
    )
    assert not text, text


def seen_in(page: Any, view: tuple[int, int, str], part: str) -> list[str]:
    """What is wrong with the open page in a window of this size and theme."""
    width, height, theme = view
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    found = [f"{theme} {width}: {line}" for line in violations(page, part)]
    if not part and (wide := overflow(page)):
        found.append(f"{width}: the page is {wide} px wide")
    return found


def heard(page: Any) -> list[str]:
    """A list that fills with the console's errors and with answers that are errors."""
    messages: list[str] = []

    def hear(message: Any) -> None:
        address = message.location.get("url", "")
        # Django's own login page, the first that is open, has no icon.
        if message.type == "error" and not address.endswith("/favicon.ico"):
            messages.append(f"{message.text} ({address})")

    page.on("console", hear)
    page.on("pageerror", lambda error: messages.append(str(error)))
    return messages
