"""The fabric engine: the product's silhouette and light kept, its surface another."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from torch import Tensor

from shop_style.exceptions import (
    EngineParameterError,
    MaskUncertain,
    PictureUnsuitable,
    RenderCancelled,
    StyleReferenceError,
)
from shop_style.transfer import RenderContext, StyleSpec, engine_entry
from shop_style.transfer._drape import flattened
from shop_style.transfer.fabric import FabricEngine
from shop_style.transfer.grade import PaletteStyle
from shop_style.transfer.palette import palette_of
from shop_style.transfer.parameters import FabricParameters, GradeParameters
from styleeval.preservation.colour import delta_e_map
from styleeval.preservation.shading import shading_correlation
from styleeval.preservation.silhouette import silhouette_iou

ROOT = Path(__file__).parents[2]
ENGINE = FabricEngine()


def pixels(picture: Tensor) -> np.ndarray:
    return np.ascontiguousarray(picture.permute(1, 2, 0).numpy())


def tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32)).permute(2, 0, 1).contiguous()


@cache
def tote() -> tuple[Tensor, Tensor]:
    """Our rendered tote on white, and its exact mask."""
    with Image.open(ROOT / "fixtures" / "catalogue" / "tote.png") as opened:
        cut = opened.resize((200, 260), Image.Resampling.LANCZOS)
    levels = np.asarray(cut, np.float32) / 255
    alpha = levels[..., 3:]
    return tensor(levels[..., :3] * alpha + 1 - alpha), torch.from_numpy(alpha[..., 0])[None]


@cache
def weave() -> Tensor:
    """A woollen fabric: part of our rendered tapestry."""
    with Image.open(ROOT / "fixtures" / "styles" / "tapestry.jpg") as opened:
        width, height = opened.size
        field = opened.convert("RGB").crop((0, round(0.78 * height), width, height))
    part = field.resize((round(96 * field.width / field.height), 96))
    return tensor(np.asarray(part, np.float32) / 255)


def chair() -> tuple[Tensor, Tensor, np.ndarray]:
    """A red seat under a soft light on two brown legs, on white; its mask; where the seat is."""
    rows, columns = np.mgrid[0:220, 0:200].astype(np.float32)
    seat = (np.abs(columns - 100) < 70) & (np.abs(rows - 80) < 55)
    legs = (np.abs(np.abs(columns - 100) - 50) < 7) & (rows >= 135) & (rows < 205)
    light = (0.75 + 0.25 * np.sin(columns / 18))[..., None]
    drawn = np.ones((220, 200, 3), np.float32)
    drawn[seat] = (light * np.float32([0.75, 0.15, 0.12]))[seat]
    drawn[legs] = (0.45, 0.3, 0.16)
    return tensor(drawn), torch.from_numpy((seat | legs).astype(np.float32))[None], seat


@cache
def prepared(*references: Tensor, **parameters: Any) -> Any:
    return ENGINE.prepare(
        StyleSpec(
            slug="wool",
            engine="fabric",
            parameters=FabricParameters.from_mapping(parameters),
            references=references or (weave(),),
        )
    )


def dressed(
    picture: Tensor, mask: Tensor | None, strength: float | Tensor = 1.0, **parameters: Any
) -> Tensor:
    return ENGINE.stylise(picture, prepared(**parameters), strength, RenderContext(mask=mask))


def test_outline_light_and_ground_are_kept_and_the_surface_is_the_fabric() -> None:
    picture, mask = tote()
    made = dressed(picture, mask, region="product")
    assert made.shape == picture.shape and made.dtype == picture.dtype
    before, after, where = pixels(picture), pixels(made), mask[0].numpy()
    assert torch.equal(made[:, mask[0] == 0], picture[:, mask[0] == 0])
    assert silhouette_iou(before, after, where) > 0.98
    inside = where > 0.98
    assert delta_e_map(before, after)[inside].mean() > 10
    # Its colours are the fabric's, in hue and in spread.
    lab = [
        cv2.cvtColor(item, cv2.COLOR_RGB2Lab).reshape(-1, 3)
        for item in (pixels(weave()), after[inside][None], before[inside][None])
    ]
    wanted, made_lab, own = (np.quantile(item[:, 1:], [0.2, 0.5, 0.8], axis=0) for item in lab)
    assert np.abs(made_lab - wanted).mean() < 0.4 * np.abs(own - wanted).mean()


def test_the_products_light_falls_on_the_fabric() -> None:
    picture, mask, seat = chair()
    where = seat.astype(np.float32)
    kept, flat = (pixels(dressed(picture, mask, scale=0.15, shading=share)) for share in (1.0, 0.0))
    assert shading_correlation(pixels(picture), kept, where) > 0.9
    assert shading_correlation(pixels(picture), flat, where) < 0.5


def test_only_the_largest_colour_is_covered() -> None:
    picture, mask, seat = chair()
    made = pixels(dressed(picture, mask))
    change = delta_e_map(pixels(picture), made)
    core = cv2.erode(seat.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    legs = (mask[0].numpy() > 0) & ~cv2.dilate(seat.astype(np.uint8), np.ones((9, 9))).astype(bool)
    assert change[core].mean() > 10
    assert change[legs].max() < 1
    whole = pixels(dressed(picture, mask, region="product"))
    assert delta_e_map(pixels(picture), whole)[legs].mean() > 10


def test_strength_is_linear_and_zero_is_the_input_bit_for_bit() -> None:
    picture, mask = tote()
    assert torch.equal(dressed(picture, mask, 0.0), picture)
    full, half = (dressed(picture, mask, strength) for strength in (1.0, 0.5))
    torch.testing.assert_close(half, picture + 0.5 * (full - picture), atol=1e-5, rtol=0)
    assert FabricEngine.linear_in_strength


def test_a_map_of_strengths_chooses_the_region() -> None:
    picture, mask = tote()
    upper = torch.zeros_like(mask)
    upper[:, :130] = 1
    made, full = dressed(picture, mask, upper), dressed(picture, mask)
    assert torch.equal(made[:, 130:], picture[:, 130:])
    torch.testing.assert_close(made[:, :130], full[:, :130], atol=1e-6, rtol=0)
    assert not torch.equal(made, picture)


def test_the_same_recipe_gives_the_same_pixels_and_another_seed_others() -> None:
    picture, mask = tote()
    prepared.cache_clear()
    first = dressed(picture, mask, seed=3)
    prepared.cache_clear()
    same, other = (dressed(picture, mask, seed=seed) for seed in (3, 4))
    assert torch.equal(first, same)
    assert float((first - other).abs().mean()) > 0.01


def test_threads_are_sized_by_the_product_and_not_by_the_picture() -> None:
    """Twice the pixels, the same threads on the product: half the frequency a pixel."""
    picture, mask = tote()
    large = torch.nn.functional.interpolate(picture[None], scale_factor=2, mode="bicubic")[0]
    wide = torch.nn.functional.interpolate(mask[None], scale_factor=2)[0]
    small = dressed(picture, mask, shading=0.0, detail=0.0, warp=0.0)
    big = dressed(large.clamp(0, 1), wide, shading=0.0, detail=0.0, warp=0.0)
    reduced = torch.nn.functional.avg_pool2d(big[None], 2)[0]
    inside = (mask[0] == 1).numpy()
    inside = cv2.erode(inside.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    unlike = float((small - reduced).abs()[:, inside].mean())
    spread = float(small[:, inside].std())
    assert unlike < 0.35 * spread


def test_tile_repeats_a_picture_that_repeats() -> None:
    columns = np.arange(64) / 64 * 2 * np.pi
    wave = np.repeat(np.tile(0.5 + 0.3 * np.sin(columns), (64, 1))[..., None], 3, 2)
    style = prepared(tensor(wave), method="tile", flatten=0.0)
    np.testing.assert_array_equal(style.swatch, np.float32(wave))
    assert prepared(tensor(wave)).swatch.shape[0] >= 3 * 64


def test_a_cloths_own_light_is_evened_out_and_its_pattern_is_not() -> None:
    gravel = np.repeat(data.gravel()[:192, :192, None] / 255, 3, 2).astype(np.float32)
    lit = gravel * np.linspace(0.6, 1, 192, dtype=np.float32)[:, None, None]
    even = flattened(lit, 1.0, sigma=32)
    thirds = [item[:64].mean() / item[-64:].mean() for item in (gravel, lit, even)]
    assert thirds[1] < 0.85 * thirds[0]
    assert abs(thirds[2] - 1) < 0.4 * abs(thirds[1] - 1)
    fine = [item - cv2.GaussianBlur(item, (0, 0), 3) for item in (gravel, even)]
    assert np.corrcoef(fine[0].ravel(), fine[1].ravel())[0, 1] > 0.95
    np.testing.assert_array_equal(flattened(lit, 0.0, sigma=32), lit)


@pytest.mark.parametrize("mask", [None, "empty"])
def test_without_a_product_it_is_refused(mask: str | None) -> None:
    picture, whole = tote()
    context = None if mask is None else torch.zeros_like(whole)
    with pytest.raises(MaskUncertain, match="transparent PNG") as refused:
        dressed(picture, context)
    assert refused.value.code == "mask_uncertain"


def test_a_product_without_a_main_colour_is_refused_unless_it_is_covered_whole() -> None:
    picture = torch.rand(3, 120, 120, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(1, 120, 120)
    with pytest.raises(PictureUnsuitable, match="region to “product”"):
        dressed(picture, mask)
    assert not torch.equal(dressed(picture, mask, region="product"), picture)


@pytest.mark.parametrize("size", [(8, 8), (16, 40), (200, 5)])
def test_small_and_narrow_pictures_come_back_in_their_size(size: tuple[int, int]) -> None:
    picture = torch.full((3, *size), 0.5)
    mask = torch.zeros(1, *size)
    mask[:, : size[0] // 2] = 1
    made = dressed(picture, mask)
    assert made.shape == picture.shape and bool(torch.isfinite(made).all())
    assert torch.equal(made[mask.expand(3, -1, -1) == 0], picture[mask.expand(3, -1, -1) == 0])


def test_a_reference_that_cannot_be_used_is_named() -> None:
    with pytest.raises(StyleReferenceError, match="add one"):
        ENGINE.prepare(StyleSpec(slug="wool", engine="fabric", parameters=FabricParameters()))
    with pytest.raises(StyleReferenceError, match="“wool”.*at least 64"):
        prepared(weave()[:, :80, :80], trim=0.2)
    with pytest.raises(StyleReferenceError, match="no number"):
        prepared(torch.full((3, 80, 80), torch.nan))
    with pytest.raises(EngineParameterError, match="FabricParameters"):
        ENGINE.prepare(StyleSpec(slug="wool", engine="fabric", parameters=GradeParameters()))
    with pytest.raises(EngineParameterError, match="region"):
        FabricParameters.from_mapping({"region": "smallest"})
    grade = PaletteStyle(palette=palette_of(pixels(weave())), parameters=GradeParameters())
    with pytest.raises(EngineParameterError, match="PaletteStyle"):
        ENGINE.stylise(tote()[0], grade, 1.0, RenderContext(mask=tote()[1]))


def test_it_says_how_far_it_is_and_stops_when_told() -> None:
    picture, mask = tote()
    told: list[tuple[int, int]] = []

    def report(done: int, total: int) -> None:
        told.append((done, total))

    style = prepared()
    ENGINE.stylise(picture, style, 1.0, RenderContext(mask=mask, report=report))
    assert told == sorted(told) and told[-1][0] == told[-1][1]
    with pytest.raises(RenderCancelled):
        ENGINE.stylise(picture, style, 1.0, RenderContext(mask=mask, cancelled=lambda: True))


def test_it_is_registered_as_an_algorithm_of_its_own_mode() -> None:
    entry = engine_entry("fabric")
    assert entry.mode == "fabric" and not entry.trained and entry.needs_references
    assert isinstance(entry.load(), FabricEngine)
