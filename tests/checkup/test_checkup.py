"""Each fault of a host is found, named, and comes with its next step."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from shop_style.checkup.finding import Finding
from shop_style.checkup.run import findings

pytestmark = pytest.mark.django_db(databases=["default", "tenant"])


def wrong(area: str) -> list[Finding]:
    return [item for item in findings() if item.area == area and item.state == "wrong"]


def test_a_sound_host_has_nothing_wrong(make_chair: Any, make_style: Any) -> None:
    make_chair()
    make_style()
    out = io.StringIO()
    call_command("shop_style_check", stdout=out)
    text = out.getvalue()
    assert "✗" not in text and "Everything that is needed is there." in text
    assert "shop.Chair.photo: 1 rows; the newest 1 files are pictures" in text


def test_as_json_for_monitoring(make_chair: Any) -> None:
    make_chair()
    out = io.StringIO()
    call_command("shop_style_check", "--json", stdout=out)
    rows = json.loads(out.getvalue())
    assert {row["area"] for row in rows} >= {"settings", "database", "sources", "storage", "queue"}
    assert all(row["next_step"] for row in rows if row["state"] != "right")


def test_settings_that_are_wrong(settings: Any) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "SOURCE": ["x"], "MAX_SIDE": 3}
    found = wrong("settings")
    assert any("'SOURCE'" in item.text for item in found)
    assert all(item.next_step for item in found)


def test_a_picture_that_is_gone_or_broken(make_chair: Any, media: Path) -> None:
    chair = make_chair()
    Path(chair.photo.path).write_bytes(b"no picture")
    assert any("chair" in item.text for item in wrong("sources"))
    Path(chair.photo.path).unlink()
    (found,) = wrong("sources")
    assert "source_file_missing" in found.text


def test_a_source_that_leads_nowhere_leaves_the_rest(settings: Any) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "SOURCES": ["shop.Chair.colour"]}
    (found,) = wrong("sources")
    assert "colour" in found.text
    assert any(item.area == "weights" for item in findings())


def test_a_storage_that_takes_nothing(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    settings.MEDIA_ROOT = str(tmp_path / "file")
    (found,) = wrong("storage")
    assert "FileSystemStorage fails" in found.text


def test_the_probe_leaves_no_file(media: Path) -> None:
    assert not wrong("storage")
    assert not [path for path in media.rglob("*") if path.is_file()]


@override_settings(ROOT_URLCONF="shop_style.demo.urls", MIDDLEWARE=[])
def test_addresses_and_middleware_that_are_missing() -> None:
    (found,) = wrong("storefront")
    assert "shop_style.urls" in found.text
    notices = [item.text for item in findings() if item.state == "notice"]
    assert any("MIDDLEWARE" in text for text in notices)


def test_a_cache_that_keeps_nothing(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert any("keeps nothing" in item.text for item in findings())


def test_a_queue_that_nobody_takes(make_chair: Any, make_style: Any) -> None:
    from shop_style.generation.request import request_variants
    from shop_style.models import StyleVariant
    from shop_style.sources import source_image

    request_variants([source_image(make_chair())], [make_style()], actor="ada")
    assert not wrong("queue")
    StyleVariant.objects.update(created_at=timezone.now() - timedelta(hours=2))
    (found,) = wrong("queue")
    assert "2:00:00" in found.text and "style_worker" in found.next_step


def test_events_that_nobody_counts(make_shop: Any, browser: Any) -> None:
    from shop_style.models import Event, Kind

    shop = make_shop(1)
    phase = shop.start()
    product = phase.products.get()
    arm = shop.experiment.arms.first()
    Event.objects.create(
        event_id="1",
        experiment=shop.experiment,
        phase=phase,
        arm=arm,
        product=product,
        visitor="v",
        kind=Kind.RENDERED,
        at=timezone.now(),
    )
    (found,) = wrong("experiments")
    assert "1 events wait" in found.text and "rollup_events" in found.next_step


def notices(area: str) -> list[Finding]:
    return [item for item in findings() if item.area == area and item.state == "notice"]


def test_a_purge_that_nobody_scheduled(make_shop: Any) -> None:
    from shop_style.experiments import lifecycle
    from shop_style.experiments.purge import purge_events
    from shop_style.models import Experiment

    shop = make_shop(1)
    shop.start()
    lifecycle.finish(shop.experiment, actor="ada")
    assert not notices("experiments")
    Experiment.objects.update(ended_at=timezone.now() - timedelta(days=91))
    assert not notices("experiments")
    Experiment.objects.update(ended_at=timezone.now() - timedelta(days=93))
    (found,) = notices("experiments")
    assert "'warm-listing' ended more than 90 days ago" in found.text
    assert "purge_events never ran" in found.text and "daily" in found.next_step
    purge_events()
    assert not notices("experiments")


def test_a_paused_experiment_that_nobody_decides(make_shop: Any) -> None:
    from shop_style.experiments import lifecycle
    from shop_style.experiments.rollup import rollup
    from shop_style.models import Event, HourlyTotals
    from tests.experiments.visits import visit

    shop = make_shop(1)
    shop.start()
    visit(shop).report(("click", 0))
    lifecycle.pause(shop.experiment, actor="ada")
    rollup()
    assert not notices("experiments")
    Event.objects.update(at=timezone.now() - timedelta(days=93))
    HourlyTotals.objects.all().delete()  # they were of the hours before
    rollup(recount=True)
    assert not wrong("experiments")
    (found,) = notices("experiments")
    assert "'warm-listing' waits, paused" in found.text and "Ship, revert" in found.next_step


def test_a_database_without_our_tables_is_named() -> None:
    from django.db import connection

    def rename(old: str, new: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")

    rename("shop_style_experiment", "put_away")
    try:
        assert any("shop_style_experiment" in item.text for item in wrong("experiments"))
    finally:
        rename("put_away", "shop_style_experiment")


def test_the_exit_code_says_so(settings: Any) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "SOURCES": []}
    with pytest.raises(CommandError, match="1 point is wrong") as caught:
        call_command("shop_style_check", stdout=io.StringIO())
    assert caught.value.returncode == 1
