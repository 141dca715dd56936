"""What a process serves by: one row, read now and then, kept through an outage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models import QuerySet
from django.utils import timezone

from shop_style.experiments import lifecycle, snapshot
from shop_style.experiments.snapshot import compile_snapshot, current_snapshot, forget_snapshot
from shop_style.models import Experiment

pytestmark = pytest.mark.django_db


@pytest.fixture
def brief(settings: Any) -> Any:
    """Every call is due for a fresh look."""
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "SNAPSHOT_SECONDS": 0.0}
    return settings


def test_a_change_is_seen_after_the_interval_and_not_before(
    make_shop: Any, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    shop = make_shop()
    shop.start()
    assert current_snapshot().experiments[0].state == "running"
    lifecycle.pause(shop.experiment, actor="ada")
    assert current_snapshot().experiments[0].state == "running"  # another process's view
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "SNAPSHOT_SECONDS": 0.0}
    assert current_snapshot().experiments[0].state == "paused"
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "SNAPSHOT_SECONDS": 3600.0}
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.resume(shop.experiment, actor="ada")
    assert current_snapshot().experiments[0].state == "running"  # the process that changed it


def test_an_unchanged_row_keeps_the_same_object(make_shop: Any, brief: Any) -> None:
    make_shop().start()
    assert current_snapshot() is current_snapshot()


def test_an_outage_serves_what_was_last_seen(
    make_shop: Any, brief: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_shop().start()
    held = current_snapshot()

    def fail(*_: Any, **__: Any) -> Any:
        raise OperationalError("gone away")

    monkeypatch.setattr(QuerySet, "first", fail)
    assert current_snapshot() is held
    forget_snapshot()
    with pytest.raises(OperationalError):
        current_snapshot()
    monkeypatch.undo()
    assert current_snapshot() == held


def test_the_snapshot_cannot_be_changed(make_shop: Any) -> None:
    make_shop().start()
    (item,) = current_snapshot().experiments
    with pytest.raises(AttributeError):
        item.state = "paused"  # type: ignore[misc]


def test_finished_experiments_stay_for_their_conversions_only(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    lifecycle.finish(shop.experiment, actor="ada")
    forget_snapshot()
    (item,) = current_snapshot().experiments
    assert not item.is_live and current_snapshot().live == []
    long_ago = timezone.now() - timedelta(days=8)
    Experiment.objects.update(ended_at=long_ago)
    compile_snapshot()
    forget_snapshot()
    assert current_snapshot().experiments == ()


def test_without_any_experiment_it_is_empty(brief: Any) -> None:
    assert current_snapshot() == snapshot.Snapshot()
    assert snapshot.experiment_database() == "default"
