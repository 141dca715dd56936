"""What the demo says while others work."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management.base import OutputWrapper

from shop_style.demo.progress import Snapshot, Teller, snapshot
from shop_style.models import Status


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(stream: io.StringIO, *done: int, **options: Any) -> str:
    teller = Teller(OutputWrapper(stream), **options)
    for number in done:
        teller.tell(
            Snapshot(
                done=number,
                new=number,
                failed=0,
                total=9,
                seconds=30.0,
                left=75.0,
                doing="mug × Warm",
            )
        )
    teller.end()
    return stream.getvalue()


def test_progress_is_rewritten_on_a_terminal_and_listed_elsewhere() -> None:
    shown = told(Terminal(), 0, 0, 1)
    assert shown.count("\r") == 3
    assert shown.count("\n") == 1
    listed = told(io.StringIO(), 0, 0, 1)
    assert listed.splitlines() == [
        "  0/9 variants · starting · about 1 min 15 s left · mug × Warm",
        "  1/9 variants · 2.0 a minute · about 1 min 15 s left · mug × Warm",
    ]


def test_a_crowd_is_not_listed_at_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = told(io.StringIO(), 0, 1, 2, every_change=False)
    assert len(shown.splitlines()) <= 1
    monkeypatch.setattr("shop_style.demo.progress.PLAIN_LINE_EVERY", 0.0)
    assert len(told(io.StringIO(), 0, 1, 2, every_change=False).splitlines()) == 3


@pytest.mark.django_db
def test_a_snapshot_counts_and_estimates_from_what_is_done(
    make_photo: Any, make_style: Any, make_variant: Any
) -> None:
    image, style = make_photo(), make_style()
    rows = [
        make_variant(image, style, seconds=4.0),
        make_variant(image, style, recipe_digest="a", status=Status.FAILED, seconds=None),
        make_variant(image, style, recipe_digest="b", status=Status.PENDING, seconds=None),
        make_variant(
            image,
            style,
            recipe_digest="c",
            status=Status.RUNNING,
            stage="stylise",
            progress=0.25,
            seconds=None,
        ),
    ]
    found = snapshot([row.pk for row in rows], seconds=60, before=1)
    assert (found.done, found.new, found.failed, found.total) == (2, 1, 1, 4)
    # What an earlier run made does not count as this worker's pace.
    assert "1.0 a minute" in found.line
    assert found.left == pytest.approx(4.0 + 0.75 * 4.0)
    assert found.doing == "mug × Warm: stylise 25%"
