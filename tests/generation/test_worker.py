"""Real worker processes on real files: killed, raced, asked to stop."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db.models import Count
from django.utils import timezone
from PIL import Image

from shop_style.generation.files import walk
from shop_style.generation.pipeline import STAGES
from shop_style.generation.prune import prune
from shop_style.generation.request import request_variants
from shop_style.imaging.provenance import read_digital_source_type
from shop_style.models import Status, StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.sources import source_image

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "tenant"])

ROOT = Path(__file__).resolve().parents[2]


def start_worker(media: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "style_worker", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "settings.test",
            "SHOP_STYLE_TEST_FOLDER": str(django_settings.TEST_FOLDER),
            "SHOP_STYLE_TEST_MEDIA": str(media),
            "OMP_NUM_THREADS": "1",
            "OMP_WAIT_POLICY": "passive",
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=120)
    return output


def expire_leases() -> None:
    """What waiting for LEASE_SECONDS does, without the wait."""
    StyleVariant.objects.filter(status=Status.RUNNING).update(lease_expires_at=timezone.now())


def all_files() -> set[str]:
    storage = variant_storage()
    return set(walk(storage, "shop_style")) - set(walk(storage, "shop_style/references"))


def assert_consistent(expected_ready: int) -> None:
    rows = list(StyleVariant.objects.all())
    assert [row.status for row in rows] == [Status.READY] * expected_ready
    named = {name for row in rows for name in row.file_names()}
    assert all_files() == named
    styled = {item["name"] for row in rows for item in row.renditions}
    for name in named:
        with Image.open(variant_storage().open(name)) as image:
            image.load()
            assert bool(read_digital_source_type(image)) == (name in styled)


@pytest.mark.parametrize("stage", STAGES)
def test_a_worker_killed_at_any_stage_loses_and_doubles_nothing(
    stage: str, media: Path, make_chair: Any, make_style: Any
) -> None:
    request_variants([source_image(make_chair())], [make_style()])
    killed = start_worker(media, "--once", TEST_KILL_AT=stage)
    output = finish(killed)
    assert killed.returncode == -signal.SIGKILL, output
    row = StyleVariant.objects.get()
    assert (row.status, row.stage, row.attempts) == (Status.RUNNING, stage, 1)
    assert not row.image
    expire_leases()
    call_command("style_worker", "--once", stdout=io.StringIO())
    prune(retired_days=0, orphan_hours=0)
    assert_consistent(1)
    assert StyleVariant.objects.get().attempts == 2


def test_a_worker_that_always_dies_is_given_up_on(
    media: Path, make_chair: Any, make_style: Any
) -> None:
    request_variants([source_image(make_chair())], [make_style()])
    StyleVariant.objects.update(status=Status.RUNNING, attempts=3, stage="stylise")
    expire_leases()
    call_command("style_worker", "--once", stdout=io.StringIO())
    row = StyleVariant.objects.get()
    assert (row.status, row.error_code) == (Status.FAILED, "attempts_exhausted")
    assert "stylise" in row.error_detail


def test_sigterm_finishes_the_current_job_and_no_more(
    media: Path, make_chair: Any, make_style: Any
) -> None:
    style = make_style(
        engine="optimise",
        parameters={"working_side": 64, "steps": 60, "scales": 1, "trunk": "distilled"},
    )
    request_variants([source_image(make_chair()) for _ in range(2)], [style])
    worker = start_worker(media)
    deadline = time.monotonic() + 60
    while not StyleVariant.objects.filter(stage="stylise").exists():
        assert time.monotonic() < deadline and worker.poll() is None, finish(worker)
        time.sleep(0.02)
    worker.send_signal(signal.SIGTERM)
    output = finish(worker)
    assert worker.returncode == 0, output
    counts = dict(StyleVariant.objects.values_list("status").annotate(n=Count("pk")))
    assert counts == {Status.READY: 1, Status.PENDING: 1}
    assert "1 done" in output


def test_a_second_sigterm_gives_the_job_back(media: Path, make_chair: Any, make_style: Any) -> None:
    style = make_style(
        engine="optimise",
        parameters={"working_side": 64, "steps": 2000, "scales": 1, "trunk": "distilled"},
    )
    request_variants([source_image(make_chair())], [style])
    worker = start_worker(media)
    deadline = time.monotonic() + 60
    while not StyleVariant.objects.filter(stage="stylise").exists():
        assert time.monotonic() < deadline and worker.poll() is None, finish(worker)
        time.sleep(0.02)
    worker.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    worker.send_signal(signal.SIGTERM)
    output = finish(worker)
    row = StyleVariant.objects.get()
    assert worker.returncode == 0, output
    assert (row.status, row.attempts, row.lease_token) == (Status.PENDING, 0, "")


def test_a_power_cut_while_bytes_are_written_shows_no_half_file(
    media: Path, make_chair: Any, make_style: Any
) -> None:
    request_variants([source_image(make_chair())], [make_style()])
    killed = start_worker(media, "--once", TEST_KILL_AT="fsync")
    output = finish(killed)
    assert killed.returncode == -signal.SIGKILL, output
    assert not list(walk(variant_storage(), "shop_style/variants"))
    expire_leases()
    # Chunk by chunk to the final name is what Django's storage does by itself.
    survivor = start_worker(media, "--once", TEST_KILL_AT="half a file")
    output = finish(survivor)
    assert survivor.returncode == 0, output
    prune(retired_days=0, orphan_hours=0)
    assert_consistent(1)


def test_max_jobs(media: Path, make_chair: Any, make_style: Any) -> None:
    request_variants([source_image(make_chair()) for _ in range(3)], [make_style()])
    call_command("style_worker", "--once", "--max-jobs", "2", stdout=io.StringIO())
    assert StyleVariant.objects.filter(status=Status.READY).count() == 2


@pytest.mark.slow
def test_four_workers_on_two_hundred_rows_render_none_twice(
    media: Path, make_chair: Any, make_style: Any, picture: Any
) -> None:
    data = picture(size=(32, 32))
    chairs = [make_chair(data=data) for _ in range(50)]
    styles = [make_style(f"s{n}", strength=n / 4) for n in range(1, 5)]
    request_variants([source_image(chair) for chair in chairs], styles)
    assert StyleVariant.objects.count() == 200
    workers = [start_worker(media, "--once") for _ in range(4)]
    outputs = [finish(worker) for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 4, outputs
    done = [line for output in outputs for line in output.splitlines() if line.endswith("ready")]
    assert len(done) == len(set(done)) == 200
    assert set(StyleVariant.objects.values_list("attempts", flat=True)) == {1}
    assert all("ready" in output for output in outputs), "some worker had nothing to race for"
    assert_consistent(200)


def test_a_second_database_is_served_too(media: Path, make_chair: Any, make_style: Any) -> None:
    request_variants([source_image(make_chair(using="tenant"))], [make_style()])
    call_command("style_worker", "--once", stdout=io.StringIO())
    assert StyleVariant.objects.using("tenant").get().status == Status.READY
