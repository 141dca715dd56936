"""The report as text, JSON and a page, and the rollup, by their commands."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.utils.translation import override

from shop_style.experiments.reporting.page import report_page
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.tally import tally
from shop_style.models import (
    DailyTally,
    Event,
    HourlyTotals,
    SummaryTotals,
    VisitorTotals,
)
from tests.experiments.visits import visit

ROOT = Path(__file__).resolve().parents[2]
VOID = {"meta", "link", "br", "hr", "img", "input", "line", "circle", "path", "polyline"}


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def play(shop: Any, visitors: int) -> None:
    """Visitors who see all pictures; every second one clicks the first, one's does not load."""
    for number in range(visitors):
        seen = visit(shop)
        seen.page.finish(HttpResponse())
        events = [("viewable", position) for position in range(len(shop.chairs))]
        if number % 2:
            events.append(("click", 0))
        if number == 0:
            events.append(("failed", 1))
        seen.report(*events)


class Outline(HTMLParser):
    """What a browser would make of a page, as far as these tests ask."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.django_db
def test_the_text_has_arms_checks_and_the_age_of_its_totals(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    play(shop, 12)
    before = run("experiment_report", "warm-listing")
    assert "events as of never" in before and f"{Event.objects.count()} since" in before
    after = run("experiment_report", "warm-listing", "--rollup")
    assert "12 of 1,000 planned visitors" in after
    assert "Originals (control)" in after and "Warm (warm)" in after
    assert "1 pictures did not load" in after
    assert "never" not in after


@pytest.mark.django_db
def test_the_json_is_the_report(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    play(shop, 230)
    run("rollup_events")
    found = json.loads(run("experiment_report", "warm-listing", "--json"))
    assert found == build_report(shop.experiment).as_dict()
    assert found["visitors"] == 230
    # Enough for an interval: 100 visitors and 25 who clicked in each arm, but for a rare draw.
    assert sum(arm["clicks"] for arm in found["arms"]) == 115


@pytest.mark.django_db
def test_the_page_needs_nothing_beside_itself(make_shop: Any, tmp_path: Path) -> None:
    shop = make_shop(hypothesis="<script>alert(1)</script> & more")
    shop.start()
    play(shop, 230)
    file = tmp_path / "report.html"
    said = run("experiment_report", "warm-listing", "--rollup", "--html", str(file))
    assert str(file) in said
    page = file.read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page
    outline = Outline(page)
    assert outline.open == []
    names = {tag for tag, _attributes in outline.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "base", "form"}
    for _tag, attributes in outline.tags:
        assert not {"src", "href", "style", "xlink:href"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
    assert "http" not in page and "@import" not in page and "url(" not in page
    assert "prefers-color-scheme: dark" in page and "@media print" in page


@pytest.mark.django_db
def test_the_page_says_what_the_text_says(make_shop: Any) -> None:
    shop = make_shop(planned_visitors=230)
    shop.start()
    play(shop, 230)
    run("rollup_events")
    report = build_report(shop.experiment)
    page = report_page(report)
    for arm in report.arms:
        assert arm.ctr is not None
        for text in (f"{arm.viewable:,}", f"{arm.clicks:,}", f"{100 * arm.ctr.estimate:.2f} %"):
            assert f">{text}<" in page
    assert page.count('class="ss-light ss-light-green"') >= 3
    assert "<polyline" not in page.split("By device")[1]
    outline = Outline(page)
    headers = [attributes for tag, attributes in outline.tags if tag == "th"]
    assert headers and all(item.get("scope") for item in headers)
    pictures = [attributes for tag, attributes in outline.tags if attributes.get("role") == "img"]
    assert pictures
    assert all(item.get("aria-label") or item.get("aria-labelledby") for item in pictures)


@pytest.mark.django_db
def test_a_decimal_comma_does_not_reach_the_drawing(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    play(shop, 230)
    run("rollup_events")
    with override("de"):
        page = report_page(build_report(shop.experiment))
    assert '<html lang="de">' in page
    numbers = re.findall(r' (?:x|y|x1|x2|y1|y2|cx|cy|r|width|height)="([^"]*)"', page)
    assert numbers and all(re.fullmatch(r"-?\d+(\.\d+)?", number) for number in numbers)


@pytest.mark.django_db
def test_a_page_before_any_event_and_one_before_the_start(make_shop: Any) -> None:
    shop = make_shop()
    draft = report_page(build_report(shop.experiment))
    assert "The experiment has not started." in draft
    shop.start()
    empty = report_page(build_report(shop.experiment))
    assert "No picture has been seen yet." in empty
    assert 'class="ss-light ss-light-open"' in empty and '"ss-light ss-light-red"' not in empty
    assert Outline(draft).open == Outline(empty).open == []


@pytest.mark.django_db
def test_a_split_that_is_not_as_promised_comes_first_with_advice(make_shop: Any) -> None:
    shop = make_shop(planned_visitors=60)
    phase = shop.start()
    play(shop, 60)
    run("rollup_events")
    # What a counter looks like when one caller enrols the same visitor over and over.
    tally.add(phase.pk, "visitor", "warm")
    tally.write()
    DailyTally.objects.filter(kind="visitor", arm="warm").update(number=400)
    page = report_page(build_report(shop.experiment))
    verdict = page.split('class="ss-verdict')[1].split("</section>")[0]
    assert verdict.startswith(" ss-alarm") and "Do not trust this result" in verdict
    assert page.count('class="ss-light ss-light-red"') == 1
    assert "enrols on every page" in page


@pytest.mark.django_db
def test_an_unknown_slug_is_one_line_with_those_there_are(make_shop: Any) -> None:
    make_shop()
    with pytest.raises(CommandError) as caught:
        run("experiment_report", "wram-listing")
    assert str(caught.value) == (
        "unknown_experiment: there is no experiment 'wram-listing'; there are: warm-listing"
    )


@pytest.mark.django_db
def test_a_page_that_cannot_be_written_is_said(make_shop: Any, tmp_path: Path) -> None:
    make_shop()
    with pytest.raises(CommandError, match="cannot write .*nowhere"):
        run("experiment_report", "warm-listing", "--html", str(tmp_path / "nowhere" / "x.html"))


def everything() -> list[Any]:
    """All totals there are, without row numbers."""
    return [
        sorted(
            tuple(sorted((name, str(value)) for name, value in row.items() if name != "id"))
            for row in model.objects.values()
        )
        for model in (VisitorTotals, SummaryTotals, HourlyTotals, DailyTally)
    ]


@pytest.mark.django_db
def test_rolling_up_twice_gives_the_same_totals(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    play(shop, 20)
    assert "20 visitors rolled up" in run("rollup_events")
    once = everything()
    assert all(once)
    run("rollup_events")
    assert everything() == once


@pytest.mark.django_db
@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_an_interval_is_a_number_of_seconds(seconds: str) -> None:
    with pytest.raises(CommandError, match="not a number of seconds"):
        run("rollup_events", f"--watch={seconds}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_watching_goes_on_until_it_is_told_to_stop(make_shop: Any, number: int) -> None:
    shop = make_shop()
    shop.start()
    play(shop, 3)
    watcher = subprocess.Popen(
        [sys.executable, "manage.py", "rollup_events", "--watch", "0.1"],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "settings.test",
            "SHOP_STYLE_TEST_FOLDER": str(django_settings.TEST_FOLDER),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert watcher.stdout is not None
        assert "3 visitors rolled up" in watcher.stdout.readline()
        play(shop, 4)
        until = time.monotonic() + 30
        while VisitorTotals.objects.count() < 7 and time.monotonic() < until:
            time.sleep(0.05)
        watcher.send_signal(number)
        watcher.communicate(timeout=20)
        assert watcher.returncode == 0
    finally:
        watcher.kill()
    assert VisitorTotals.objects.count() == 7
