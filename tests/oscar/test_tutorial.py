"""docs/tutorial.md from an empty folder to its report: every file, every command, every form."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.oscar.tutorial import PAGE, Answer, Browser, Section, sections

pytestmark = pytest.mark.slow

ROOT = PAGE.parents[1]
IN_PLACE_OF_THE_ENVIRONMENT = [
    "mkdir teashop && cd teashop",
    "CLONE=path/to/django-shop-style",
    "python3 -m venv .venv && source .venv/bin/activate",
    'pip install "$CLONE[oscar]"',
]
"""Typed by `.ci/wheel`, in whose fresh environment this test runs too, and by `make`."""

INLINE = {
    "Drop pictures here": "references-dropped",
    "first arm: slug": "arms-0-slug",
    "first arm: style": "arms-0-style",
    "second arm: slug": "arms-1-slug",
    "second arm: style": "arms-1-style",
}


class Shop:
    """The folder of the tutorial, and what is typed in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        hidden = ("DJANGO_SETTINGS_MODULE", "SHOP_STYLE_OSCAR_FOLDER")
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in hidden},
            "PATH": tools,
            # A checkout that is not installed; an installed wheel comes first all the same.
            "PYTHONPATH": str(ROOT) if (ROOT / "shop_style").exists() else "",
            "CLONE": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "OMP_WAIT_POLICY": "passive",
        }

    def type(self, command: str) -> str:
        """What a command prints; it must succeed."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def serve(self, command: str) -> tuple[subprocess.Popen[bytes], str]:
        """Start the server of this command on a free port; its site once it answers."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        server = subprocess.Popen(
            ["bash", "-c", f"exec {command} --noreload 127.0.0.1:{port}"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        site = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                Browser(site).get("/admin/login/")
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        return server, site


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    folder = tmp_path / "teashop"
    folder.mkdir()
    yield Shop(folder)


def filled(section: Section, page: Answer, button: str) -> dict[str, str | Path]:
    """The section's table as values of the form with this button, fields found by their labels."""
    form = page.form_with(button)
    values: dict[str, str | Path] = {}
    for label, said in section.values.items():
        name = INLINE.get(label) or form.labels.get(label.casefold(), "")
        assert name, f"the form has no field {label!r}, but {sorted(form.labels)}"
        value: str | Path = said
        if said.startswith("$CLONE/"):
            value = ROOT / said.removeprefix("$CLONE/")
        elif said and name in form.options and said not in form.options[name].values():
            value = form.options[name][said]
        values[name] = value
    return values


def tick_all(browser: Browser, action: str) -> Answer:
    page = browser.get("/admin/shop_style/stylevariant/")
    form = page.form_with("Go")
    rows = re.findall(r'name="_selected_action" value="(\d+)"', page.html)
    assert rows and action in form.options["action"], form.options
    return browser.press(
        page,
        "Go",
        {"action": form.options["action"][action], "_selected_action": rows, "reason": "tried"},
    )


def as_a_visitor(site: str) -> tuple[bool, str]:
    """Look at the listing and click; is a styled picture shown, and what the answer was."""
    browser = Browser(site)
    page = browser.get("/catalogue/")
    token = re.search(r'data-token="([^"]+)"', page.html)
    assert token, "the listing has no script that reports"
    positions = sorted(set(re.findall(r'data-shop-style="(\d+)"', page.html)), key=int)
    events = [{"kind": "viewable", "position": int(place)} for place in positions]
    events.append({"kind": "click", "position": int(positions[0])})
    answer = browser.send("/shop-style/events/", json.dumps({"token": token[1], "events": events}))
    return "shop-style-disclosure" in page.html, answer.html


def test_it_works_as_written(shop: Shop) -> None:
    a_shop, plug_in, look, ask, review, experiment, visits, report = sections()

    typed = a_shop.commands
    assert typed[:4] == IN_PLACE_OF_THE_ENVIRONMENT
    shop.type(typed[4])
    a_shop.write_files(shop.folder)
    for command in typed[5:]:
        shop.type(command)

    plug_in.write_files(shop.folder)
    migrate, check = plug_in.commands
    shop.type(migrate)
    assert "Everything that is needed is there." in plug_in.text.replace("\n", " ")
    said = shop.type(check)
    assert "Everything that is needed is there." in said and "there is no style yet" in said

    (runserver,) = look.commands
    server, site = shop.serve(runserver)
    try:
        admin = Browser(site)
        login = admin.get("/admin/login/?next=/admin/")
        admin.press(login, "Log in", {"username": "ada", "password": "teatime"})

        form = admin.get("/admin/shop_style/style/add/")
        saved = admin.press(form, "Save", filled(look, form, "Save"))
        assert "was added successfully" in saved.html, saved.mistakes

        dry, generate, worker, status = ask.commands
        assert "3" in shop.type(dry)
        shop.type(generate)
        assert "3 done" in shop.type(worker)
        shop.type(status)

        assert "*Approve* and *Go*" in review.text
        assert "3 variants were approved" in tick_all(admin, "Approve").html
        assert "*Publish* and *Go*, and *Yes, publish 3*" in review.text.replace("\n", " ")
        published = admin.press(tick_all(admin, "Publish"), "Yes, publish 3", {})
        assert "3 variants were published" in published.html
        assert Browser(site).get("/catalogue/").html.count("shop-style-disclosure") == 3

        form = admin.get("/admin/shop_style/experiment/add/")
        button = "Save and continue editing"
        assert f"*{button}*, then *Start…* and *Yes, start*" in experiment.text
        draft = admin.press(form, button, filled(experiment, form, button))
        started = admin.press(admin.press(draft, "Start…", {}), "Yes, start", {})
        assert "It runs with 3 products." in started.html
        assert "*Preview as arm*" in visits.text and "Preview as arm" in started.html

        seen = set()
        for _ in range(40):  # each drawn anew, half and half
            styled, answer = as_a_visitor(site)
            assert '"rejected":[]' in answer
            seen.add(styled)
            if len(seen) == 2:
                break
        assert seen == {True, False}

        (command,) = report.commands
        said = shop.type(command)
        verdict = "There is not enough data yet to say anything."
        assert f"*{verdict}*" in report.text.replace("\n", " ") and verdict in said
        assert "originals" in said and "golden-hour" in said
    finally:
        server.terminate()
        server.wait(timeout=30)
