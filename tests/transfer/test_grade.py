from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab
from skimage.data import chelsea, coffee
from torch import Tensor

from shop_style.exceptions import EngineParameterError, RenderCancelled, StyleReferenceError
from shop_style.transfer import RenderContext, StyleSpec, engine_entry, stylise
from shop_style.transfer.grade import GradeEngine
from shop_style.transfer.lookup import bake
from shop_style.transfer.palette import Palette, monge_kantorovich, palette_of
from shop_style.transfer.parameters import GradeParameters, OptimiseParameters
from styleeval.preservation import judge, scorecard

FULL = {"lightness": 1.0, "chroma": 1.0, "keep_neutrals": 0.0}


def tensor(picture: np.ndarray) -> Tensor:
    return torch.from_numpy(np.float32(picture) / 255).permute(2, 0, 1).contiguous()


def sunset() -> Tensor:
    """A warm sky over a dark ground, with a little grain."""
    random = np.random.default_rng(0)
    height = np.linspace(0, 1, 200)[:, None, None]
    sky = np.array([250, 170, 80]) * (1 - height) + np.array([120, 40, 50]) * height
    sky = np.broadcast_to(sky, (200, 240, 3)) + random.normal(0, 12, (200, 240, 3))
    return tensor(sky.clip(0, 255))


CUP, CAT, SUNSET = tensor(coffee()), tensor(chelsea()), sunset()


def mean_lab(picture: Tensor) -> np.ndarray:
    return np.asarray(rgb2lab(picture.permute(1, 2, 0).numpy()).mean((0, 1)))


def grade(image: Tensor, strength: float | Tensor = 1.0, **options: object) -> Tensor:
    return stylise(image, references=[SUNSET], strength=strength, **options)


def test_moves_the_palette_towards_the_reference() -> None:
    before, after, goal = mean_lab(CAT), mean_lab(grade(CAT, **FULL)), mean_lab(SUNSET)
    assert np.linalg.norm((after - goal)[1:]) < 0.8 * np.linalg.norm((before - goal)[1:])


def test_a_picture_graded_after_itself_hardly_changes() -> None:
    same = stylise(CUP, references=[CUP], **FULL)
    assert float((same - CUP).abs().max()) < 1 / 255


def test_a_plain_product_is_not_dragged_to_another_hue() -> None:
    """A red product under an orange reference stays red."""
    random = np.random.default_rng(2)
    red = tensor((np.array([190, 30, 35]) + random.normal(0, 10, (90, 90, 3))).clip(0, 255))
    _, a, b = mean_lab(red)
    _, a_after, b_after = mean_lab(grade(red, **FULL))
    turned = np.rad2deg(np.arctan2(b_after, a_after) - np.arctan2(b, a))
    assert abs(turned) < 10


def test_strength_zero_returns_the_picture_bit_for_bit() -> None:
    assert torch.equal(grade(CUP, 0.0), CUP)
    assert torch.equal(grade(CUP, torch.zeros(1, *CUP.shape[1:])), CUP)


def test_is_linear_in_strength() -> None:
    full = grade(CUP)
    for strength in (0.25, 0.5, 0.75):
        expected = CUP + strength * (full - CUP)
        torch.testing.assert_close(grade(CUP, strength), expected, atol=1e-6, rtol=0)


def test_a_strength_map_grades_each_pixel_by_its_own() -> None:
    share = torch.zeros(1, *CUP.shape[1:])
    share[:, :, 300:] = 1
    mixed = grade(CUP, share)
    assert torch.equal(mixed[:, :, :300], CUP[:, :, :300])
    torch.testing.assert_close(mixed[:, :, 300:], grade(CUP)[:, :, 300:])


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (128, 128, 128), (255, 0, 0)])
def test_a_flat_picture_stays_flat(colour: tuple[int, int, int]) -> None:
    flat = tensor(np.full((64, 64, 3), colour))
    graded = grade(flat, **FULL)
    assert float((graded.amax((1, 2)) - graded.amin((1, 2))).max()) < 1e-6
    assert float(graded.min()) >= 0 and float(graded.max()) <= 1


def test_a_flat_reference_does_not_flatten_the_picture() -> None:
    flat = tensor(np.full((64, 64, 3), (200, 120, 40)))
    graded = stylise(CUP, references=[flat], **FULL)
    assert float(graded.std()) > 0.5 * float(CUP.std())


def test_noise_is_not_blown_up() -> None:
    """A nearly flat product under a contrasty reference."""
    random = np.random.default_rng(1)
    dull = tensor((128 + random.normal(0, 1, (128, 128, 3))).clip(0, 255))
    assert float(grade(dull, **FULL).std((1, 2)).max()) < 2 * float(dull.std((1, 2)).max())


def test_black_and_white_stay_themselves() -> None:
    ends = tensor(np.repeat(np.array([[[0, 0, 0]], [[255, 255, 255]]]), 40, axis=1))
    assert float((grade(ends) - ends).abs().max()) < 0.5 / 255


def test_greys_take_less_tint_the_more_they_are_kept() -> None:
    greys = torch.linspace(0.1, 0.9, 64).expand(3, 8, 64).contiguous()
    tints = []
    for keep in (0.0, 0.5, 1.0):
        graded = grade(greys, keep_neutrals=keep)
        tints.append(float((graded.amax(0) - graded.amin(0)).max()))
    assert tints[0] > tints[1] > tints[2]
    # What is left comes from the table's coloured neighbours of the grey axis.
    assert tints[2] < 3 / 255


def test_gives_no_banding() -> None:
    """A ramp of 4,096 steps, finer than bytes can hold, comes back as fine and still rising."""
    ramp = torch.linspace(0.2, 0.8, 4096).expand(3, 4, 4096).contiguous()
    steps = grade(ramp, **FULL)[:, 0].diff(dim=1)
    assert float(steps.min()) > 0
    assert float(steps.max()) < 8 * 0.6 / 4095


def test_the_mask_says_whose_palette_it_is() -> None:
    """A white surround counts for nothing once the product is known."""
    surrounded = torch.ones(3, 600, 600)
    mask = torch.zeros(1, 600, 600)
    surrounded[:, 100:400, 100:551], mask[:, 100:400, 100:551] = CAT, 1
    inside = grade(surrounded, mask=mask)[:, 100:400, 100:551]
    unmasked = grade(surrounded)[:, 100:400, 100:551]
    alone = grade(CAT)
    assert (inside - alone).abs().mean() < (unmasked - alone).abs().mean() / 4


def test_an_empty_mask_means_the_whole() -> None:
    empty = torch.zeros(1, *CUP.shape[1:])
    torch.testing.assert_close(grade(CUP, mask=empty), grade(CUP))


def test_parameters_switch_lightness_and_colour_off() -> None:
    colour_only = mean_lab(grade(CUP, lightness=0.0, chroma=1.0)) - mean_lab(CUP)
    light_only = mean_lab(grade(CUP, lightness=1.0, chroma=0.0)) - mean_lab(CUP)
    assert abs(colour_only[0]) < 0.5 < np.linalg.norm(colour_only[1:])
    # Out-of-gamut colours may lose a little chroma as they grow lighter.
    assert np.linalg.norm(light_only[1:]) < 1.0
    nothing = grade(CUP, lightness=0.0, chroma=0.0)
    torch.testing.assert_close(nothing, CUP, atol=1e-3, rtol=0)


@pytest.mark.parametrize("picture", [CUP, CAT])
def test_the_default_grade_passes_its_gate(picture: Tensor) -> None:
    card = scorecard(picture, grade(picture))
    assert judge(card, "grade").passed, judge(card, "grade").reasons


def test_several_references_give_the_look_between() -> None:
    other = tensor(np.broadcast_to([60, 90, 160], (50, 50, 3)))
    both = stylise(CUP, references=[SUNSET, other], **FULL)
    one, two = (stylise(CUP, references=[style], **FULL) for style in (SUNSET, other))
    yellowness = [mean_lab(graded)[2] for graded in (one, both, two)]
    assert yellowness == sorted(yellowness, reverse=True)


def test_maps_a_palette_exactly_onto_another() -> None:
    """From an ordinary palette the mean is met, and the covariance once drawn to neutral."""
    random = np.random.default_rng(3)
    content = Palette(mean=np.array([60.0, 0, 0]), covariance=np.diag([24.0, 12, 12]) ** 2)
    goal = Palette(mean=np.array([50.0, 8, 20]), covariance=np.diag([20.0, 10, 14]) ** 2)
    sample = random.multivariate_normal(content.mean, content.covariance, 200_000)
    mapped = monge_kantorovich(content, goal)(sample)
    np.testing.assert_allclose(mapped.mean(0), goal.mean, atol=0.2)
    np.testing.assert_allclose(np.cov(mapped.T), goal.towards_neutral().covariance, atol=8)


def test_table_changes_stay_in_gamut() -> None:
    mapping = monge_kantorovich(
        palette_of(coffee().astype(np.float32) / 255),
        palette_of(SUNSET.permute(1, 2, 0).numpy()),
    )
    changes = bake(mapping, GradeParameters(**FULL)).transpose(1, 2, 3, 0)
    axis = np.linspace(0, 1, 33)
    nodes = np.stack(np.meshgrid(axis, axis, axis, indexing="ij")[::-1], -1)
    graded = nodes + changes
    assert graded.min() > -1e-6 and graded.max() < 1 + 1e-6


def test_stops_when_told_to_and_reports() -> None:
    engine = GradeEngine()
    spec = StyleSpec(slug="s", engine="grade", parameters=GradeParameters(), references=(SUNSET,))
    style = engine.prepare(spec)
    with pytest.raises(RenderCancelled):
        engine.stylise(CUP, style, 1.0, RenderContext(cancelled=lambda: True))
    seen: list[tuple[int, int]] = []
    context = RenderContext(report=lambda done, total: seen.append((done, total)))
    engine.stylise(CUP, style, 1.0, context)
    assert seen[-1] == (400, 400)


def test_says_what_a_style_lacks() -> None:
    engine = GradeEngine()
    with pytest.raises(StyleReferenceError, match="“empty”"):
        engine.prepare(StyleSpec(slug="empty", engine="grade", parameters=GradeParameters()))
    with pytest.raises(EngineParameterError, match="GradeParameters"):
        engine.prepare(StyleSpec(slug="s", engine="grade", parameters=OptimiseParameters()))
    with pytest.raises(EngineParameterError, match="chroma"):
        grade(CUP, chroma=3.0)


def test_large_pictures_take_little_time() -> None:
    big = torch.rand(3, 2048, 2048)
    started = time.process_time()
    grade(big)
    # 0.2 s on our machine; CPU time, since wall time is the neighbours'.
    assert time.process_time() - started < 4


def test_the_notebook_face_loads_no_torch_until_it_renders() -> None:
    code = (
        "import sys, shop_style.transfer as t\n"
        "t.engine_entry('grade'), t.engines(), t.StyleSpec, t.stylise\n"
        "sys.exit(', '.join({'torch', 'django', 'cv2'} & set(sys.modules)) or None)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert engine_entry("grade").load().linear_in_strength
