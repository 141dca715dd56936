"""A real Chromium against a live server of this process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.conftest import BROWSER

# Oscar's host has settings of its own.
if os.environ.get("DJANGO_SETTINGS_MODULE") != "settings.oscar":
    collect_ignore = ["oscar"]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser of the machine; where there is none the tests say so and are skipped."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine: install Debian's `chromium` for browser tests")
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread, which Django would refuse to query beside.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)


@pytest.fixture
def open_page(chromium: Any, live_server: Any) -> Iterator[Callable[..., Any]]:
    """A new person's browser, at an address of the live server."""
    contexts = []

    def open_at(address: str = "/", *, lost: Sequence[str] = (), **options: Any) -> Any:
        # Headless Chromium calls itself a crawler, and is one to the plugin.
        values = {"viewport": {"width": 800, "height": 600}, "user_agent": BROWSER, **options}
        context = chromium.new_context(**values)
        contexts.append(context)
        page = context.new_page()
        for name in lost:  # as a remote storage answers that has lost a file
            page.route(f"**/{name}", lambda route: route.fulfill(status=404))
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.goto(live_server.url + address)
        return page

    yield open_at
    for context in contexts:
        context.close()
