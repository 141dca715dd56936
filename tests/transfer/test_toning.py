"""Colours carried to a style's before strokes, and which ground takes strokes."""

from __future__ import annotations

import pytest
import torch

from shop_style.transfer import stylise
from shop_style.transfer._style_model import load_style_model
from shop_style.transfer._toning import (
    CATALOGUE,
    Canvas,
    canvases,
    pooled_colours,
    style_colours,
    toning,
)
from shop_style.transfer.engine import RenderContext, StyleSpec
from shop_style.transfer.first_look import first_look
from shop_style.transfer.fitting import fit
from shop_style.transfer.network import NetworkEngine
from shop_style.transfer.parameters import NetworkParameters
from shop_style.transfer.statistics import Gallery, Sample
from shop_style.transfer.style_code import StyleCode


def _noise(seed: int, *shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def _reference() -> torch.Tensor:
    return _noise(0, 3, 64, 64) * torch.tensor([0.2, 0.4, 0.5]).view(3, 1, 1)


def _product_on_white() -> torch.Tensor:
    picture = torch.ones(3, 128, 160)
    picture[:, 40:88, 48:112] = 0.2 + 0.3 * _noise(1, 3, 48, 64)
    return picture


def test_a_painted_picture_takes_the_mean_colour_of_the_style():
    picture, reference = _product_on_white()[None], _reference()
    colours = style_colours([reference])
    toned, _ = canvases(picture, colours[None], torch.ones(1))
    assert torch.allclose(toned.mean((2, 3))[0], reference.mean((1, 2)), atol=1e-4)
    assert torch.equal(canvases(picture, colours[None], torch.zeros(1))[0], picture)


def test_kept_ground_is_carried_as_shop_photos_are_and_white_stays_light():
    canvas = Canvas(extra=toning(CATALOGUE, style_colours([_reference()])), strength=1.0)
    levels = torch.tensor([0.0, 0.55, 1.0]).view(1, 1, 1, 3).expand(1, 3, 1, 3)
    made = canvas.toned(levels, canvas.tone(levels))
    black, usual, white = made[0, :, 0].unbind(1)
    assert torch.allclose(usual, _reference().mean((1, 2)), atol=1e-3)
    assert bool((white > usual).all()) and bool((usual > black).all())


def test_colours_are_pooled_over_pictures_alike_and_over_places_that_count():
    dark, light = torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 40, 20)
    mean, covariance = pooled_colours([dark, light], [None, None])
    assert torch.allclose(mean, torch.full((3,), 0.5, dtype=torch.float64))
    assert torch.allclose(covariance, torch.full((3, 3), 0.25, dtype=torch.float64))
    half = torch.zeros(1, 1, 8, 8)
    half[..., :4] = 1
    both = torch.cat([dark[..., :4], light[..., :8, :4]], 3)
    assert pooled_colours([both], [half])[0].abs().max() < 1e-6


@pytest.mark.parametrize(("strength", "share"), [(0.25, 0.4375), (0.5, 0.75), (0.75, 0.9375)])
def test_colours_come_before_strokes_on_the_dial(strength, share):
    picture, colours = _product_on_white()[None], style_colours([_reference()])[None]
    full, _ = canvases(picture, colours, torch.ones(1))
    found, _ = canvases(picture, colours, torch.tensor([strength]))
    assert torch.allclose(found - picture, share * (full - picture), atol=1e-5)


@pytest.mark.parametrize("keep", [False, True])
def test_colours_are_carried_in_float32_under_autocast_too(keep):
    picture, colours = _product_on_white()[None], style_colours([_reference()])[None]
    expected = canvases(picture, colours, torch.ones(1), keep_ground=keep)
    with torch.autocast("cpu", torch.bfloat16):
        found = canvases(picture, colours, torch.ones(1), keep_ground=keep)
    assert torch.equal(found[0], expected[0]) and torch.equal(found[1], expected[1])


@pytest.mark.parametrize("strength", [0.25, 0.5, 0.75, 1.0])
def test_ground_takes_strokes_from_half_strength_on_unless_all_is_ground(strength):
    picture, colours = _product_on_white()[None], style_colours([_reference()])[None]
    _, opened = canvases(picture, colours, torch.tensor([strength]))
    _, kept = canvases(picture, colours, torch.tensor([strength]), keep_ground=True)
    flat = torch.full_like(picture, 0.5)
    _, shut = canvases(flat, colours, torch.tensor([strength]))
    wanted = max(0.0, 2 * strength - 1)
    corner, product = (slice(0, 12), slice(0, 12)), (slice(26, 38), slice(30, 50))
    assert 0.9 * wanted <= float(opened[0, 0][corner].mean()) <= wanted
    assert float(kept[0, 0][corner].max()) == float(shut.max()) == 0
    assert float(kept[0, 0][product].min()) > 0.5


@pytest.mark.parametrize("ground", ["keep", "paint"])
def test_the_ground_of_a_product_on_white_is_kept_or_painted(ground):
    picture = _product_on_white()
    made = stylise(picture, engine="network", style="vangogh-starry-night", ground=ground)
    corner = made[:, :16, :16]
    if ground == "keep":
        assert float(corner.mean()) > 0.6 and float(corner.std((1, 2)).max()) < 1e-3
    else:
        assert float(corner.mean()) < 0.6 and float(corner.std((1, 2)).max()) > 0.01


def test_a_known_mask_keeps_the_ground():
    picture = _product_on_white()
    mask = (picture.mean(0, keepdim=True) < 0.99).float()
    options = {"engine": "network", "style": "vangogh-starry-night"}
    kept = stylise(picture, ground="keep", mask=mask, **options)
    assert torch.equal(stylise(picture, mask=mask, **options), kept)
    painted = stylise(picture, ground="paint", **options)
    assert torch.equal(stylise(picture, **options), painted)
    assert not torch.equal(painted, kept)


def test_a_gallery_keeps_the_ground_and_does_not_mix_up_the_two():
    picture = _product_on_white()
    gallery = Gallery([Sample(image=picture)])
    engine = NetworkEngine(dtype=torch.float32)

    def made(ground: str) -> torch.Tensor:
        parameters = NetworkParameters(style="vangogh-starry-night", ground=ground)
        style = engine.prepare(StyleSpec(slug="a", engine="network", parameters=parameters))
        return engine.stylise(picture, style, 0.8, RenderContext(statistics=gallery))

    kept, painted, auto = made("keep"), made("paint"), made("auto")
    assert torch.equal(auto, kept)
    assert float(painted[:, :16, :16].mean()) < float(kept[:, :16, :16].mean()) - 0.1


def test_a_painted_gallery_is_toned_alike():
    pictures = [_product_on_white(), 0.5 * _product_on_white()]
    gallery = Gallery([Sample(image=picture) for picture in pictures])
    engine = NetworkEngine(dtype=torch.float32)
    parameters = NetworkParameters(style="vangogh-starry-night", ground="paint")
    style = engine.prepare(StyleSpec(slug="a", engine="network", parameters=parameters))
    made, own = (
        [
            engine.stylise(picture, style, 0.5, RenderContext(statistics=given))
            for picture in pictures
        ]
        for given in (gallery, None)
    )
    # Each by itself comes to the style's own light; a gallery keeps its dark picture dark.
    assert abs(float(own[0].mean() - own[1].mean())) < 0.5 * float(made[0].mean() - made[1].mean())


def test_a_first_look_and_a_fit_have_the_references_colours():
    reference = _reference()
    wanted, weights = style_colours([reference]), load_style_model().weights_sha256
    for made in (first_look([reference], slug="a"), fit([reference], slug="a", seconds=2)):
        code = StyleCode.from_bytes(made.artefact, weights)
        assert torch.allclose(code.colours, wanted, atol=1e-3)
