"""The engine `network`: what holds whatever its weights are, and what ours must do."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from shop_style.exceptions import (
    EngineParameterError,
    PictureUnsuitable,
    RenderCancelled,
    StyleReferenceError,
)
from shop_style.transfer import _style_network, _toning
from shop_style.transfer._style_network import RECEPTIVE_RADIUS
from shop_style.transfer.built_in import built_in_styles
from shop_style.transfer.engine import RenderContext, StyleSpec
from shop_style.transfer.fitting import PHOTOS
from shop_style.transfer.network import NetworkEngine, whole_factor
from shop_style.transfer.parameters import NetworkParameters
from shop_style.transfer.statistics import Gallery, Sample

STYLE = "vangogh-starry-night"
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def photo(name: str = "tea") -> torch.Tensor:
    with Image.open(PHOTOS / f"{name}.webp") as opened:
        pixels = np.asarray(opened.convert("RGB"), np.float32) / 255
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def prepared(engine: NetworkEngine, **values: object):
    parameters = NetworkParameters(**({"style": STYLE, "working_side": 0} | values))  # type: ignore[arg-type]
    return engine.prepare(StyleSpec(slug="brand", engine="network", parameters=parameters))


def rendered(image, strength=1.0, *, engine=None, context=None, **values):
    maker = engine or NetworkEngine(dtype=torch.float32)
    return maker.stylise(image, prepared(maker, **values), strength, context or RenderContext())


@pytest.mark.parametrize("device", DEVICES)
def test_strength_0_is_the_input_bit_for_bit_and_1_is_not(device):
    image = photo()
    context = RenderContext(device=device)
    assert torch.equal(rendered(image, 0.0, context=context), image)
    assert torch.equal(rendered(image, torch.zeros(1, *image.shape[1:]), context=context), image)
    assert (rendered(image, 1.0, context=context) - image).abs().mean() > 0.02


def test_output_keeps_shape_range_and_input():
    image = torch.rand(3, 67, 93, generator=torch.Generator().manual_seed(3))
    before = image.clone()
    found = rendered(image, working_side=32)
    assert found.shape == image.shape and found.dtype == torch.float32
    assert float(found.min()) >= 0 and float(found.max()) <= 1
    assert torch.equal(image, before)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("working_side", "ground"), [(0, "paint"), (130, "keep")])
@pytest.mark.parametrize(("height", "width"), [(403, 517), (320, 611)])
def test_tiles_agree_with_the_whole(device, working_side, ground, height, width):
    image = torch.nn.functional.interpolate(photo()[None], size=(height, width))[0]
    whole = NetworkEngine(dtype=torch.float32, untiled_pixels=10**9)
    tiled = NetworkEngine(dtype=torch.float32, untiled_pixels=0, tile_side=64)
    context = RenderContext(device=device, statistics=Gallery([Sample(image=photo("bowls"))]))
    first, second = (
        rendered(image, engine=engine, context=context, working_side=working_side, ground=ground)
        for engine in (whole, tiled)
    )
    assert (first - second).abs().max() <= 1 / 255


def test_tiles_agree_in_bfloat16_too():
    image = torch.nn.functional.interpolate(photo()[None], size=(300, 421))[0]
    context = RenderContext(statistics=Gallery([Sample(image=image)]))
    first, second = (
        rendered(
            image,
            engine=NetworkEngine(dtype=torch.bfloat16, untiled_pixels=pixels, tile_side=64),
            context=context,
        )
        for pixels in (10**9, 0)
    )
    # A kernel chosen for another shape adds up in another order, and a bfloat16 keeps eight bits:
    # one rounding is 1/256 of a value, and eleven layers pass on what differs. Seen: 5/255 at the
    # worst pixel. No seam can come of it: the mean stays far below one step of 8 bits.
    difference = (first - second).abs()
    assert difference.max() <= 10 / 255
    assert difference.mean() <= 0.25 / 255


def test_no_pixel_depends_on_one_farther_away_than_the_radius():
    image = photo("cushion")[:, :256, :256].contiguous()
    context = RenderContext(statistics=Gallery([Sample(image=image)]))
    before = rendered(image, context=context)
    # On the product: what happens beside it stays there, since strokes lie on no flat ground.
    for row, column in itertools.product((150, 155, 181), (150, 157)):
        changed = image.clone()
        changed[:, row, column] = 1 - changed[:, row, column]
        moved = (rendered(changed, context=context) - before).abs().amax(0).nonzero()
        far = (moved - torch.tensor([row, column])).abs().amax()
        # Not a trivial bound: the network does look around.
        assert 20 < far <= RECEPTIVE_RADIUS <= 64


def _opened(image: torch.Tensor) -> torch.Tensor:
    return torch.ones(len(image), 1, image.shape[-2] // 2, image.shape[-1] // 2)


@pytest.mark.parametrize("gated", [True, False], ids=["as it is", "gate open"])
@pytest.mark.parametrize("slug", list(built_in_styles()))
def test_flat_grey_shows_no_checkerboard(slug, gated, monkeypatch):
    if not gated:
        # The gate is shut on flat ground: opened, and without grain, it shows what the
        # convolutions themselves leave.
        monkeypatch.setattr(_toning, "gate", lambda image: _opened(image))
        monkeypatch.setattr(_style_network, "grain", lambda h, w, at: torch.zeros(1, 4, h, w))
    flat = torch.full((3, 96, 96), 0.5)
    found = rendered(flat, style=slug)[:, 16:80, 16:80]
    spectrum = torch.fft.fft2(found - found.mean((1, 2), keepdim=True)).abs() / found[0].numel()
    # Nyquist is bin 32 of 64, half of it bins 16 and 48. A half-step of 8-bit grey is 2e-3.
    for place in (16, 32, 48):
        assert float(spectrum[:, place, :].max()) < 1e-3
        assert float(spectrum[:, :, place].max()) < 1e-3


def test_a_map_of_strengths_is_each_strength_in_its_region():
    image = photo()
    context = RenderContext(statistics=Gallery([Sample(image=image)]))
    regions = torch.zeros(1, *image.shape[1:])
    regions[:, 100:, :] = 0.5
    regions[:, 200:, :] = 1.0
    found = rendered(image, regions, context=context)
    for rows, strength in ((slice(0, 100), 0.0), (slice(100, 200), 0.5), (slice(200, None), 1.0)):
        alone = rendered(image, strength, context=context)
        assert torch.allclose(found[:, rows], alone[:, rows], atol=1e-6)


def test_product_and_background_take_their_own_share():
    image = photo()
    mask = torch.zeros(1, *image.shape[1:])
    mask[:, 80:240, 80:240] = 1.0
    context = RenderContext(mask=mask, statistics=Gallery([Sample(image=image)]))
    found = rendered(image, 1.0, context=context, product_share=0.0)
    assert torch.equal(found[:, 80:240, 80:240], image[:, 80:240, 80:240])
    assert not torch.equal(found[:, :80], image[:, :80])


def test_without_chroma_gain_the_colours_stay():
    image = photo("cushion") * 0.6 + 0.2
    found = rendered(image, 0.3, chroma_gain=0.0)
    change = found - image
    inside = ((found > 0) & (found < 1)).all(0)
    # One step of luma moves R, G and B alike.
    assert (change.amax(0) - change.amin(0))[inside].max() < 1e-5
    assert change.abs().mean() > 0.005


def test_two_styles_mix_and_a_share_of_0_is_the_first():
    image = photo()
    other = "hokusai-great-wave"
    first, second = rendered(image), rendered(image, style=other)
    half = rendered(image, second_style=other, second_share=0.5)
    assert torch.equal(rendered(image, second_style=other, second_share=0.0), first)
    assert torch.allclose(rendered(image, second_style=other, second_share=1.0), second, atol=1e-5)
    apart = (first - second).abs().mean()
    assert (half - first).abs().mean() < apart and (half - second).abs().mean() < apart


def _framed(product: torch.Tensor, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The product in the middle of a white square of this side, and its place."""
    height, width = product.shape[1:]
    canvas, mask = torch.ones(3, side, side), torch.zeros(side, side, dtype=torch.bool)
    rows = slice((side - height) // 2, (side + height) // 2)
    columns = slice((side - width) // 2, (side + width) // 2)
    canvas[:, rows, columns] = product
    mask[rows, columns] = True
    return canvas, mask


@pytest.mark.parametrize("ground", ["keep", "paint"])
def test_a_gallery_keeps_one_look_over_three_framings(ground):
    cushion = photo("cushion")[:, 60:260, 60:260]
    framings = [_framed(cushion, side) for side in (208, 288, 448)]
    gallery = Gallery([Sample(image=picture) for picture, _ in framings])
    drifts: dict[str, list[float]] = {"each": [], "gallery": []}
    for slug in built_in_styles():
        for kind, statistics in (("each", None), ("gallery", gallery)):
            colours = []
            for picture, place in framings:
                context = RenderContext(statistics=statistics)
                found = rendered(picture, context=context, style=slug, ground=ground)
                lab = rgb2lab(found.permute(1, 2, 0).numpy())
                colours.append(lab[place.numpy()].mean(0))
            pairs = itertools.combinations(colours, 2)
            drifts[kind].append(float(np.mean([deltaE_ciede2000(a, b) for a, b in pairs])))
    each, together = np.mean(drifts["each"]), np.mean(drifts["gallery"])
    print(f"drift in ΔE00, {ground}: each by itself {each:.2f}, as a gallery {together:.2f}")
    assert together <= 0.5 * each


def test_the_whole_factor_is_the_nearest_to_the_working_side():
    assert whole_factor(1024, 2000, 512) == 2
    assert whole_factor(700, 700, 512) == 1
    assert whole_factor(300, 300, 512) == 1
    assert whole_factor(4096, 4096, 512) == 8
    assert whole_factor(4096, 4096, 0) == 1


def test_an_unfitted_style_says_what_to_do():
    with pytest.raises(StyleReferenceError, match="fit_style brand"):
        prepared(NetworkEngine(), style="")


def test_an_unknown_built_in_style_lists_those_there_are():
    with pytest.raises(EngineParameterError, match=STYLE):
        NetworkParameters.from_mapping({"style": "nonsuch"}, style="brand")


def test_a_picture_of_a_few_pixels_is_refused():
    with pytest.raises(PictureUnsuitable, match="at least 16"):
        rendered(torch.rand(3, 10, 40))


def test_a_cancelled_render_stops():
    with pytest.raises(RenderCancelled):
        rendered(photo(), context=RenderContext(cancelled=lambda: True))
