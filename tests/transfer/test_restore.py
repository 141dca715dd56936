from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from shop_style.exceptions import EngineParameterError, RenderCancelled
from shop_style.transfer import RenderContext, StyleSpec, engine_entry, stylise
from shop_style.transfer.parameters import GradeParameters, RestoreParameters
from shop_style.transfer.restoration import STEPS, restored
from shop_style.transfer.restore import RestoreEngine
from styleeval.preservation import judge, scorecard
from styleeval.preservation.colour import delta_e_map
from tests.imaging.restoration.pictures import (
    Floats,
    cat,
    eight_bit,
    grained,
    product,
    whole_product,
)

AUTO = RestoreParameters()
OFF = RestoreParameters(**dict.fromkeys(AUTO.as_dict(), "off"))


def tensor(rgb: Floats) -> Tensor:
    return torch.from_numpy(rgb.copy()).permute(2, 0, 1).contiguous()


GRAINY = grained(product("tea.jpg", 224), 10)


@pytest.mark.parametrize(
    "name", ["stool.jpg", "tote.png", "tea.jpg", "cushion.jpg", "lamp.jpg", "perfume.jpg"]
)
def test_a_sound_picture_comes_back_itself(name: str) -> None:
    rgb = whole_product(name)
    made, report = restored(rgb, None, AUTO)
    assert made is rgb and report.untouched and report.before == report.after


def test_a_second_restoration_does_next_to_nothing() -> None:
    once, _ = restored(GRAINY, None, AUTO)
    twice, _ = restored(eight_bit(once), None, AUTO)
    assert delta_e_map(twice, once).mean() < 0.5


def test_several_faults_at_once() -> None:
    """Flat, yellow and grainy, and all three are told."""
    sound = whole_product("perfume.jpg")
    harmed = grained(0.5 + 0.7 * (sound * np.float32([1, 0.96, 0.82]) - 0.5), 6)
    made, report = restored(harmed, None, AUTO)
    assert {name for name, _ in report.done} >= {"noise", "cast", "contrast"}
    assert delta_e_map(made, sound).mean() < 0.3 * delta_e_map(harmed, sound).mean()
    before, after = report.before, report.after
    assert after.noise < 2 < before.noise
    assert after.cast < 4 < before.cast
    assert after.veil < 0.03 < before.veil


def test_blur_is_reported_in_pixels() -> None:
    soft = eight_bit(cv2.GaussianBlur(product("tea.jpg"), (0, 0), 2))
    _, report = restored(soft, None, AUTO)
    assert report.before.blur > 1.7 and report.after.blur < 0.75 * report.before.blur


def test_steps_off_leave_the_picture_alone() -> None:
    made, report = restored(GRAINY, None, OFF)
    assert made is GRAINY and report.untouched


def test_numbers_override_the_estimate() -> None:
    chosen = RestoreParameters(**{**OFF.as_dict(), "noise": 20})
    made, report = restored(GRAINY, None, chosen)
    assert dict(report.done) == {"noise": 20}
    auto, _ = restored(GRAINY, None, AUTO)
    assert np.diff(made, axis=0).std() < np.diff(auto, axis=0).std()


def test_a_mark_is_filled_alone() -> None:
    marked = np.zeros(cat().shape[:2], np.bool_)
    marked[100:104, 50:200] = True
    made, report = restored(cat(), None, OFF, marked=marked)
    assert dict(report.done) == {"mark": marked.sum()}
    assert np.array_equal(made[~marked], cat()[~marked])


def test_parameters_from_json() -> None:
    made = RestoreParameters.from_mapping({"noise": 8, "blur": "off", "cast": "auto"})
    assert (made.noise, made.blur, made.cast) == (8.0, "off", "auto")
    assert made.as_dict()["contrast"] == "auto"
    text = "\n".join(RestoreParameters.describe())
    assert "noise (default auto, off | 0–50)" in text
    for bad in ({"noise": 99}, {"noise": "lots"}, {"noise": True}, {"noise": None}, {"grain": 1}):
        with pytest.raises(EngineParameterError, match="style “old”"):
            RestoreParameters.from_mapping(bad, style="old")


def test_strength_zero_returns_the_picture_bit_for_bit() -> None:
    image = tensor(GRAINY)
    assert torch.equal(stylise(image, engine="restore", strength=0.0), image)
    none = torch.zeros(1, *image.shape[1:])
    assert torch.equal(stylise(image, engine="restore", strength=none), image)


def test_is_linear_in_strength() -> None:
    image = tensor(GRAINY)
    full = stylise(image, engine="restore")
    half = stylise(image, engine="restore", strength=0.5)
    torch.testing.assert_close(half, (image + full) / 2, atol=1e-6, rtol=0)


def test_odd_sizes_come_back_at_their_size() -> None:
    image = tensor(GRAINY[:101, :77])
    made = stylise(image, engine="restore", noise=10)
    assert made.shape == image.shape and made.dtype == image.dtype
    assert float(made.min()) >= 0 and float(made.max()) <= 1


def test_a_tiny_picture_passes() -> None:
    image = torch.full((3, 16, 16), 0.5)
    assert torch.equal(stylise(image, engine="restore"), image)


def test_passes_its_own_gate() -> None:
    made, _ = restored(GRAINY, None, AUTO)
    verdict = judge(scorecard(product("tea.jpg", 224), made), engine_entry("restore").mode)
    assert verdict.passed, verdict.reasons


def test_reports_progress_and_stops_when_told() -> None:
    engine = RestoreEngine()
    style = engine.prepare(StyleSpec(slug="old", engine="restore", parameters=AUTO))
    seen: list[int] = []
    engine.stylise(
        tensor(GRAINY), style, 1.0, RenderContext(report=lambda done, _: seen.append(done))
    )
    assert seen == sorted(seen) and seen[-1] == 100 and len(set(seen)) > len(STEPS)
    calls: list[int] = []

    def cancelled() -> bool:
        calls.append(1)
        return len(calls) > 8

    with pytest.raises(RenderCancelled):
        engine.stylise(tensor(GRAINY), style, 1.0, RenderContext(cancelled=cancelled))
    assert len(calls) == 9


def test_refuses_another_engines_parameters() -> None:
    with pytest.raises(EngineParameterError, match="style “old”"):
        RestoreEngine().prepare(
            StyleSpec(slug="old", engine="restore", parameters=GradeParameters())
        )


def test_asking_for_the_engine_loads_no_heavy_library() -> None:
    code = (
        "import sys; from shop_style.transfer.registry import engine_entry;"
        "entry = engine_entry('restore'); assert not entry.needs_references;"
        "assert not {'torch', 'cv2', 'skimage', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
