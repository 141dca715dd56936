"""The adapter of rembg: what it asks of that package, and what it says where it cannot."""

from __future__ import annotations

import importlib
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from shop_style.exceptions import SegmenterError
from shop_style.imaging.rembg_segmenter import MOST_CONFIDENT, RembgSegmenter, decidedness
from shop_style.imaging.segmenter import ENTRY_POINT_GROUP, Segmenter

ROOT = Path(__file__).resolve().parents[2]


def disc(radius: float, *, soft: float = 1.0) -> Any:
    """(64, 80) weights of a disc whose edge is so many pixels wide."""
    rows, columns = np.mgrid[0:64, 0:80]
    away = np.hypot(rows - 31.5, columns - 39.5)
    return np.clip((radius - away) / soft + 0.5, 0, 1).astype(np.float32)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A package of that name, with the two functions we call as rembg 2 declares them."""
    made = ModuleType("rembg")

    def new_session(model_name: str = "bria-rmbg") -> str:
        return f"session of {model_name}"

    def remove(data: Any, *, session: str, only_mask: bool) -> Any:
        assert session == "session of isnet-general-use" and only_mask
        assert data.dtype == np.uint8 and data.shape == (64, 80, 3)
        return np.rint(disc(16) * 255).astype(np.uint8)

    made.new_session, made.remove = new_session, remove  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "rembg", made)
    return made


def test_pyproject_registers_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module, name = project["entry-points"][ENTRY_POINT_GROUP]["rembg"].split(":")
    assert issubclass(getattr(importlib.import_module(module), name), Segmenter)
    assert "rembg" in project["optional-dependencies"]


def test_it_gives_rembgs_mask_with_a_bounded_confidence(package: ModuleType) -> None:
    weights, confidence = RembgSegmenter().segment(np.zeros((64, 80, 3), np.uint8))
    assert weights.shape == (64, 80) and weights.dtype == np.float32
    assert np.abs(weights - disc(16)).max() < 1 / 255
    assert 0.7 < confidence < MOST_CONFIDENT


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rembg", None)
    with pytest.raises(SegmenterError, match=r"install django-shop-style\[rembg\]") as caught:
        RembgSegmenter()
    assert caught.value.code == "segmenter_failed"


def test_a_model_that_cannot_be_fetched_is_named(package: Any) -> None:
    def unreachable(model_name: str) -> str:
        raise ConnectionError("no route to host")

    package.new_session = unreachable
    with pytest.raises(SegmenterError, match="isnet-general-use.*no route to host"):
        RembgSegmenter()


def test_confidence_falls_with_what_is_undecided() -> None:
    found = [decidedness(disc(20, soft=soft)) for soft in (1, 4, 12, 30)]
    assert found == sorted(found, reverse=True) and found[0] > 0.8 and found[-1] < 0.5
    assert decidedness(np.zeros((64, 80), np.float32)) == 0
    assert decidedness(np.ones((64, 80), np.float32)) == 0
