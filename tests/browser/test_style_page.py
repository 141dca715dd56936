"""The page of a style in a real browser: pictures dropped, put in order, a job watched, stopped."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from shop_style.models import Status, Style, StyleJob, StyleReference
from tests.admin.conftest import CARD_2

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "tenant"]),
    pytest.mark.urls("tests.admin.urls"),
]

DROP = """
([files, selector]) => {
  const carried = new DataTransfer();
  for (const [name, data] of files) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    carried.items.add(new File([bytes], name, { type: "image/png" }));
  }
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const options = { bubbles: true, cancelable: true, dataTransfer: carried };
    document.querySelector(selector).dispatchEvent(new DragEvent(kind, options));
  }
}
"""


@pytest.fixture
def open_style(open_page: Any, live_server: Any) -> Any:
    """The page of a style, for a person who may do everything."""

    def open_it(style: Style, **options: Any) -> Any:
        client = Client()
        client.force_login(User.objects.create_superuser("ada"))
        page = open_page("/admin/login/", **{"viewport": {"width": 1280, "height": 900}, **options})
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
        page.context.add_cookies([{**cookie, "url": live_server.url}])
        page.goto(f"{live_server.url}/admin/shop_style/style/{style.pk}/change/")
        return page

    return open_it


@pytest.mark.slow
def test_pictures_are_dropped_put_in_order_and_removed(
    open_style: Any, make_style: Any, reference: bytes
) -> None:
    style = make_style()
    StyleReference.objects.update(source="studio")
    page = open_style(style)
    page.fill("#references-all-licence", "own work")
    page.fill("#references-all-source", "studio, October")
    files = [
        ("one.png", reference + b"\n"),
        ("notes.png", b"hello"),
        ("two.png", reference + b"\n\n"),
    ]
    carried = [(name, base64.b64encode(data).decode()) for name, data in files]
    page.evaluate(DROP, [carried, ".ss-drop-zone"])
    page.wait_for_selector(".ss-references .ss-said:has-text('2')")
    cards = page.locator(".ss-ref")
    assert cards.count() == 3 and page.locator(".ss-ref-busy").count() == 0
    assert "notes.png" in page.inner_text(".ss-refused")
    assert cards.nth(2).locator("[name$=-licence]").input_value() == "own work"
    # A mistake elsewhere on the form loses nothing of it.
    page.fill("#id_parameters", "{")
    cards.nth(1).locator("[name$=-source]").fill("")
    page.click("input[name=_continue]")
    page.wait_for_selector(".errornote")
    assert cards.count() == 3 and "Say where this picture comes from" in cards.nth(1).inner_text()
    assert cards.nth(1).locator("img").evaluate("image => image.naturalWidth") == 96
    page.fill("#id_parameters", "{}")
    cards.nth(1).locator("[name$=-source]").fill("an address")
    cards.nth(2).get_by_role("button", name="Earlier").click()
    cards.nth(2).locator(".ss-ref-picture").drag_to(cards.nth(0).locator(".ss-ref-picture"))
    assert cards.nth(0).locator("[name$=-source]").input_value() == "an address"
    first = page.locator(".ss-ref", has_text="studio").filter(has=page.locator("[value=studio]"))
    first.get_by_role("button", name="Remove").click()
    first.get_by_role("button", name="Yes, remove it").click()
    assert "will be removed" in page.inner_text(".ss-references .ss-said")
    page.click("input[name=_continue]")
    page.wait_for_selector(".messagelist")
    rows = style.ordered_references()
    assert [row.source for row in rows] == ["an address", "studio, October"]
    assert page.problems == []


@pytest.mark.slow
def test_what_could_not_be_sent_ahead_is_sent_with_the_form(
    open_style: Any, make_style: Any, reference: bytes
) -> None:
    style = make_style()
    StyleReference.objects.update(source="studio")
    page = open_style(style)
    page.fill("#references-all-licence", "own work")
    page.fill("#references-all-source", "studio, October")
    one, two = (
        [(name, base64.b64encode(reference + end).decode())]
        for name, end in (("one.png", b"\n"), ("two.png", b"\n\n"))
    )
    page.route("**/references/", lambda route: route.abort())
    page.evaluate(DROP, [one, ".ss-drop-zone"])
    page.wait_for_selector(".ss-references .ss-said:has-text('could not be sent ahead')")
    page.unroute("**/references/")
    page.evaluate(DROP, [two, ".ss-drop-zone"])  # a later drop must not push the first one out
    page.wait_for_selector(".ss-references .ss-said:has-text('1')")
    page.click("input[name=_continue]")
    page.wait_for_selector(".messagelist")
    assert len(style.ordered_references()) == 3


@pytest.mark.slow
def test_a_job_is_asked_for_watched_and_stopped_without_a_reload(
    open_style: Any, make_style: Any, make_chair: Any, publish_variant: Any
) -> None:
    style = make_style()
    publish_variant(make_chair(), style, scorecard=CARD_2)
    page = open_style(style)
    page.fill("#id_name", "Not saved yet")
    page.get_by_role("button", name="Preview on my photos").click()
    page.wait_for_selector("[data-kind=preview] progress")
    StyleJob.objects.update(status=Status.RUNNING, progress=0.42)
    page.wait_for_selector("[data-kind=preview] progress[value='42']")
    assert "42 %" in page.inner_text("[data-kind=preview] [data-ss-said]")
    page.get_by_role("button", name="Stop").click()
    page.wait_for_selector("[data-kind=preview] .ss-failed")
    assert StyleJob.objects.get().error_code == "cancelled"
    assert page.input_value("#id_name") == "Not saved yet"
    # Limits tell what they would decide while they are written.
    page.fill("[data-ss-limit=max_delta_e]", "9")
    page.wait_for_selector("td.ss-moved")
    assert "0 → 1 of 1" in page.inner_text("tr:has([data-ss-limit=max_delta_e])")
    assert '"max_delta_e": 9' in page.input_value("#id_thresholds")
    assert page.problems == []


@pytest.mark.slow
def test_without_a_script_a_file_field_and_buttons_do(
    open_style: Any, make_style: Any, make_chair: Any, reference: bytes, tmp_path: Any
) -> None:
    style = make_style()
    make_chair()
    page = open_style(style, java_script_enabled=False)
    for name in ("one.png", "two.png"):
        (tmp_path / name).write_bytes(reference + name.encode())
    page.set_input_files("#references-dropped", [tmp_path / "one.png", tmp_path / "two.png"])
    page.fill("#references-all-licence", "own work")
    page.fill("#references-all-source", "studio")
    page.click("input[name=_continue]")
    page.wait_for_selector(".messagelist")
    assert [row.licence for row in style.ordered_references()] == ["MIT", "own work", "own work"]
    page.get_by_role("button", name="Preview on my photos").click()
    page.wait_for_selector(".messagelist .success")
    assert StyleJob.objects.get().status == Status.PENDING
