"""The demo's experiment: a crowd through a live server, and a report of exactly what it did."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import OutputWrapper

from shop_style.api.objects import name_of
from shop_style.demo import simulate
from shop_style.demo.crowd import Tile, browse, shopper
from shop_style.demo.errors import DemoError
from shop_style.demo.experiment import DemoExperiment, recovery
from shop_style.demo.models import ProductImage
from shop_style.demo.server import live_server
from shop_style.demo.simulate import Crowd, Pace, Played, play
from shop_style.experiments.reporting.readout import build_report
from shop_style.models import DailyTally, Event, Experiment, VisitorTotals

SEED = 1
TILES = 6
CROWD = 300
"""Enough that either arm gets the hundred visitors a comparison takes, but once in a million."""

transactional = pytest.mark.django_db(transaction=True, databases=["default", "tenant"])


@pytest.fixture
def run(
    make_photo: Any,
    make_style: Any,
    make_variant: Any,
    media: Path,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """Run the experiment over six products; returns what it says. The child process serves the
    test's databases and files."""
    monkeypatch.setenv("SHOP_STYLE_TEST_FOLDER", str(settings.TEST_FOLDER))
    monkeypatch.setenv("SHOP_STYLE_TEST_MEDIA", str(media))
    style = make_style("grade")
    images = [make_photo(f"product-{number}") for number in range(TILES)]
    for image in images:
        make_variant(image, style)

    def go(visitors: int) -> str:
        said = io.StringIO()
        DemoExperiment(
            slug="golden-hour",
            name="Grade on the listing",
            style=style,
            actor="demo",
            output=tmp_path,
            visitors=visitors,
            out=OutputWrapper(said),
        ).run(images)
        return said.getvalue()

    return go


def expected(first: int, last: int, *, styled: bool) -> tuple[int, int, int, int]:
    """Visitors, rendered, viewable and clicks, were all of them in one arm."""
    tiles = [Tile(place=place, position=place, is_styled=styled) for place in range(TILES)]
    visitors = rendered = viewable = clicks = 0
    for number in range(first, last):
        who = shopper(number, seed=SEED)
        if who.kind != "shopper":
            continue
        visitors += 1
        for page in range(who.pages):
            view = browse(who, tiles, page=page, seed=SEED)
            rendered += len(view.rendered)
            viewable += len(view.viewable)
            clicks += len(view.clicked)
    return visitors, rendered, viewable, clicks


@pytest.mark.slow
@transactional
def test_a_crowd_through_a_live_server_is_reported_as_it_was(run: Any) -> None:
    said = run(CROWD)
    experiment = Experiment.objects.get()
    report = build_report(experiment)
    visitors, rendered, viewable, fewest = expected(0, CROWD, styled=False)
    assert report.visitors == visitors
    assert sum(arm.rendered for arm in report.arms) == rendered
    assert sum(arm.viewable for arm in report.arms) == viewable
    most = expected(0, CROWD, styled=True)[3]
    assert fewest <= sum(arm.clicks for arm in report.arms) <= most
    assert all(arm.visitors > 30 and not arm.suspicious for arm in report.arms)
    crowd = [shopper(number, seed=SEED) for number in range(CROWD)]
    for kind, name in (("crawler", "crawler"), ("private", "gpc")):
        assert report.excluded[name] == sum(who.pages for who in crowd if who.kind == kind) > 0
    assert {item.name for item in report.segments if item.kind == "device"} == {
        "desktop",
        "mobile",
    }
    assert report.is_complete
    assert DailyTally.objects.filter(kind="visitor").count() == 2
    # What it says, in the order of a reader.
    for text in (
        "Started the experiment “Grade on the listing”",
        "Playing 300 simulated visitors through a live server",
        "300/300 visitors",
        "sent again and counted once",
        "CTR",
        "Planted: +25 %",
        "Inside the interval: ",
    ):
        assert text in said
        said = said[said.index(text) :]
    assert "refused" not in said


@pytest.mark.slow
@transactional
def test_a_second_run_plays_nobody_and_a_stopped_one_goes_on(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Playing" not in run(0)
    assert not Event.objects.exists()
    planned = Experiment.objects.get().planned_visitors
    assert planned == 2700
    Experiment.objects.update(planned_visitors=40)
    # It is stopped in the middle, as by Ctrl-C, once some have come.
    progress = simulate.Teller.tell

    def stop(self: Any, pace: Any, *, final: bool = False) -> None:
        progress(self, pace, final=final)
        if pace.done:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(simulate, "LOOK_EVERY", 0.05)
        patched.setattr(simulate.Teller, "tell", stop)
        with pytest.raises(KeyboardInterrupt):
            run(50)
    assert Event.objects.exists()
    assert "Playing" in run(50)
    assert 40 <= VisitorTotals.objects.filter(rendered__gt=0).count() <= 50
    events = Event.objects.count()
    said = run(50)
    assert "Playing" not in said and "Started" not in said
    assert "Nobody to play" in said
    assert "Planted: +25 %" in said
    assert Event.objects.count() == events
    Experiment.objects.update(state=Experiment.State.PAUSED, planned_visitors=1000)
    assert "Playing" not in run(100)


@pytest.mark.django_db
def test_without_a_picture_to_show_it_says_so_and_leaves_nothing_behind(
    run: Any, make_photo: Any
) -> None:
    from shop_style.models import StyleVariant

    StyleVariant.objects.update(published_at=None)
    said = run(10)
    assert "No experiment with Grade" in said
    assert "no picture has a published variant" in said
    assert not Experiment.objects.exists()


@pytest.mark.slow
@transactional
def test_an_answer_that_is_not_as_it_should_be_ends_the_play(run: Any, tmp_path: Path) -> None:
    out = OutputWrapper(io.StringIO())
    with (
        pytest.raises(DemoError, match=r"answered /shop-style/placement/ with 400: (.|\n)*log"),
        live_server(tmp_path / "server.log") as port,
    ):
        play(Crowd(last=5), [], port=port, out=out)
    names = [name_of(image) for image in ProductImage.objects.all()]
    with pytest.raises(DemoError, match="did not answer"):
        play(Crowd(last=5), names, port=port, out=out)


@pytest.mark.slow
@transactional
def test_a_crowd_that_takes_too_long_is_sent_home(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulate, "MOST_SECONDS", 0.0)
    names = [name_of(image) for image in ProductImage.objects.all()]
    out = OutputWrapper(io.StringIO())
    with (
        pytest.raises(DemoError, match="of 500 visitors have come; play fewer with --visitors"),
        live_server(tmp_path / "server.log") as port,
    ):
        play(Crowd(last=500), names, port=port, out=out)


def test_the_pace_tells_what_is_left() -> None:
    assert Pace(done=0, total=3000, seconds=0.1).line == "0/3,000 visitors"
    line = Pace(done=1000, total=3000, seconds=25).line
    assert line == "1,000/3,000 visitors · 40 a second · about 50 s left"


def test_a_summary_names_refused_events_only_if_there_were_any() -> None:
    played = Played(seconds=2.0, accepted=70, duplicates=3)
    played.kinds.update(shopper=9, crawler=1)
    assert played.summary().startswith(
        "10 visitors (1 crawlers, 0 with Sec-GPC) in 2 s, 5 a second"
    )
    assert "refused" not in played.summary()
    played.rejected = 4
    assert played.summary().endswith(", 4 refused")


@pytest.mark.django_db
def test_nothing_is_claimed_before_anybody_has_come(run: Any) -> None:
    said = run(0)
    assert "Estimated: nothing yet" in said
    report = build_report(Experiment.objects.get())
    assert list(recovery(report, 0.1))[0].startswith("Planted: +10 %")
