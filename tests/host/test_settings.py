"""Mistakes in SHOP_STYLE are check errors with an id and a hint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from shop_style import checks, conf
from shop_style.conf import app_settings
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
    ],
)
def test_bad_settings(settings: Any, value: dict[str, Any], expected: str) -> None:
    settings.SHOP_STYLE = value
    assert ids(checks.check_settings()) == [expected]


def test_bad_and_missing_sources(settings: Any) -> None:
    settings.SHOP_STYLE = {"SOURCES": ["shop.Chair.photo", "shop.Chair.nothing"]}
    found = checks.check_sources()
    assert ids(found) == ["shop_style.E006"]
    assert "nothing" in found[0].msg
    settings.SHOP_STYLE = {}
    assert ids(checks.check_sources()) == ["shop_style.W001"]


def test_weights_with_a_wrong_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = (weights.SHIPPED / "trunk.safetensors").read_bytes()
    flipped = bytearray(shipped)
    flipped[-1] ^= 1
    (tmp_path / "trunk.safetensors").write_bytes(flipped)
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
        "DISPATCHER": "shop_style.generation.dispatchers.immediate.ImmediateDispatcher"
    }
    assert ids(checks.check_deployment()) == ["shop_style.W002"]


def test_settings_are_read_afresh(settings: Any) -> None:
    settings.SHOP_STYLE = {"LEASE_SECONDS": 7}
    assert app_settings().LEASE_SECONDS == 7
    settings.SHOP_STYLE = {"RENDITION_QUALITY": {"webp": 50}}
    assert app_settings().RENDITION_QUALITY == {"webp": 50, "jpeg": 90}


def test_the_settings_page_lists_every_key() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    for row in conf.table_rows():
        assert row in page, f"docs/settings.md lacks, or differs from: {row}"


def test_manage_py_check_runs_them(settings: Any) -> None:
    settings.SHOP_STYLE = {"SOURCES": ["shop.Chair.nothing"], "COLOUR": 1}
    with pytest.raises(SystemCheckError) as caught:
        call_command("check")
    assert "shop_style.E001" in str(caught.value) and "shop_style.E006" in str(caught.value)
