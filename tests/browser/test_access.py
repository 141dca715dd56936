"""Every page of ours, as axe-core and a small screen see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.browser.audit import moving, nameless_drawings, need_axe, overflow, violations
from tests.browser.crawl import crawl
from tests.browser.furnished import Furnished, furnish
from tests.browser.session import staff_cookie
from tests.browser.states import states

pytestmark = [
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.urls("tests.browser.urls"),
]

ADMIN = "/admin/shop_style/"
STOREFRONT = "/"
OURS = ("/admin/shop_style/", "/admin/demo/", "/product/")
HOSTS = "/admin/demo/"
OUR_CONTENT = "#content, body:not(:has(#content))"
OWN_PAGE = ".ss-generate, .ss-confirm"
PANELS = ".field-style_variants_panel, .field-picture_guides_panel"
MOST_MISSED = 20
"""Fewer pages than this were found, and links must be broken."""
STATES = ((390, 844, "dark"), (1280, 800, "light"))
CHINESE = ("/", f"{ADMIN}overview/", f"{ADMIN}reviewboard/?review=all")
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
def test_every_page_meets_wcag_in_every_width_and_theme(
    staff_page: Any, live_server: Any, shop: Furnished
) -> None:
    need_axe()
    problems: dict[str, set[str]] = {}
    messages = heard(staff_page)
    starts = (STOREFRONT, ADMIN, "/admin/demo/product/")
    for path in crawl(staff_page, live_server.url, starts, inside=OURS):
        problems[path] = wrong_with(staff_page, path, VIEWS, messages)
    assert len(problems) > MOST_MISSED
    for state in states(shop):
        state.open_in(staff_page, live_server.url)
        problems[str(state)] = wrong_with(staff_page, state.path, STATES, messages)
    cookie = {"name": "django_language", "value": "zh-hans", "url": live_server.url}
    staff_page.context.add_cookies([cookie])
    for path in (*CHINESE, f"{ADMIN}experiment/{shop.experiment.pk}/report/"):
        staff_page.goto(live_server.url + path)
        assert staff_page.get_attribute("html", "lang") == "zh-hans"
        problems[f"zh-hans {path}"] = wrong_with(staff_page, path, STATES, messages)
    assert not told(problems), told(problems)


@pytest.mark.slow
def test_the_audit_itself_sees_what_moves_and_what_has_no_name(open_page: Any) -> None:
    page = open_page(reduced_motion="reduce")
    page.set_content(
        "<style>i { transition: scale 1s } s { transition: color 1s } b { animation: spin 1s }"
        "@keyframes spin {}</style><i>grows</i> <s>reddens</s> <b>spins</b>"
        "<svg aria-hidden=true><g /></svg><svg role=img><g /></svg>"
        "<svg role=img aria-label='Clicks a day'><svg><g /></svg></svg>"
    )
    assert moving(page) == ["i.: transition of scale", "b.: spin"]
    assert nameless_drawings(page) == ['<svg role="img"><g></g></svg>']


def wrong_with(
    page: Any, path: str, views: Sequence[tuple[int, int, str]], messages: list[str]
) -> set[str]:
    """What is wrong with the open page in each view, and what its console has said."""
    part = PANELS if path.startswith(HOSTS) and not page.locator(OWN_PAGE).count() else ""
    found = {line for view in views for line in seen_in(page, view, part)}
    found |= {f"moves: {line}" for line in moving(page, part or OUR_CONTENT)}
    if not part:
        found |= {f"drawing without a name: {line}" for line in nameless_drawings(page)}
    found |= {f"console: {message}" for message in messages}
    messages.clear()
    return found


def told(problems: Mapping[str, set[str]]) -> str:
    """A line for each problem."""
    return "\n".join(
        f"{path}: {line}" for path, lines in problems.items() for line in sorted(lines)
    )


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
