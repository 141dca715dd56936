"""A third party's package, installed as a wheel: its engine, segmenter and dispatcher at work."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from PIL import Image

from shop_style.generation import review
from shop_style.generation.checks import check_segmenter
from shop_style.generation.request import request_variants
from shop_style.imaging.segmenter import installed_segmenter, segmenter_names
from shop_style.models import Status, Style, StyleVariant
from shop_style.sources import source_image
from shop_style.transfer import registry, stylise
from tests.extension.leaves import bag_before_leaves
from tests.generation.guides import encoded

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DISPATCHER = "printroom.on_demand.WorkerOnDemand"
INK, PAPER = (0x23, 0x40, 0x8E), (0xF4, 0xEC, 0xD8)


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pip leaves of the package's wheel: its module and its dist-info."""
    folder = tmp_path_factory.mktemp("printroom")
    build = f"from hatchling.build import build_wheel; print(build_wheel({str(folder)!r}))"
    done = subprocess.run([sys.executable, "-c", build], cwd=HERE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(folder / done.stdout.strip()) as wheel:
        wheel.extractall(folder / "site-packages")
    return folder / "site-packages"


def forget_what_is_installed() -> None:
    registry.engines.cache_clear()
    registry._engine.cache_clear()
    installed_segmenter.cache_clear()
    invalidate_caches()


@pytest.fixture
def installed(unpacked: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(unpacked))
    forget_what_is_installed()
    yield unpacked
    for name in [name for name in sys.modules if name.partition(".")[0] == "printroom"]:
        del sys.modules[name]
    monkeypatch.undo()
    forget_what_is_installed()


def away_from_the_inks(pixels: np.ndarray) -> float:
    """Levels, in the median, from the line of colours between ink and paper; pixels: (N, 3)."""
    line = np.subtract(PAPER, INK) / np.linalg.norm(np.subtract(PAPER, INK))
    beyond = pixels - np.float32(INK)
    return float(np.median(np.linalg.norm(beyond - (beyond @ line)[:, None] * line, axis=1)))


def test_its_engine_is_found_checked_and_used_by_name(installed: Path) -> None:
    import torch

    assert registry.engine_entry("halftone").label == "Halftone print"
    assert "printroom.halftone" not in sys.modules  # nothing heavy before a picture is rendered
    with pytest.raises(ValidationError) as refused:
        Style(slug="x", name="x", engine="halftone", parameters={"pitch": 1}).clean()
    assert "pitch: 1 is not between 3 and 64" in str(refused.value)
    ramp = torch.linspace(0, 1, 120).expand(3, 90, 120).contiguous()
    printed = stylise(ramp, engine="halftone", pitch=6)
    assert torch.equal(stylise(ramp, engine="halftone", strength=0.0), ramp)
    # Ink by area: what is covered is what was dark.
    red = printed[0].mean(0)
    covered = (PAPER[0] / 255 - red) / ((PAPER[0] - INK[0]) / 255)
    assert [float(part.mean()) for part in covered.split(40)] == pytest.approx(
        [5 / 6, 1 / 2, 1 / 6], abs=0.05
    )


def test_its_segmenter_is_found_by_name_and_not_imported_by_the_check(
    installed: Path, settings: Any
) -> None:
    assert "green-screen" in segmenter_names()
    settings.SHOP_STYLE = {"SEGMENTER": "green-screen"}
    assert check_segmenter() == [] and "printroom" not in sys.modules
    photo, bag = bag_before_leaves(180)
    weights, confidence = installed_segmenter("green-screen").segment(photo)
    found = weights > 0.5
    assert (found & bag).sum() / (found | bag).sum() > 0.97
    assert confidence == pytest.approx(0.9)


def test_without_the_package_its_names_are_unknown(settings: Any) -> None:
    settings.SHOP_STYLE = {"SEGMENTER": "green-screen"}
    assert [item.id for item in check_segmenter()] == ["shop_style.E014"]
    assert "halftone" not in registry.engines()


@pytest.mark.django_db(transaction=True)
def test_a_request_starts_its_worker_which_prints_the_ground_and_leaves_the_bag(
    installed: Path,
    settings: Any,
    media: Path,
    tmp_path: Path,
    make_chair: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From the request to the published picture, the render in a process that only knows what
    is installed and what its settings say."""
    settings.SHOP_STYLE = {
        **settings.SHOP_STYLE,
        "DISPATCHER": DISPATCHER,
        "SEGMENTER": "green-screen",
    }
    (tmp_path / "printroom_settings.py").write_text(
        f"from settings.test import *\nSHOP_STYLE = {settings.SHOP_STYLE!r}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "printroom_settings")
    monkeypatch.setenv("SHOP_STYLE_TEST_FOLDER", str(django_settings.TEST_FOLDER))
    monkeypatch.setenv("SHOP_STYLE_TEST_MEDIA", str(media))
    photo, bag = bag_before_leaves(180)
    style = Style.objects.create(
        slug="print", name="Print", engine="halftone", region="background", parameters={"pitch": 8}
    )
    row = make_chair(data=encoded(Image.fromarray(photo)))

    report = request_variants([source_image(row)], [style], actor="ada")
    (worker,) = import_module("printroom.on_demand").WorkerOnDemand._running
    assert worker.wait(timeout=120) == 0

    variant = StyleVariant.objects.get(pk=report.variants[0].pk)
    assert (variant.status, variant.engine) == (Status.READY, "halftone"), variant.error_detail
    assert variant.scorecard["mask_confidence"] == pytest.approx(0.9)
    assert variant.scorecard["mask_coverage"] == pytest.approx(bag.mean(), abs=0.02)
    with variant.image.open("rb") as stream:
        made = np.asarray(Image.open(stream).convert("RGB"), np.float32)
    own = np.asarray(Image.open(row.photo).convert("RGB"), np.float32)
    inside = cv2.erode(bag.astype(np.uint8), np.ones((7, 7))) == 1
    outside = cv2.dilate(bag.astype(np.uint8), np.ones((7, 7))) == 0
    assert np.abs(made - own)[inside].mean() < 4  # WebP's own loss
    assert away_from_the_inks(made[outside]) < 20 < 100 < away_from_the_inks(own[outside])

    review.approve([variant], actor="ada", reason="it is meant to be loud")
    review.publish([variant], actor="ada")
    assert list(StyleVariant.objects.published()) == [variant]
