from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from shop_style.imaging.provenance import read_digital_source_type
from tests.imaging.restoration.pictures import CATALOGUE, grained, product, psnr

SOUND = product("tea.jpg", 224)


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("restore_image", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def saved(rgb: np.ndarray, path: Path) -> Path:
    Image.fromarray(np.rint(rgb * 255).astype(np.uint8)).save(path)
    return path


def read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image, np.float32) / 255


@pytest.fixture
def grainy(tmp_path: Path) -> Path:
    return saved(grained(SOUND, 10), tmp_path / "grainy.png")


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp"])
def test_writes_a_marked_file_nearer_to_the_sound_one(
    ending: str, grainy: Path, tmp_path: Path
) -> None:
    out = tmp_path / f"out{ending}"
    text = run(str(grainy), "--out", str(out))
    assert "took out grain of 10." in text
    assert psnr(read(out), SOUND) > psnr(read(grainy), SOUND) + 5
    with Image.open(out) as image:
        assert str(read_digital_source_type(image)).endswith("algorithmicallyEnhanced")


def test_json_before_and_after(grainy: Path) -> None:
    found = json.loads(run(str(grainy), "--dry-run", "--json"))
    assert found["before"]["noise"] == pytest.approx(10, rel=0.06)
    assert found["after"]["noise"] < 2
    assert (found["width"], found["height"]) == (224, 224)


def test_a_sound_file_is_left_alone_and_unmarked(tmp_path: Path) -> None:
    sound = saved(SOUND, tmp_path / "sound.png")
    out = tmp_path / "out.png"
    assert "nothing to restore" in run(str(sound), "--out", str(out))
    assert np.array_equal(read(out), read(sound))
    assert read_digital_source_type(out.read_bytes()) is None


def test_a_region_and_a_drawn_mask_are_filled(tmp_path: Path) -> None:
    harmed = SOUND.copy()
    harmed[100:106, 20:180] = 1
    harmed[160:164, 20:180] = 1
    file = saved(harmed, tmp_path / "harmed.png")
    drawn = np.zeros_like(harmed)
    drawn[160:164, 20:180] = 1
    mask, out = saved(drawn, tmp_path / "mask.png"), tmp_path / "out.png"
    text = run(
        str(file), "--out", str(out), "--region", "20,100,160,6", "--mask", str(mask), "--steps"
    )
    assert "filled in 1600 pixels" in text
    made = read(out)
    assert psnr(made, SOUND) > psnr(harmed, SOUND) + 8
    assert np.array_equal(made[:90], read(file)[:90])


def test_upscale_keeps_transparency(tmp_path: Path) -> None:
    with Image.open(CATALOGUE / "tide-mug.png") as image:
        image.resize((150, 135)).save(tmp_path / "mug.png")
    out = tmp_path / "large.png"
    assert "300 × 270, enlarged twofold" in run(
        str(tmp_path / "mug.png"), "--out", str(out), "--upscale", "2"
    )
    large = read(out)
    assert large.shape == (270, 300, 4)
    assert large[0, 0, 3] == 0 and large[135, 150, 3] == 1


def test_only_the_steps_named(grainy: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    assert "nothing to restore" in run(str(grainy), "--out", str(out), "--steps", "blur", "cast")
    assert "grain of 4.0" in run(str(grainy), "--out", str(out), "--steps", "noise=4")


def test_dry_run_writes_nothing(grainy: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    run(str(grainy), "--out", str(out), "--dry-run")
    assert not out.exists()


def test_mistakes(grainy: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out.png")
    small = saved(np.ones((20, 20, 3)), tmp_path / "small.png")
    cases: tuple[tuple[tuple[Any, ...], str], ...] = (
        ((), "give --out"),
        (("--out", "out.bmp"), "end it in"),
        (("--out", "/nowhere/out.png"), "is not there"),
        (("--out", out, "--region", "200,0,100,10"), "picture_unsuitable: .*does not lie inside"),
        (("--out", out, "--region", "0,0,224,224"), "all of it is marked"),
        (("--out", out, "--region", "1,2,3"), "not x,y,w,h"),
        (("--out", out, "--mask", str(small)), "its mask is 20 × 20"),
        (("--out", out, "--mask", "missing.png"), "cannot read missing.png"),
        (("--out", out, "--steps", "noise=80"), "bad_engine_parameter: .*between 0 and 50"),
        (("--out", out, "--steps", "shine"), "shine: unknown"),
    )
    for arguments, message in cases:
        with pytest.raises(CommandError, match=message):
            run(str(grainy), *arguments)


@pytest.mark.django_db(databases="__all__")
def test_as_a_style_it_makes_a_variant_of_the_same_size(
    grainy: Path, make_style: Any, tmp_path: Path
) -> None:
    make_style("repair", engine="restore", parameters={"blur": "off"}, keep_white=False)
    out = tmp_path / "out.png"
    call_command(
        "preview_style", str(grainy), "--style", "repair", "--out", str(out), stdout=io.StringIO()
    )
    assert psnr(read(out), SOUND) > psnr(read(grainy), SOUND) + 5
    with Image.open(out) as image:
        assert str(read_digital_source_type(image)).endswith("algorithmicallyEnhanced")
