"""A review from the admin's index to the next variant, by a keyboard alone."""

from __future__ import annotations

from typing import Any

import pytest

from shop_style.models import AuditEntry, StyleVariant
from tests.browser.board import four_that_wait, reviews, signed_in, soon, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.admin.urls")]

FARTHEST = 80
FOCUS = """(selector) => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    there: element.matches(selector),
    visible: element.matches(':focus-visible') && style.outlineStyle !== 'none'
      && parseFloat(style.outlineWidth) >= 1 && box.width > 0 && box.height > 0,
    inside: box.bottom > 0 && box.top < innerHeight,
    html: element.outerHTML.slice(0, 200),
  };
}"""


class Keyboard:
    """A person without a pointer: presses keys, and has to see where they are at each stop."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def go(self, selector: str, key: str = "Tab") -> None:
        """Press the key until the element has the focus, which must be seen."""
        for _step in range(FARTHEST):
            self.page.keyboard.press(key)
            at = self.page.evaluate(FOCUS, selector)
            if at["there"]:
                assert at["visible"] and at["inside"], at
                return
        raise AssertionError(f"{selector} is not reached in {FARTHEST} steps")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)


@pytest.mark.slow
def test_a_review_from_the_index_to_the_next_variant(
    open_page: Any, live_server: Any, make_chair: Any, make_style: Any, publish_variant: Any
) -> None:
    variants = four_that_wait(make_chair, make_style(), publish_variant)
    failed = variants[2]
    page = signed_in(open_page, live_server.url, "/admin/")
    keyboard = Keyboard(page)
    keyboard.go("a[href$='/reviewboard/']")
    keyboard.press("Enter")
    page.wait_for_selector(".ss-view")
    # The filters: those that failed their gate.
    keyboard.go(".ss-filters > summary")
    keyboard.press("Enter")
    keyboard.go("[name=verdict]")
    keyboard.press("f")
    keyboard.go(".ss-filter-form button")
    keyboard.press("Enter")
    wait_for(page, failed)
    assert "verdict=failed" in page.url and page.locator("[data-tiles] > li").count() == 1
    # Compare: another layer, the slider, and its handle.
    keyboard.go("[name='ss-layer']")
    keyboard.press("ArrowRight")
    assert page.locator("[name='ss-layer']:checked").get_attribute("value") != "none"
    keyboard.go("[name='ss-way']")
    keyboard.press("ArrowRight")
    keyboard.go("[data-cut]")
    before = page.input_value("[data-cut]")
    keyboard.press("ArrowRight")
    assert page.input_value("[data-cut]") != before
    # Approve: the key asks for a reason, Enter takes the decision.
    keyboard.press("a")
    assert page.evaluate(FOCUS, "#ss-reason")["visible"]
    page.keyboard.type("a client loves red")
    keyboard.press("Enter")
    soon(lambda: reviews([failed]) == ["approved"])
    assert AuditEntry.objects.get(target_id=str(failed.pk)).reason == "a client loves red"
    page.wait_for_selector("[data-save][data-kind=saved]")
    # Undo by its button, all of them again, and on to the next.
    keyboard.go("[data-undo] button", "Shift+Tab")
    keyboard.press("Enter")
    soon(lambda: reviews([failed]) == ["unreviewed"])
    page.wait_for_selector("[data-save][data-kind=saved]")
    wait_for(page, failed)
    keyboard.go(".ss-filters > summary")
    keyboard.press("Enter")
    keyboard.go(".ss-filter-form a")
    keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('[data-variant]').length === 4")
    # In the order of their products, whose keys are drawn.
    second, third = (in_order(page, variants)[place] for place in (1, 2))
    keyboard.go("[data-move='1']")
    keyboard.press("Enter")
    wait_for(page, second)
    keyboard.go(".ss-step-reject")
    keyboard.press("Enter")
    wait_for(page, third)
    soon(lambda: reviews([second, third]) == ["rejected", "unreviewed"])
    assert page.problems == []


def in_order(page: Any, variants: list[StyleVariant]) -> list[StyleVariant]:
    """As the board's tiles are."""
    found = {str(row.pk): row for row in variants}
    return [
        found[tile.get_attribute("data-variant")] for tile in page.locator("[data-variant]").all()
    ]
