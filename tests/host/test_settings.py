"""Mistakes in SHOP_STYLE are check errors with an id and a hint."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from PIL import features

from shop_style import checks, conf
from shop_style.channels.checks import check_channels
from shop_style.channels.configuration import RULES
from shop_style.channels.policy import PRESETS
from shop_style.conf import app_settings
from shop_style.generation.checks import check_masks, check_segmenter
from shop_style.generation.recipe import output_settings
from shop_style.imaging import segmenter
from shop_style.models import Style
from shop_style.transfer import weights

ROOT = Path(__file__).resolve().parents[2]


def ids(found: list[Any]) -> list[str]:
    assert all(item.hint for item in found)
    return [item.id for item in found]


def test_the_test_settings_are_clean() -> None:
    assert checks.check_settings() + checks.check_sources() == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"SOURCE": ["shop.Chair.photo"]}, "shop_style.E001"),
        ({"LEASE_SECONDS": "soon"}, "shop_style.E002"),
        ({"SOURCES": "shop.Chair.photo"}, "shop_style.E002"),
        ({"DISPATCHER": "nowhere.Dispatcher"}, "shop_style.E003"),
        ({"DISPATCHER": "pathlib.Path"}, "shop_style.E003"),
        ({"STORAGE": "moon"}, "shop_style.E004"),
        ({"RENDITION_FORMATS": ["bmp"]}, "shop_style.E005"),
        ({"RENDITION_FORMATS": []}, "shop_style.E005"),
        ({"RENDITION_WIDTHS": [0, 320]}, "shop_style.E010"),
        ({"RENDITION_QUALITY": {"webp": 101}}, "shop_style.E010"),
        ({"MAX_ATTEMPTS": 0}, "shop_style.E010"),
        ({"DEVICE": "gpu"}, "shop_style.E010"),
        ({"FACES": "blur"}, "shop_style.E010"),
        ({"HOLDOUT": 1.0}, "shop_style.E010"),
        ({"PREVIEW_HOURS": 0}, "shop_style.E010"),
        ({"BOTS": {"clicks": 3}}, "shop_style.E010"),
        ({"BOTS": {"click_ms": 0.5}}, "shop_style.E010"),
        ({"DISCLOSURE": "some"}, "shop_style.E010"),
        ({"JSON_LD": "yes"}, "shop_style.E002"),
        ({"IMAGE_CREDIT": {"author": "us"}}, "shop_style.E010"),
        ({"EDGE_BUCKETS": 2000, "EDGE_SECRET": "s" * 20}, "shop_style.E010"),
        ({"EDGE_BUCKETS": 10, "EDGE_SECRET": "short"}, "shop_style.E010"),
        ({"MERGE_LOGINS": "yes"}, "shop_style.E002"),
    ],
)
def test_bad_settings(settings: Any, value: dict[str, Any], expected: str) -> None:
    settings.SHOP_STYLE = value
    assert ids(checks.check_settings()) == [expected]


@pytest.mark.parametrize(
    ("channels", "words"),
    [
        ({"ebay": {"max_byte": 5}}, "ebay has no rule 'max_byte'; there are label, untouched"),
        ({"ebay": {"formats": ["bmp"]}}, "ebay: formats is ['bmp']; it must be a list of some of"),
        ({"ebay": {"formats": []}}, "a list of some of jpeg, webp, avif, png"),
        ({"ebay": {"formats": "jpeg"}}, "ebay: formats is 'jpeg'"),
        ({"ebay": {"modes": ["paint"]}}, "it must be a list of some of background, grade"),
        ({"ebay": {"source_types": ["ai"]}}, "algorithmicallyEnhanced, algorithmicMedia"),
        ({"ebay": {"gate": 1}}, "ebay: gate is 1; it must be True or False"),
        ({"ebay": {"min_fill": 85}}, "ebay: min_fill is 85; it must be a share from 0 to 1"),
        ({"ebay": {"min_side": 0}}, "ebay: min_side is 0; it must be a whole number from 1"),
        ({"ebay": {"max_bytes": True}}, "ebay: max_bytes is True"),
        ({"ebay": {"max_aspect": 0}}, "ebay: max_aspect is 0; it must be width over height"),
        ({"ebay": {"label": " "}}, "ebay: label is ' '; it must be words"),
        ({"social": {"min_aspect": 2}}, "min_aspect is 2, above max_aspect, 1.91: nothing fits"),
        ({"feed-lifestyle": {"max_side": 400}}, "min_side is 500, above max_side, 400"),
        ({"ebay": None}, "'ebay' is None, but there is no such preset to drop"),
        ({"ebay": ["jpeg"]}, "'ebay' is ['jpeg']; write a dict of rules"),
        ({"e bay": {}}, "'e bay' is no slug"),
    ],
)
def test_channels_that_cannot_be_used(settings: Any, channels: Any, words: str) -> None:
    settings.SHOP_STYLE = {"CHANNELS": channels}
    found = check_channels()
    assert ids(found) == ["shop_style.E012"] and words in found[0].msg


def test_a_channel_that_takes_no_format_we_render_is_warned_of(settings: Any) -> None:
    assert check_channels() == []
    settings.SHOP_STYLE = {"RENDITION_FORMATS": ["webp"], "CHANNELS": {"social": None}}
    found = check_channels()
    assert ids(found) == ["shop_style.W007"] * 2
    assert "'marketplace-main'" in found[0].msg and "'feed-lifestyle'" in found[1].msg


def test_the_channels_page_lists_every_rule_and_preset() -> None:
    page = (ROOT / "docs" / "channels.md").read_text()
    assert [name for name in (*RULES, *PRESETS) if f"`{name}`" not in page] == []


def test_bad_and_missing_sources(settings: Any) -> None:
    settings.SHOP_STYLE = {"SOURCES": ["shop.Chair.photo", "shop.Chair.nothing"]}
    found = checks.check_sources()
    assert ids(found) == ["shop_style.E006"]
    assert "nothing" in found[0].msg
    settings.SHOP_STYLE = {}
    assert ids(checks.check_sources()) == ["shop_style.W001"]


@pytest.mark.parametrize(
    ("masks", "words"),
    [
        ({"shop.Vase": "cutout"}, "'shop.Vase' is not of the form app_label.Model.field"),
        ({"shop.Vase.picture": "cutout"}, "shop.Vase has no field 'picture'; its file fields are"),
        ({"shop.Chair.photo": "photo"}, "'shop.Chair.photo' is not in SHOP_STYLE['SOURCES']"),
        ({"shop.Vase.photo": "mask"}, "has no field 'mask'; its file fields are photo, cutout"),
        ({"shop.Vase.photo": "note"}, "'note' is a CharField, not an image field"),
        ({"shop.Vase.photo": "photo"}, "'photo' is the picture itself"),
        ({"shop.Vase.photo": "shop.Vase.cutout"}, "is no field's name"),
    ],
)
def test_masks_that_lead_nowhere(settings: Any, masks: dict[str, str], words: str) -> None:
    settings.SHOP_STYLE = {"SOURCES": ["shop.Vase.photo"], "MASKS": masks}
    found = check_masks()
    assert ids(found) == ["shop_style.E013"] and words in found[0].msg
    settings.SHOP_STYLE = {"SOURCES": ["shop.Vase.photo"], "MASKS": {"shop.Vase.photo": "cutout"}}
    assert check_masks() == []


def test_a_host_saves_its_rows_whatever_masks_says(
    settings: Any, db: None, make_chair: Any
) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "MASKS": {"shop.Chair.photo": "nothing"}}
    make_chair().save()


def test_a_segmenter_that_is_not_installed(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("mine", "nowhere.at_all:Mine", segmenter.ENTRY_POINT_GROUP)
    monkeypatch.setattr(segmenter, "entry_points", lambda *, group: [point])
    settings.SHOP_STYLE = {"SEGMENTER": "rembgg"}
    found = check_segmenter()
    assert ids(found) == ["shop_style.E014"]
    assert "'rembgg'" in found[0].msg and "Installed are mine;" in (found[0].hint or "")
    # By its name alone: a web process never imports it.
    settings.SHOP_STYLE = {"SEGMENTER": "mine"}
    assert check_segmenter() == []


def test_weights_with_a_wrong_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = (weights.SHIPPED / "trunk.safetensors").read_bytes()
    flipped = bytearray(shipped)
    flipped[-1] ^= 1
    (tmp_path / "trunk.safetensors").write_bytes(flipped)
    shutil.copy(weights.SHIPPED / "network.safetensors", tmp_path)
    monkeypatch.setattr(weights, "SHIPPED", tmp_path)
    found = checks.check_weights()
    assert ids(found) == ["shop_style.E007"]
    assert "trunk" in found[0].msg
    (tmp_path / "trunk.safetensors").unlink()
    assert ids(checks.check_weights()) == ["shop_style.E007"]


def test_shipped_weights_are_the_pinned_ones() -> None:
    assert checks.check_weights() == []


def test_a_style_whose_engine_is_gone(db: None, make_style: Any) -> None:
    style = make_style()
    type(style).objects.filter(pk=style.pk).update(engine="vanished")
    found = checks.check_styles(databases=["default"])
    assert ids(found) == ["shop_style.E009"]
    assert "vanished" in found[0].msg


def test_rendering_in_the_web_process_is_warned_of(settings: Any) -> None:
    settings.SHOP_STYLE = {
        "DISPATCHER": "shop_style.generation.dispatchers.immediate.ImmediateDispatcher",
        "VISIBLE_ROWS": "shop_style.demo.models.on_show",
    }
    settings.REST_FRAMEWORK = {"NUM_PROXIES": 0}
    assert ids(checks.check_deployment()) == ["shop_style.W002"]


def test_a_pillow_without_avif_is_one_warning_and_renders_the_rest(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ids(checks.check_settings()) == []
    monkeypatch.setattr(features, "check", lambda name: False)
    (found,) = checks.check_settings()
    assert found.id == "shop_style.W010" and "Pillow" in str(found.hint)
    assert output_settings().formats == ("webp", "jpeg")
    settings.SHOP_STYLE = {"RENDITION_FORMATS": ["avif"]}
    assert output_settings().formats == ("webp", "jpeg")


def test_settings_are_read_afresh(settings: Any) -> None:
    settings.SHOP_STYLE = {"LEASE_SECONDS": 7}
    assert app_settings().LEASE_SECONDS == 7
    settings.SHOP_STYLE = {"RENDITION_QUALITY": {"webp": 50}}
    assert app_settings().RENDITION_QUALITY == {"avif": 70, "webp": 50, "jpeg": 90}


def test_the_settings_page_lists_every_key() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    for row in conf.table_rows():
        assert row in page, f"docs/settings.md lacks, or differs from: {row}"


def test_manage_py_check_runs_them(settings: Any) -> None:
    settings.SHOP_STYLE = {"SOURCES": ["shop.Chair.nothing"], "COLOUR": 1}
    with pytest.raises(SystemCheckError) as caught:
        call_command("check")
    assert "shop_style.E001" in str(caught.value) and "shop_style.E006" in str(caught.value)


def manage(tmp_path: Path, line: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """manage.py of a new process, whose settings end in this line."""
    (tmp_path / "host_settings.py").write_text(f"from settings.test import *\n{line}\n")
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "host_settings",
            "SHOP_STYLE_TEST_FOLDER": str(tmp_path),
        },
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('SHOP_STYLE = {"SOURCES": "shop.Chair.photo"}', "E002"),
        ("SHOP_STYLE = []", "E002"),
        ('SHOP_STYLE = {**SHOP_STYLE, "STORAGE": "moon"}', "E004"),
    ],
)
def test_a_mistake_that_models_meet_first_is_still_a_check(
    tmp_path: Path, line: str, expected: str
) -> None:
    result = manage(tmp_path, line, "check")
    assert result.returncode == 1
    assert f"shop_style.{expected}" in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["style_worker", "--once"],
        ["style_status"],
        ["prune_variants"],
        ["generate_variants", "--missing"],
        ["preview_style", "a.jpg", "--style", "b", "--out", "c.png"],
        ["export_channel", "storefront", "--out", "shop-style-never-written"],
    ],
    ids=lambda command: command[0],
)
def test_before_the_first_migrate_every_command_says_so(tmp_path: Path, command: list[str]) -> None:
    result = manage(tmp_path, "", *command)
    assert result.returncode == 1
    assert "not_migrated" in result.stderr and "manage.py migrate" in result.stderr


@pytest.mark.parametrize("field", ["parameters", "thresholds"])
def test_a_style_whose_json_is_no_object(field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Style(slug="x", name="x", engine="grade", **{field: [1]}).clean()
    assert field in caught.value.message_dict
